import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { at, Category, DetectionMethod, Reporter, type Receipt, type ReporterOptions } from '@lachan/sdk';
import { Outcome, ReceiptStatus, Rule } from '@lachan/proto/report-service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accepted,
  ScriptedGateway,
  type ReceivedBatch,
  type Script,
  type WireReceipt,
} from '../support/scripted-gateway.js';

/** Nobody listens here: the port was taken and given back. */
async function deadEndpoint(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

const numbered = (reportId: string) => ({
  reportId,
  category: Category.CSAM,
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: at(1_790_000_000_000),
  detectionMethod: DetectionMethod.HASH_EXACT,
});
const sequence = (count: number): string[] => Array.from({ length: count }, (_, i) => `r-${i}`);
const statuses = (receipts: readonly Receipt[]): string[] => [...new Set(receipts.map((r) => r.status))];

describe('a Reporter', () => {
  const closing: (() => unknown)[] = [];
  const faults: unknown[] = [];
  const onFault = (fault: unknown): void => void faults.push(fault);

  async function gatewayThat(script: Script = {}, port = 0): Promise<ScriptedGateway> {
    const gateway = await ScriptedGateway.start(script, port);
    closing.push(() => gateway.kill());
    return gateway;
  }

  /** Short delays; everything else as a platform gets it. */
  function reporterTo(endpoint: string, options: Partial<ReporterOptions> = {}): Reporter {
    const retry = { initialMs: 10, maxMs: 50 };
    const reporter = new Reporter({ endpoint, token: 'test-token', lingerMs: 5, retry, ...options });
    closing.push(() => reporter.close({ deadlineMs: 0 }));
    return reporter;
  }

  const sendAll = (reporter: Reporter, ids: readonly string[]): Promise<Receipt[]> =>
    Promise.all(ids.map((id) => reporter.report(numbered(id))));

  beforeEach(() => {
    process.on('unhandledRejection', onFault);
    process.on('uncaughtException', onFault);
  });

  // Whatever a test does to the gateway, the host of the Reporter must never see a fault.
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    process.off('unhandledRejection', onFault);
    process.off('uncaughtException', onFault);
    expect(faults.splice(0)).toEqual([]);
  });

  it('gives every report its own receipt when batches are answered in any order', async () => {
    const held: ReceivedBatch[] = [];
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        held.push(batch);
        if (held.length < 4) return;
        for (const late of held.splice(0).reverse()) late.stream.accept(late);
      },
    });
    const receipts = await sendAll(reporterTo(gateway.endpoint, { maxBatchReports: 5 }), sequence(20));
    expect(receipts).toEqual(
      sequence(20).map((reportId) => ({
        status: 'ACCEPTED',
        reportId,
        authorityReportId: `authority-${reportId}`,
        receivedAt: new Date(1_790_000_000_000),
        missingFields: [],
      })),
    );
    expect(gateway.streams[0]?.authorization).toBe('Bearer test-token');
  });

  it('tells why a report was refused, beside those that were accepted', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        const refusal = { status: ReceiptStatus.REJECTED, authorityReportId: '' };
        const violations = [{ field: 'category', rule: Rule.REQUIRED, message: 'must be given' }];
        const receipts = batch.reports.map((report, i): WireReceipt =>
          report.reportId === 'r-1'
            ? { ...accepted(report, i), ...refusal, violations }
            : accepted(report, i),
        );
        batch.stream.answer(batch, receipts);
      },
    });
    const receipts = await sendAll(reporterTo(gateway.endpoint), sequence(3));
    expect(receipts.map((r) => r.status)).toEqual(['ACCEPTED', 'REJECTED', 'ACCEPTED']);
    expect(receipts[1]).toEqual({
      status: 'REJECTED',
      reportId: 'r-1',
      authorityReportId: '',
      violations: [{ field: 'category', rule: 'REQUIRED', message: 'must be given', retryable: false }],
    });
  });

  it('refuses what cannot be encoded by itself, and sends the others', async () => {
    const gateway = await gatewayThat();
    const reporter = reporterTo(gateway.endpoint);
    const untyped: object = { ...numbered('r-bad'), category: 'CATEGORY_CSAM' };
    const receipts = await Promise.all([reporter.report(untyped), reporter.report(numbered('r-good'))]);
    expect(receipts).toMatchObject([
      { status: 'REJECTED', reportId: 'r-bad', violations: [{ field: 'category', rule: 'MALFORMED' }] },
      { status: 'ACCEPTED', reportId: 'r-good' },
    ]);
    expect(reporter.stats()).toEqual({
      buffered: 0,
      inFlight: 0,
      accepted: 1,
      rejected: 1,
      unsent: 0,
      retries: 0,
    });
  });

  it('never has more reports unanswered than the gateway gives credit for', async () => {
    let most = 0;
    const gateway = await gatewayThat({
      credit: 7,
      onBatch: (batch) => {
        most = Math.max(most, batch.stream.unanswered);
        // Slow enough for a sender without restraint to run far ahead.
        setTimeout(() => batch.stream.accept(batch), 5);
      },
    });
    const receipts = await sendAll(reporterTo(gateway.endpoint, { maxBatchReports: 3 }), sequence(100));
    expect(statuses(receipts)).toEqual(['ACCEPTED']);
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(7);
  });

  it('never has more batches unanswered than it was told', async () => {
    let most = 0;
    const held: ReceivedBatch[] = [];
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        most = Math.max(most, held.push(batch));
        setTimeout(() => {
          held.splice(held.indexOf(batch), 1);
          batch.stream.accept(batch);
        }, 5);
      },
    });
    const reporter = reporterTo(gateway.endpoint, { maxBatchReports: 1, maxInFlightBatches: 3 });
    expect(statuses(await sendAll(reporter, sequence(30)))).toEqual(['ACCEPTED']);
    expect(most).toBe(3);
  });

  it('waits where the connection takes no more, and loses nothing of it', async () => {
    const gateway = await gatewayThat();
    const reporter = reporterTo(gateway.endpoint, { maxBatchReports: 10, maxInFlightBatches: 500 });
    const long = (id: string) => ({ ...numbered(id), additionalInfo: 'x'.repeat(3_000) });
    const receipts = await Promise.all(sequence(4_000).map((id) => reporter.report(long(id))));
    expect(statuses(receipts)).toEqual(['ACCEPTED']);
    expect(gateway.reports.map((report) => report.reportId)).toEqual(sequence(4_000));
  });

  it('stops while it has no credit, and goes on with the next', async () => {
    const gateway = await gatewayThat({ credit: 0 });
    const reporter = reporterTo(gateway.endpoint, { lingerMs: 0 });
    const receipt = reporter.report(numbered('r-1'));
    await gateway.until(({ streams }) => streams.length === 1);
    gateway.streams[0]?.send({ credit: 0 });
    await reporter.lookup('r-1');
    expect(gateway.batches).toEqual([]);
    gateway.streams[0]?.send({ credit: 1 });
    expect(await receipt).toMatchObject({ status: 'ACCEPTED' });
  });

  it('sends a throttled batch again after the delay it was told', async () => {
    let throttled = false;
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        if (throttled) batch.stream.accept(batch);
        else batch.stream.throttle(batch, 200);
        throttled = true;
      },
    });
    const reporter = reporterTo(gateway.endpoint);
    expect(statuses(await sendAll(reporter, sequence(3)))).toEqual(['ACCEPTED']);
    const [first, second] = gateway.batches;
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(200);
    expect(second!.reports).toEqual(first!.reports);
    expect(reporter.stats().retries).toBe(3);
  });

  it('comes back after the delay that a failed stream carries in RetryInfo', async () => {
    const openedMs: number[] = [];
    const gateway = await gatewayThat({
      onStream: (stream) => {
        openedMs.push(performance.now());
        if (openedMs.length === 1) stream.fail(status.RESOURCE_EXHAUSTED, 'full', 200);
        else stream.send({});
      },
    });
    expect(await reporterTo(gateway.endpoint).report(numbered('r-1'))).toMatchObject({ status: 'ACCEPTED' });
    expect(openedMs[1]! - openedMs[0]!).toBeGreaterThanOrEqual(200);
  });

  it('sends everything unanswered again, in order, when the gateway ends the stream', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        const [first] = gateway.streams;
        if (batch.stream !== first) batch.stream.accept(batch);
        else if (batch.sequence === 2n) batch.stream.accept(batch);
        else if (batch.sequence === 3n) batch.stream.end();
      },
    });
    const receipts = await sendAll(reporterTo(gateway.endpoint, { maxBatchReports: 5 }), sequence(15));
    expect(statuses(receipts)).toEqual(['ACCEPTED']);
    const again = gateway.batches.filter((batch) => batch.stream === gateway.streams[1]);
    expect(again.flatMap((batch) => batch.reports).map((report) => report.reportId)).toEqual([
      ...sequence(5),
      ...sequence(15).slice(10),
    ]);
  });

  it('loses nothing when the gateway is killed and comes back', async () => {
    const first = await gatewayThat({
      credit: 100_000,
      onBatch: (batch) => {
        if (batch.sequence % 2n === 0n) batch.stream.accept(batch);
      },
    });
    const reporter = reporterTo(first.endpoint, { maxBatchReports: 50 });
    const receipts = sendAll(reporter, sequence(2_000));
    await first.until(({ batches }) => batches.length >= 9);
    first.kill();
    const second = await gatewayThat({}, first.port);
    const found = await receipts;
    expect(statuses(found)).toEqual(['ACCEPTED']);
    expect(found.map((receipt) => receipt.reportId)).toEqual(sequence(2_000));
    const arrived = [...first.reports, ...second.reports].map((report) => report.reportId);
    expect(new Set(arrived).size).toBe(2_000);
  });

  it('leaves a connection that silently went dead for a fresh one', async () => {
    const gateway = await gatewayThat();
    const dead = new Set<Socket>();
    let connections = 0;
    const proxy = createServer((near) => {
      const far = connect(gateway.port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      const isDead = ++connections === 1;
      if (isDead) dead.add(near).add(far);
      near.on('data', (bytes: Buffer) => far.write(bytes));
      // The first connection carries nothing back once the stream is open.
      far.on('data', (bytes: Buffer) => (isDead && gateway.batches.length > 0) || near.write(bytes));
      near.on('close', () => far.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    closing.push(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const reporter = reporterTo(`127.0.0.1:${port}`, { answerTimeoutMs: 150 });
    expect(statuses(await sendAll(reporter, sequence(5)))).toEqual(['ACCEPTED']);
    expect(connections).toBe(2);
    for (const socket of dead) socket.destroy();
  });

  it('opens a new stream when a batch stays unanswered while later ones are answered', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        if (batch.stream !== gateway.streams[0] || batch.sequence !== 1n) batch.stream.accept(batch);
      },
    });
    const reporter = reporterTo(gateway.endpoint, { maxBatchReports: 1, answerTimeoutMs: 150 });
    let first: Receipt | undefined;
    const waiting = reporter.report(numbered('r-first')).then((receipt) => (first = receipt));
    for (let i = 0; first === undefined; i++) await reporter.report(numbered(`r-${i}`));
    expect(await waiting).toMatchObject({ status: 'ACCEPTED', reportId: 'r-first' });
    expect(gateway.streams).toHaveLength(2);
  });

  it('takes answers to nothing, and second answers, for nothing', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        batch.stream.send({ batchSequence: 77n, receipts: batch.reports.map(accepted) });
        batch.stream.accept(batch);
        const changed = batch.reports.map((report, i) => ({
          ...accepted(report, i),
          authorityReportId: 'other',
        }));
        batch.stream.send({ batchSequence: batch.sequence, receipts: changed });
      },
    });
    const reporter = reporterTo(gateway.endpoint);
    const receipts = [...(await sendAll(reporter, ['r-1'])), ...(await sendAll(reporter, ['r-2']))];
    expect(receipts).toMatchObject([
      { authorityReportId: 'authority-r-1' },
      { authorityReportId: 'authority-r-2' },
    ]);
    expect(reporter.stats().accepted).toBe(2);
  });

  it.each<[string, (batch: ReceivedBatch) => void]>([
    ['bytes that are no message', ({ stream }) => stream.sendBytes(new Uint8Array([0xff, 0xff]))],
    ['too few receipts', (batch) => batch.stream.answer(batch, [])],
    [
      'too many receipts',
      (b) =>
        b.stream.answer(
          b,
          [0, 1].flatMap((i) => b.reports.map((r) => accepted(r, i))),
        ),
    ],
    [
      'receipts in the wrong order',
      (b) =>
        b.stream.answer(
          b,
          b.reports.map((r) => accepted(r, 1)),
        ),
    ],
    [
      'a receipt without a verdict',
      (b) =>
        b.stream.answer(
          b,
          b.reports.map((r, i) => ({ ...accepted(r, i), status: ReceiptStatus.UNSPECIFIED })),
        ),
    ],
  ])('does not believe a gateway that answers with %s, and asks again', async (_, answer) => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        if (batch.stream === gateway.streams[0]) answer(batch);
        else batch.stream.accept(batch);
      },
    });
    expect(await reporterTo(gateway.endpoint).report(numbered('r-1'))).toMatchObject({ status: 'ACCEPTED' });
    expect(gateway.streams).toHaveLength(2);
  });

  it('does not repeat a batch that was refused as a whole', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) =>
        batch.stream.answer(batch, [], {
          violations: [{ field: 'reports', rule: Rule.TOO_MANY, message: 'too many' }],
        }),
    });
    const receipts = await sendAll(reporterTo(gateway.endpoint), sequence(2));
    expect(receipts).toMatchObject([
      { status: 'UNSENT', reason: 'REFUSED', message: 'reports TOO_MANY: too many' },
      { status: 'UNSENT', reason: 'REFUSED' },
    ]);
    expect(gateway.batches).toHaveLength(1);
  });

  it('tells that its credential is refused, and tries again with the next report', async () => {
    let valid = false;
    const gateway = await gatewayThat({
      onStream: (stream) => (valid ? stream.send({}) : stream.fail(status.UNAUTHENTICATED, 'unknown token')),
    });
    const reporter = reporterTo(gateway.endpoint);
    expect(await sendAll(reporter, sequence(2))).toMatchObject([
      { status: 'UNSENT', reason: 'REFUSED', message: 'UNAUTHENTICATED: unknown token' },
      { status: 'UNSENT', reason: 'REFUSED' },
    ]);
    valid = true;
    expect(await reporter.report(numbered('r-1'))).toMatchObject({ status: 'ACCEPTED' });
  });

  it('answers at once when its buffer is full, and tells when there is room', async () => {
    const gateway = await gatewayThat({ onBatch: () => undefined });
    const reporter = reporterTo(gateway.endpoint, { maxBufferedReports: 3 });
    const taken = sendAll(reporter, sequence(3));
    expect(await reporter.report(numbered('r-over'))).toMatchObject({
      status: 'UNSENT',
      reason: 'BUFFER_FULL',
      reportId: 'r-over',
    });
    let hasRoom = false;
    const ready = reporter.ready().then(() => (hasRoom = true));
    await gateway.until(({ reports }) => reports.length === 3);
    expect(hasRoom).toBe(false);
    for (const batch of gateway.batches) batch.stream.accept(batch);
    expect(statuses(await taken)).toEqual(['ACCEPTED']);
    await ready;
    await reporter.ready();
  });

  it('lets a bulk of any size through a small buffer for a sender that waits until it is ready', async () => {
    const gateway = await gatewayThat();
    const reporter = reporterTo(gateway.endpoint, { maxBufferedReports: 20, maxBatchReports: 10 });
    const receipts: Promise<Receipt>[] = [];
    for (const id of sequence(500)) {
      await reporter.ready();
      receipts.push(reporter.report(numbered(id)));
    }
    expect(statuses(await Promise.all(receipts))).toEqual(['ACCEPTED']);
    expect(gateway.reports.map((report) => report.reportId)).toEqual(sequence(500));
  });

  it('gives up at the deadline on a gateway that takes reports and never answers', async () => {
    const gateway = await gatewayThat({ onBatch: () => undefined });
    const reporter = reporterTo(gateway.endpoint, { deadlineMs: 200 });
    const started = performance.now();
    const receipts = await sendAll(reporter, sequence(3));
    expect(performance.now() - started).toBeGreaterThanOrEqual(199);
    expect(statuses(receipts)).toEqual(['UNSENT']);
    expect(receipts[0]).toMatchObject({ reason: 'DEADLINE', reportId: 'r-0' });
    expect(gateway.reports).toHaveLength(3);
    expect(reporter.stats()).toMatchObject({ buffered: 0, unsent: 3 });
  });

  it('gives up at the deadline on a gateway that never opens the stream, and says what it last heard', async () => {
    const gateway = await gatewayThat({ onStream: () => undefined });
    const reporter = reporterTo(gateway.endpoint, { deadlineMs: 300, answerTimeoutMs: 50 });
    const receipt = await reporter.report(numbered('r-1'));
    expect(receipt).toMatchObject({ status: 'UNSENT', reason: 'DEADLINE' });
    expect(receipt.status === 'UNSENT' && receipt.message).toContain('no answer within 50 ms');
    expect(gateway.streams.length).toBeGreaterThan(1);
  });

  it('does not hold the caller while the gateway is gone', async () => {
    const reporter = reporterTo(await deadEndpoint(), { deadlineMs: 5_000 });
    const waiting: Promise<Receipt>[] = [];
    const started = performance.now();
    for (const id of sequence(5_000)) waiting.push(reporter.report(numbered(id)));
    // All of them return before the first has even been given up.
    expect(performance.now() - started).toBeLessThan(5_000);
    const receipts = await Promise.all(waiting);
    expect(statuses(receipts)).toEqual(['UNSENT']);
    expect(receipts[0]).toMatchObject({ reason: 'DEADLINE' });
    expect(receipts[0]?.status === 'UNSENT' && receipts[0].message).toContain('UNAVAILABLE');
  });

  it('delivers what is left when it closes, and takes nothing more', async () => {
    const gateway = await gatewayThat();
    const reporter = reporterTo(gateway.endpoint, { lingerMs: 60_000 });
    const receipts = sendAll(reporter, sequence(10));
    await Promise.all([reporter.close(), reporter.close()]);
    expect(statuses(await receipts)).toEqual(['ACCEPTED']);
    expect(await reporter.report(numbered('r-late'))).toMatchObject({ status: 'UNSENT', reason: 'CLOSED' });
    await reporter.ready();
    await expect(reporter.lookup('r-0')).rejects.toMatchObject({ name: 'LachanError' });
  });

  it('stops waiting for the rest when the time for closing is over', async () => {
    const gateway = await gatewayThat({ onBatch: () => undefined });
    const reporter = reporterTo(gateway.endpoint, { maxBufferedReports: 2 });
    const receipts = sendAll(reporter, sequence(2));
    const ready = reporter.ready();
    await gateway.until(({ reports }) => reports.length === 2);
    await reporter.close({ deadlineMs: 50 });
    await ready;
    expect(await receipts).toMatchObject([
      { status: 'UNSENT', reason: 'CLOSED' },
      { status: 'UNSENT', reason: 'CLOSED' },
    ]);
  });

  it('closes at the end of its block', async () => {
    const gateway = await gatewayThat();
    const reporter = reporterTo(gateway.endpoint);
    const receipt = reporter.report(numbered('r-1'));
    await reporter[Symbol.asyncDispose]();
    expect(await receipt).toMatchObject({ status: 'ACCEPTED' });
  });

  it('looks up what became of a report', async () => {
    const gateway = await gatewayThat({
      onLookup: (reportId) => {
        if (reportId === 'r-secret') return { code: status.PERMISSION_DENIED };
        if (reportId !== 'r-1') return { code: status.NOT_FOUND };
        const outcomes = [
          { revision: 0, outcome: Outcome.LANDED, receivedAt: { seconds: 1_790_000_000n } },
          { revision: 1, outcome: Outcome.CONFLICT, conflictFields: ['category'] },
        ];
        return { reportId, authorityReportId: 'a-1', outcomes, total: 2n };
      },
    });
    const reporter = reporterTo(gateway.endpoint);
    expect(await reporter.lookup('r-1')).toEqual({
      authorityReportId: 'a-1',
      outcomes: [
        {
          revision: 0,
          outcome: 'LANDED',
          receivedAt: new Date(1_790_000_000_000),
          conflictFields: [],
          reason: '',
        },
        { revision: 1, outcome: 'CONFLICT', receivedAt: undefined, conflictFields: ['category'], reason: '' },
      ],
      total: 2,
    });
    expect(await reporter.lookup('r-2')).toBeUndefined();
    await expect(reporter.lookup('r-secret')).rejects.toMatchObject({
      name: 'LachanError',
      code: 'PERMISSION_DENIED',
    });
  });

  /** Runs a script with the SDK in a process of its own; resolves with what it prints when it ends by itself. */
  async function run(script: string): Promise<string> {
    const args = ['--conditions=lachan-source', '--import', 'tsx', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { cwd: fileURLToPath(new URL('../..', import.meta.url)) });
    closing.push(() => child.kill());
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => printed.push(bytes));
    await once(child, 'close', { signal: AbortSignal.timeout(20_000) });
    return `${child.exitCode}: ${Buffer.concat(printed).toString()}`;
  }

  it.each([
    ['after its last receipt', true],
    ['while the gateway is gone, once the deadline has passed', false],
  ])('lets its process end by itself %s', async (_, isThere) => {
    const endpoint = isThere ? (await gatewayThat()).endpoint : await deadEndpoint();
    const printed = await run(`
      import { Reporter } from '@lachan/sdk';
      const reporter = new Reporter({ endpoint: '${endpoint}', token: 't', deadlineMs: ${isThere ? 30_000 : 500} });
      const { status } = await reporter.report({ reportId: 'r-1' });
      process.stdout.write(status);`);
    expect(printed).toBe(isThere ? '0: ACCEPTED' : '0: UNSENT');
  });

  it('reads the answers that came while its host was busy before it gives up on them', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => setTimeout(() => batch.stream.accept(batch), 100),
    });
    const printed = await run(`
      import { Reporter } from '@lachan/sdk';
      const options = { endpoint: '${gateway.endpoint}', token: 't', deadlineMs: 500, answerTimeoutMs: 500 };
      const reporter = new Reporter(options);
      const receipt = reporter.report({ reportId: 'r-1' });
      while (reporter.stats().inFlight === 0) await new Promise(setImmediate);
      await new Promise(setImmediate);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      process.stdout.write((await receipt).status);
      await reporter.close();`);
    expect(printed).toBe('0: ACCEPTED');
    expect(gateway.streams).toHaveLength(1);
  });
});
