// A platform that does nothing but report at an even pace, and measures what that costs it.
// Arguments: endpoint ("none": does everything but report), directory of the spool or "", reports a second, seconds.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { at, Category, DetectionMethod, Reporter, type ReportInit } from '@lachan/sdk';
import { percentile, rounded } from './statistics.js';

const [endpoint = 'none', directory = '', perSecond = '2000', seconds = '10'] = process.argv.slice(2);
const TICK_MS = 5;
const WARM_UP_MS = 1_000;
const MIB = 1_048_576;

const report = (i: number): ReportInit => ({
  reportId: `bench-${String(i).padStart(12, '0')}`,
  category: Category.CSAM,
  locations: [{ url: `https://lachan-demo-1.vn/post/${i}`, hostIp: `192.0.2.${i % 256}` }],
  detectedAt: at(Date.now()),
  detectionMethod: DetectionMethod.HASH_EXACT,
  additionalInfo: 'x'.repeat(400),
});

const words: Record<string, number> = {};
const count = (word: string): void => void (words[word] = (words[word] ?? 0) + 1);
let faults = 0;
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, () => faults++);

const reporter =
  endpoint === 'none'
    ? undefined
    : new Reporter({
        endpoint,
        token: 'bench',
        ...(directory !== '' && {
          spool: { directory, maxBytes: 8 * MIB, onReceipt: (r) => count(`later ${r.status}`) },
        }),
      });

const delay = monitorEventLoopDelay({ resolution: 1 });
const callsMs: number[] = [];
const rssBefore = process.memoryUsage().rss;
let rss = 0;
let sent = 0;
const startMs = performance.now();
let measuring = false;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const nowMs = performance.now() - startMs;
    if (!measuring && nowMs >= WARM_UP_MS) {
      measuring = true;
      delay.enable();
    }
    for (const due = (nowMs / 1_000) * Number(perSecond); sent < due; sent++) {
      const init = report(sent);
      const before = performance.now();
      const promise = reporter?.report(init);
      if (measuring) callsMs.push(performance.now() - before);
      void promise?.then((r) => count(r.status === 'UNSENT' ? r.reason : r.status));
    }
    if (sent % 200 < 10) rss = Math.max(rss, process.memoryUsage().rss);
    if (nowMs < Number(seconds) * 1_000) return;
    clearInterval(timer);
    resolve();
  }, TICK_MS);
});
delay.disable();
const stats = reporter?.stats();
await reporter?.close({ deadlineMs: 0 });

const loop = (share: number): number => rounded(delay.percentile(share) / 1e6, 2);
const result = {
  reports: sent,
  callMicros: {
    p50: rounded(percentile(callsMs, 0.5) * 1_000, 1),
    p99: rounded(percentile(callsMs, 0.99) * 1_000, 1),
    max: rounded(Math.max(...callsMs) * 1_000, 0),
  },
  eventLoopDelayMs: { p50: loop(50), p99: loop(99), max: rounded(delay.max / 1e6, 2) },
  rssMib: { before: rounded(rssBefore / MIB, 0), most: rounded(rss / MIB, 0) },
  words,
  faults,
  stats,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
