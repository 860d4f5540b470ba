// What one provider of ten does to the acknowledgements of the other nine, on the real process. Prints JSON.
//
//   node --conditions=lachan-source --import ./cli/run-typescript.js test/bench/noisy-neighbour.ts [seconds per case]
import { setTimeout as sleep } from 'node:timers/promises';
import { exampleMessages } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { ChildUnderTest, Place, until, type Serving } from '../support/lachan-process.js';
import { anonymousBytes } from '../support/process-memory.js';

const GOOD = 9;
const RATE_PER_S = 300;
const BATCH = 15;
const EVERY_MS = (BATCH / RATE_PER_S) * 1_000;
const MIB = 1_048_576;
const SECONDS = Math.min(20, Number(process.argv[2] ?? 10));
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
const BAD_CHILD = 'test/bench/bad-neighbour-child.ts';

/** One that behaves: a batch when it is due, whether or not the one before was answered. Its delays count from then. */
async function sendWell(
  client: GatewayClient,
  name: string,
  untilMs: number,
  delaysMs: number[],
): Promise<number> {
  const stream = client.stream();
  await stream.message(0);
  const dueMs: number[] = [];
  let answered = 0;
  const startMs = performance.now();
  const note = (): void => {
    for (; answered < stream.messages.length - 1; answered += 1) {
      delaysMs.push(performance.now() - (dueMs[answered] ?? 0));
    }
  };
  for (let n = 0; startMs + n * EVERY_MS < untilMs; n += 1) {
    const due = startMs + n * EVERY_MS;
    while (performance.now() < due) {
      await sleep(1);
      note();
    }
    dueMs.push(due);
    stream.send(n + 1, exampleMessages(`${name}-${n}`, BATCH));
  }
  const deadlineMs = performance.now() + 15_000;
  while (answered < dueMs.length && performance.now() < deadlineMs) {
    await sleep(1);
    note();
  }
  const waits = stream.responses().filter(({ throttle }) => throttle !== undefined).length;
  stream.cancel();
  if (answered < dueMs.length) throw new Error(`${dueMs.length - answered} batches were never answered`);
  return waits;
}

/** The tenth provider, in a process of its own: whatever it does, it does not slow the senders here. */
async function misbehave(kind: string, { grpc }: Serving, token: string): Promise<void> {
  const args = [...TYPESCRIPT, BAD_CHILD, kind, grpc, token, String(SECONDS * 1_000)];
  const { code, stderr } = await new ChildUnderTest(process.execPath, args).finished();
  if (code !== 0) throw new Error(stderr);
}

const CASES = ['warm-up', 'quiet', 'floods', 'stalls', 'sends rubbish', 'never reads'];

function quantile(sorted: readonly number[], share: number): number {
  return (
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN) * 10) / 10
  );
}

const place = await Place.make();
try {
  const serving = await place.start('--log-level', 'error');
  const tokens: string[] = [];
  for (let n = 0; n <= GOOD; n += 1) tokens.push(await place.provider(`Neighbour ${n}`));
  const results: unknown[] = [];
  for (const name of CASES) {
    const clients = tokens.slice(1).map((token) => new GatewayClient(serving.grpc, token));
    const untilMs = performance.now() + (name === 'warm-up' ? 3_000 : SECONDS * 1_000);
    const delaysMs: number[] = [];
    let most = anonymousBytes(serving.pid);
    const sampling = setInterval(() => (most = Math.max(most, anonymousBytes(serving.pid))), 100);
    const [waits] = await Promise.all([
      Promise.all(clients.map((client, i) => sendWell(client, `${name}-${i}`, untilMs, delaysMs))),
      ['warm-up', 'quiet'].includes(name) ? undefined : misbehave(name, serving, tokens[0] ?? ''),
    ]);
    clearInterval(sampling);
    for (const client of clients) client.close();
    delaysMs.sort((a, b) => a - b);
    if (name !== 'warm-up')
      results.push({
        tenth: name,
        batches: delaysMs.length,
        toldToWait: waits.reduce((sum, n) => sum + n, 0),
        p50Ms: quantile(delaysMs, 0.5),
        p99Ms: quantile(delaysMs, 0.99),
        mostMs: quantile(delaysMs, 1),
        anonymousMib: Math.round(most / MIB),
      });
    await until('everything to land', async () => {
      const text = await (await fetch(`${serving.http}/metrics`)).text();
      return /^lachan_landing_lag_records 0$/m.test(text) || undefined;
    });
  }
  await serving.process.stop();
  process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
} finally {
  await place.remove();
}
