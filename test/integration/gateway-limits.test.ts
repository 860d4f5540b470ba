import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest, tokenOf } from '../support/gateway-under-test.js';
import { until } from '../support/lachan-process.js';
import { frame, RawCaller } from '../support/raw-http2.js';
import { streamBytes, submitBytes } from '../support/receiving.js';
import { good, reportOf, times } from '../support/reports.js';

const MIB = 1_048_576;
const SUBMIT = '/lachan.v1.ReportService/SubmitReports';
const numbered = (reportId: string) => reportOf({ ...good, reportId });
/** gRPC's numbers of statuses. */
const RESOURCE_EXHAUSTED = 8;

let gateway: GatewayUnderTest | undefined;
const closing: (() => void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await gateway?.stop();
  expect(gateway?.faults).toEqual([]);
});

async function start(limits: Parameters<typeof GatewayUnderTest.start>[0] = {}): Promise<GatewayUnderTest> {
  gateway = await GatewayUnderTest.start(limits);
  return gateway;
}
async function connect(
  { server }: GatewayUnderTest,
  settings: Parameters<typeof RawCaller.connect>[1] = {},
): Promise<RawCaller> {
  const caller = await RawCaller.connect(server.address, settings);
  closing.push(() => caller.close());
  return caller;
}

describe('a connection', () => {
  it('may have 4 MiB on the way, on each stream and in all', async () => {
    const { session } = await connect(await start());
    expect(session.remoteSettings.initialWindowSize).toBe(4 * MIB);
    const window = await until('the window of the connection', () =>
      (session.state.remoteWindowSize ?? 0) > 65_535 ? session.state.remoteWindowSize : undefined,
    );
    expect(window).toBe(4 * MIB);
  });

  it('has no more streams than are allowed', async () => {
    const { session } = await connect(await start({ maxStreamsPerConnection: 7 }));
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
  });

  it('is refused where there are too many, and the others go on', async () => {
    const running = await start({ maxConnections: 2 });
    const first = running.client('a');
    await first.submit([numbered('r-1')]);
    await connect(running);
    const third = await running.client('b').submitBytes(submitBytes([numbered('r-2')]));
    expect(third).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
    await first.submit([numbered('r-3')]);
    expect((await running.records()).map(({ reportId }) => reportId)).toEqual(['r-1', 'r-3']);
  });
});

describe('streams of reports', () => {
  it('are refused where too many are open, and taken again when one has ended', async () => {
    const running = await start({ maxReportStreams: 2 });
    const client = running.client('a');
    const [first, second] = [client.stream(), running.client('b').stream()];
    await Promise.all([first.message(0), second.message(0)]);
    expect(await client.stream().ended()).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      rich: { reason: 'TOO_MANY_STREAMS', retryAfterMs: 1_000 },
    });
    first.finish();
    expect(await first.ended()).toMatchObject({ code: 'OK' });
    const third = client.stream();
    third.send(1, [numbered('r')]);
    expect(await third.answer(1)).toMatchObject({ receipts: [{ reportId: 'r' }] });
    expect(running.server.streams()).toBe(2);
  });

  it('of one provider leave some to the others, and are taken again when one has ended', async () => {
    const running = await start({ maxReportStreams: 10, maxReportStreamsPerCaller: 2 });
    const greedy = running.client('a');
    const streams = [greedy.stream(), running.client('a').stream()];
    await Promise.all(streams.map((stream) => stream.message(0)));
    expect(await greedy.stream().ended()).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      rich: { reason: 'TOO_MANY_STREAMS', retryAfterMs: 1_000 },
    });
    const other = running.client('b').stream();
    other.send(1, [numbered('r-other')]);
    expect(await other.answer(1)).toMatchObject({ receipts: [{ reportId: 'r-other' }] });
    streams[0]?.finish();
    expect(await streams[0]?.ended()).toMatchObject({ code: 'OK' });
    const again = greedy.stream();
    again.send(1, [numbered('r-again')]);
    expect(await again.answer(1)).toMatchObject({ receipts: [{ reportId: 'r-again' }] });
  });

  it('are read only as far as their batches are being worked on', async () => {
    const running = await start({ maxBatchesInFlightPerStream: 4 });
    running.hold();
    const client = running.client('a');
    const stream = client.stream();
    for (let n = 1; n <= 40; n += 1) stream.send(n, [numbered(`r-${n}`)]);
    await until('4 batches at the log', () => (running.heldBatches === 4 ? true : undefined));
    // A round trip on the same connection: what was sent before has come in.
    for (let i = 0; i < 3; i += 1) await client.submitBytes(new Uint8Array());
    expect(running.heldBatches).toBe(4);
    running.letGo();
    await Promise.all(times(40, 0).map((_, n) => stream.answer(n + 1)));
    expect(await running.records()).toHaveLength(40);
  });
});

describe('calls whose answers nobody reads', () => {
  it('are told to wait when they are too many; other providers are not, nor is it for ever', async () => {
    const running = await start({ maxUnreadBytesPerCaller: 100_000 });
    const reading = running.client('a');
    const deaf = await connect(running, { initialWindowSize: 0 });
    const headers = { authorization: `Bearer ${tokenOf('a')}` };
    for (let call = 0; call < 3; call += 1) {
      const reports = times(500, 0).map((_, n) => numbered(`r-${call}-${n}`));
      deaf.begin(SUBMIT, frame(submitBytes(reports)), true, headers);
    }
    const refused = await until('a call to be told to wait', async () => {
      const answer = await reading.submitBytes(submitBytes([numbered('r')]));
      return answer.ok ? undefined : answer;
    });
    expect(refused).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      rich: { reason: 'WAIT', retryAfterMs: 1_000 },
    });
    expect(await running.client('b').submitBytes(submitBytes([numbered('r-b')]))).toMatchObject({ ok: true });
    deaf.close();
    await until('the answers to be forgotten', async () => {
      const answer = await reading.submitBytes(submitBytes([numbered('r')]));
      return answer.ok ? true : undefined;
    });
  });

  it('are forgotten with their call: given up before the answer, or streams that have ended', async () => {
    const running = await start({ maxUnreadBytesPerCaller: 20_000 });
    const headers = { authorization: `Bearer ${tokenOf('a')}` };
    const reports = times(500, 0).map((_, n) => numbered(`r-${n}`));
    running.hold();
    const impatient = await connect(running);
    const call = impatient.begin(SUBMIT, frame(submitBytes(reports)), true, headers);
    await until('the batch at the log', () => (running.heldBatches === 1 ? true : undefined));
    call.stream.close();
    impatient.close();
    const deaf = await connect(running, { initialWindowSize: 0 });
    for (let n = 1; n <= 2; n += 1) {
      const stream = deaf.begin(
        '/lachan.v1.ReportService/StreamReports',
        frame(streamBytes(1, reports)),
        false,
        headers,
      );
      stream.stream.write(frame(streamBytes(2, reports)));
    }
    await until('all batches at the log', () => (running.heldBatches === 5 ? true : undefined));
    running.letGo();
    await until('the batches in the log', async () =>
      (await running.records()).length === 2_500 ? true : undefined,
    );
    deaf.close();
    await until('the streams to be gone', () => (running.server.streams() === 0 ? true : undefined));
    const client = running.client('a');
    await until(
      'a call to be taken',
      async () => {
        const answer = await client.submitBytes(submitBytes([numbered('r')]));
        return answer.ok ? true : undefined;
      },
      10_000,
    );
  });

  it('cost nothing where they are read', async () => {
    const running = await start({ maxUnreadBytesPerCaller: 10_000 });
    const client = running.client('a');
    for (let call = 0; call < 20; call += 1) {
      const reports = times(100, 0).map((_, n) => numbered(`r-${call}-${n}`));
      expect(await client.submitBytes(submitBytes(reports))).toMatchObject({ ok: true });
    }
  });
});

describe('a message', () => {
  /** Good in form, and as long as is wanted. */
  const messageOf = (bytes: number): Uint8Array => {
    const whole = submitBytes([numbered('r')]);
    const padding = Buffer.alloc(bytes - whole.length);
    // An unknown field as long as what is left: tag (3 bytes), length (4 bytes).
    padding.set([0xaa, 0xf7, 0x01]);
    const length = padding.length - 7;
    padding.set(
      [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, ((length >> 14) & 0x7f) | 0x80, length >> 21],
      3,
    );
    return Buffer.concat([whole, padding]);
  };

  it('is read when it is as large as allowed, and refused when it is larger', async () => {
    const client = (await start()).client('a');
    expect(await client.submitBytes(messageOf(4 * MIB))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      rich: { violations: ['#3957 UNKNOWN_FIELD'] },
    });
    expect(await client.submitBytes(messageOf(4 * MIB + 1))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('that is too large ends its own stream, and no other of the connection', async () => {
    const running = await start();
    const client = running.client('a');
    const [bad, bystander] = [client.stream(), client.stream()];
    bystander.send(1, [numbered('r-1')]);
    await bystander.answer(1);
    bad.sendBytes(Buffer.alloc(5 * MIB));
    expect(await bad.ended()).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    bystander.send(2, [numbered('r-2')]);
    expect(await bystander.answer(2)).toMatchObject({ receipts: [{ reportId: 'r-2' }] });
    await client.submit([numbered('r-3')]);
    expect(running.server.streams()).toBe(1);
  });

  it('is no larger for being compressed', async () => {
    const running = await start();
    const caller = await connect(running);
    const headers = { authorization: `Bearer ${tokenOf('a')}`, 'grpc-encoding': 'gzip' };
    const bomb = frame(gzipSync(Buffer.alloc(64 * MIB)), { flag: 1 });
    const submit = '/lachan.v1.ReportService/SubmitReports';
    const stream = '/lachan.v1.ReportService/StreamReports';
    expect(await caller.begin(submit, bomb, true, headers).answered()).toMatchObject({
      grpcStatus: RESOURCE_EXHAUSTED,
    });
    expect(await caller.begin(stream, bomb, false, headers).answered()).toMatchObject({
      grpcStatus: RESOURCE_EXHAUSTED,
    });
    const good = frame(gzipSync(streamBytes(1, [numbered('r')])), { flag: 1 });
    expect(await caller.begin(stream, good, true, headers).answered()).toMatchObject({ grpcStatus: 0 });
    expect(await running.records()).toHaveLength(1);
  });
});
