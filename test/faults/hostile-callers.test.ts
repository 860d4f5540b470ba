import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exampleMessage, exampleMessages } from '../support/example-reports.js';
import { expectLandedOnce, finishAccepted, LONG, Sender } from '../support/faults.js';
import { ChildUnderTest, Place, until, type Serving } from '../support/lachan-process.js';
import { anonymousBytes } from '../support/process-memory.js';
import {
  dataFrame,
  GOAWAY,
  headersFrame,
  RawConnection,
  resetFrame,
  RST_STREAM,
} from '../support/raw-frames.js';
import { frame, RawCaller } from '../support/raw-http2.js';
import { streamBytes, submitBytes } from '../support/receiving.js';

const MIB = 1_048_576;
const SUBMIT = '/lachan.v1.ReportService/SubmitReports';
const STREAM = '/lachan.v1.ReportService/StreamReports';
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
const SILENT_CHILD = fileURLToPath(new URL('./silent-callers-child.ts', import.meta.url));
const SILENT_CONNECTIONS = 20;
/** The gateway asks a quiet connection after 30 s whether it is there, and waits 10 s for the answer. */
const NOTICED_MS = 90_000;
const HOLD_MS = LONG ? 20_000 : 3_000;
/** What one attack may cost, whatever its size: in flight, in windows, in buffers. */
const MOST_BYTES = 350 * MIB;
const RESOURCE_EXHAUSTED = 8;

describe('a provider beside another one,', () => {
  let place: Place;
  let serving: Serving;
  let good: Sender;
  let silent: ChildUnderTest;
  let headers: Readonly<Record<string, string>>;
  let acceptedBefore = 0;
  let before = 0;
  let most = 0;
  let sampling: NodeJS.Timeout;
  const sessions: { destroy(): void }[] = [];

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '100', '--log-level', 'error');
    const token = await place.provider('Lachan Demo Attacker');
    headers = { authorization: `Bearer ${token}` };
    const args = [...TYPESCRIPT, SILENT_CHILD, serving.grpc, token, String(SILENT_CONNECTIONS)];
    silent = new ChildUnderTest(process.execPath, args);
    await until('the silent callers', () => silent.stdout.includes('open') || undefined);
    silent.signal('SIGSTOP');
    const own = await place.provider('Lachan Demo Good');
    good = new Sender({ name: 'good', endpoint: serving.grpc, token: own, perTurn: 2 });
    await good.progress(200);
  });
  afterAll(async () => {
    await silent.kill();
    await place.remove();
  });
  async function openStreams(): Promise<number> {
    const text = await (await fetch(`${serving.http}/metrics`)).text();
    return Number(/^lachan_gateway_report_streams (\d+)$/m.exec(text)?.[1]);
  }
  function session(initialWindowSize: number): ClientHttp2Session {
    const opened = connectHttp2(`http://${serving.grpc}`, { settings: { initialWindowSize } });
    opened.on('error', () => undefined);
    sessions.push(opened);
    return opened;
  }
  async function rawConnection(): Promise<RawConnection> {
    const connection = await RawConnection.open(serving.grpc);
    sessions.push({ destroy: () => connection.close() });
    return connection;
  }

  describe('and it is one', () => {
    beforeEach(() => {
      acceptedBefore = good.accepted.size;
      before = anonymousBytes(serving.pid);
      most = before;
      sampling = setInterval(() => (most = Math.max(most, anonymousBytes(serving.pid))), 50);
    });
    afterEach(async () => {
      clearInterval(sampling);
      for (const session of sessions.splice(0)) session.destroy();
      await good.progress(200);
      const [name = ''] = (expect.getState().currentTestName ?? '').split(' > ').slice(-1);
      const cost = `${Math.round((most - before) / MIB)} MiB, ${good.accepted.size - acceptedBefore} good reports`;
      process.stderr.write(`${name}: ${cost}\n`);
      expect(most - before).toBeLessThan(MOST_BYTES);
    });

    it('that never reads what its streams are answered is read no further itself', async () => {
      const batches = Array.from({ length: 1_000 }, (_, n) =>
        frame(streamBytes(n + 1, exampleMessages(`attack-unread-${n}`, 10))),
      );
      for (let n = 0; n < 10; n += 1) {
        const unread = session(0);
        for (let s = 0; s < 10; s += 1) {
          const stream = unread.request({
            ':method': 'POST',
            ':path': STREAM,
            'content-type': 'application/grpc',
            te: 'trailers',
            ...headers,
          });
          stream.on('error', () => undefined);
          for (const batch of batches) stream.write(batch);
        }
      }
      await good.progress(300);
      await sleep(HOLD_MS);
    });

    it('that opens 10,000 streams on one connection has 100 of them', async () => {
      const streams = (await openStreams()) + 100;
      const raw = await rawConnection();
      for (let n = 0; n < 10_000; n += 1) await raw.write(headersFrame(2 * n + 1, STREAM, headers));
      await until(
        'the rest to be refused',
        () => raw.closed || raw.count(GOAWAY) > 0 || raw.count(RST_STREAM) >= 9_900 || undefined,
      );
      expect(await openStreams()).toBeLessThanOrEqual(streams);
    });

    it('that opens streams and gives them up again, as fast as it can', async () => {
      for (let connection = 0; connection < 5; connection += 1) {
        const raw = await rawConnection();
        for (let n = 0; n < 10_000 && !raw.closed; n += 1) {
          await raw.write(Buffer.concat([headersFrame(2 * n + 1, STREAM, headers), resetFrame(2 * n + 1)]));
        }
      }
    });

    it('whose report comes byte by byte has it accepted; that of others is not kept waiting', async () => {
      const slow = await Promise.all(Array.from({ length: 50 }, () => rawConnection()));
      const message = frame(submitBytes([exampleMessage('attack-slow')]));
      for (const raw of slow) await raw.write(headersFrame(1, SUBMIT, headers));
      const caller = await RawCaller.connect(serving.grpc);
      sessions.push(caller.session);
      const call = caller.begin(SUBMIT, new Uint8Array(), false, headers);
      for (const byte of message) {
        call.stream.write(Uint8Array.of(byte));
        await sleep(10);
        for (const raw of slow) await raw.write(dataFrame(1, Uint8Array.of(0)));
      }
      call.stream.end();
      expect(await call.answered()).toMatchObject({ grpcStatus: 0 });
    });

    it('that announces 4 MiB on each of 1,000 streams, and sends almost nothing of it', async () => {
      const header = frame(new Uint8Array(), { length: 4 * MIB });
      for (let connection = 0; connection < 10; connection += 1) {
        const raw = await rawConnection();
        for (let n = 0; n < 100; n += 1) {
          await raw.write(
            Buffer.concat([headersFrame(2 * n + 1, SUBMIT, headers), dataFrame(2 * n + 1, header)]),
          );
        }
      }
      await sleep(HOLD_MS);
    });

    it('that sends 4 MiB which unpack to 4 GiB', async () => {
      const member = gzipSync(Buffer.alloc(256 * MIB));
      const bomb = frame(
        Buffer.concat(Array.from({ length: Math.floor((4 * MIB) / member.length) }, () => member)),
        {
          flag: 1,
        },
      );
      // Each on a connection of its own: Node's own client gives up on so much at once.
      const callers = await Promise.all(Array.from({ length: 10 }, () => RawCaller.connect(serving.grpc)));
      sessions.push(...callers.map((caller) => caller.session));
      const packed = { ...headers, 'grpc-encoding': 'gzip' };
      const calls = callers.map((caller, n) =>
        n % 2 === 0 ? caller.begin(SUBMIT, bomb, true, packed) : caller.begin(STREAM, bomb, false, packed),
      );
      for (const call of calls) {
        expect(await call.answered()).toMatchObject({ grpcStatus: RESOURCE_EXHAUSTED });
      }
    });

    it('that sends rubbish as fast as it can', async () => {
      const caller = await RawCaller.connect(serving.grpc);
      sessions.push(caller.session);
      const rubbish = frame(randomBytes(100_000));
      for (let n = 0; n < 200; n += 1) {
        const answer = await caller.begin(SUBMIT, rubbish, true, headers).answered();
        expect(answer.grpcStatus).toBeGreaterThan(0);
      }
    });

    it('whose machine has gone without a word: its streams end, and what it had sent is kept', async () => {
      await until(
        'the silent streams to be ended',
        async () => ((await openStreams()) <= 1 ? true : undefined),
        NOTICED_MS,
      );
    });
  });

  it('has cost the other one nothing: every report was accepted, and stands there once', async () => {
    await good.settled();
    const accepted = await finishAccepted(good);
    expect(await serving.process.stop()).toEqual({ code: 0, signal: null });
    const outcomes = await expectLandedOnce(place, accepted, (id) => id.startsWith('attack-'));
    expect(Object.keys(outcomes)).toEqual(['DUPLICATE', 'REPORT']);
  });
});
