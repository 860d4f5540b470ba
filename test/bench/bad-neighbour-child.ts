// The provider of ten that does not behave.
//
//   arguments: floods, stalls, sends rubbish or never reads; address, token, milliseconds
import { randomBytes } from 'node:crypto';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { exampleMessages } from '../support/example-reports.js';
import { frame } from '../support/raw-http2.js';
import { streamBytes } from '../support/receiving.js';

const MIB = 1_048_576;
const CONNECTIONS = 10;
const BATCH = 500;
const STREAM = '/lachan.v1.ReportService/StreamReports';

const [kind, address, token, durationMs] = process.argv.slice(2);
if (address === undefined || token === undefined)
  throw new Error('Arguments: kind, address, token, milliseconds.');
const untilMs = performance.now() + Number(durationMs);

/** A connection of the tenth provider; it reads nothing where the window is 0. */
function connect(initialWindowSize?: number): ClientHttp2Session {
  const settings = initialWindowSize === undefined ? {} : { settings: { initialWindowSize } };
  const session = connectHttp2(`http://${address}`, settings);
  session.on('error', () => undefined);
  return session;
}

function openStream(session: ClientHttp2Session): ClientHttp2Stream {
  const headers = { 'content-type': 'application/grpc', te: 'trailers', authorization: `Bearer ${token}` };
  const stream = session.request({ ':method': 'POST', ':path': STREAM, ...headers });
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

type Misbehaviour = () => Promise<void>;

/** Keeps writing on every stream as fast as the gateway takes it. */
const writing =
  (window: number | undefined, bytesOf: (n: number) => Uint8Array): Misbehaviour =>
  async () => {
    const sessions = Array.from({ length: CONNECTIONS }, () => connect(window));
    let n = 0;
    await Promise.all(
      sessions.map(async (session) => {
        let stream = openStream(session);
        while (performance.now() < untilMs) {
          if (stream.closed || stream.destroyed) stream = openStream(session);
          n += 1;
          if (stream.write(bytesOf(n))) await new Promise(setImmediate);
          else await sleep(1);
        }
      }),
    );
    for (const session of sessions) session.destroy();
  };

const reports = Array.from({ length: 20 }, (_, n) =>
  streamBytes(n + 1, exampleMessages(`flood-${n}`, BATCH)),
);
const reportsOf = (n: number): Uint8Array => frame(reports[n % reports.length] ?? new Uint8Array());
const rubbish = frame(randomBytes(64 * 1_024));

const KINDS = new Map<string | undefined, Misbehaviour>([
  ['floods', writing(undefined, reportsOf)],
  [
    'stalls',
    async () => {
      const sessions = Array.from({ length: CONNECTIONS }, () => connect());
      const header = frame(new Uint8Array(), { length: 4 * MIB });
      for (const session of sessions) for (let n = 0; n < 90; n += 1) openStream(session).write(header);
      await sleep(Math.max(0, untilMs - performance.now()));
      for (const session of sessions) session.destroy();
    },
  ],
  ['sends rubbish', writing(undefined, () => rubbish)],
  ['never reads', writing(0, reportsOf)],
]);

const misbehave = KINDS.get(kind);
if (misbehave === undefined) throw new Error(`There is no provider that ${String(kind)}.`);
await misbehave();
process.exit();
