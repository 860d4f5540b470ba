// The generator's process: sends what it is told to, keeps the journal of what was accepted, and tells how it went.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import type { FromGenerator, SendJob, SentBatch } from './generator-messages.js';
import { Journal, NumberPlan } from './number-plan.js';
import { Probes } from './probes.js';
import { ReportStream, type Load } from './report-stream.js';
import { TypicalReports } from './typical-reports.js';

const PROGRESS_MS = 250;
const now = (): number => performance.timeOrigin + performance.now();
const say = (message: FromGenerator): void => void process.send?.(message);

process.once('message', (message) => {
  // The only one who starts this process is generator.ts, which sends a SendJob.
  send(message as SendJob).then(
    () => process.disconnect(),
    (error: unknown) => {
      say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      process.disconnect();
    },
  );
});
// Nobody is left to send for.
process.once('disconnect', () => setTimeout(() => process.exit(), 2_000).unref());

async function send(job: SendJob): Promise<void> {
  const typical = new TypicalReports(now());
  const plan = new NumberPlan(job.duplicateShare, job.seed);
  const journal = new Journal(job.reports);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${job.token}`);
  const clients = Array.from({ length: job.streams }, (_, i) => clientOf(endpointOf(job, i)));
  const probes = new Probes(clientOf(endpointOf(job, 0)), metadata, job.probeEveryMs, now);

  let batches: SentBatch[] = [];
  let submitted = 0;
  let waits = 0;
  let firstSentAtMs = 0;
  let lastAnswerAtMs = 0;
  let failed: string | undefined;
  let settle = (): void => undefined;

  const streams = clients.map(
    (client) =>
      new ReportStream(
        client,
        metadata,
        (sequence, numbers) => typical.batch(sequence, numbers),
        job.batchesInFlight,
        {
          onTaken(load, accepted) {
            lastAnswerAtMs = now();
            for (let i = 0; i < load.numbers.length; i += 1) {
              if (accepted[i] === 1) journal.accept(load.numbers[i] ?? 0);
              else journal.rejections += 1;
            }
            batches.push({
              firstNumber: load.numbers[0] ?? 0,
              reports: load.numbers.length,
              dueAtMs: load.dueAtMs,
              ackMs: lastAnswerAtMs - load.dueAtMs,
            });
          },
          onWait: () => (waits += 1),
          onRoom: () => settle(),
          onFailure: (message) => {
            failed ??= message;
            settle();
          },
        },
      ),
  );

  const nextLoad = (dueAtMs: number): Load => {
    const numbers = plan.take(Math.min(job.batchReports, job.reports - submitted));
    submitted += numbers.length;
    return { numbers, dueAtMs };
  };
  const done = (): boolean => submitted === job.reports && streams.every(({ idle }) => idle);
  const startCpu = process.cpuUsage();
  const progress = setInterval(() => {
    say({ kind: 'progress', acceptances: journal.acceptances, batches });
    batches = [];
  }, PROGRESS_MS);

  await streamsOpen(streams, job.batchReports);
  firstSentAtMs = now();
  if (job.ratePerS !== undefined) pace(job.ratePerS);
  await new Promise<void>((resolve) => {
    settle = () => {
      if (failed !== undefined || done()) return resolve();
      if (job.ratePerS !== undefined) return;
      for (const stream of streams) {
        while (submitted < job.reports && stream.hasRoom(job.batchReports)) stream.send(nextLoad(now()));
      }
    };
    settle();
  });
  if (failed !== undefined) throw new Error(failed);
  const { user, system } = process.cpuUsage(startCpu);
  await probes.finish();
  clearInterval(progress);
  for (const stream of streams) stream.end();
  for (const client of clients) client.close();

  say({ kind: 'progress', acceptances: journal.acceptances, batches });
  say({
    kind: 'done',
    submitted,
    acceptances: journal.acceptances,
    rejections: journal.rejections,
    waits,
    distinct: plan.distinct,
    journal: journal.ranges(),
    firstSentAtMs,
    lastAnswerAtMs,
    cpuUs: user + system,
    meanReportBytes: typical.meanBytes,
    probes: probes.found,
  });

  /** Sends when a batch is due, whether or not earlier ones were answered: waiting must not hide slowness. */
  function pace(ratePerS: number): void {
    const startMs = performance.now() + 100;
    firstSentAtMs = performance.timeOrigin + startMs;
    const everyMs = (job.batchReports / ratePerS) * 1_000;
    let batch = 0;
    const tick = (): void => {
      while (submitted < job.reports && startMs + batch * everyMs <= performance.now()) {
        const load = nextLoad(performance.timeOrigin + startMs + batch * everyMs);
        streams[batch % streams.length]?.send(load);
        probes.offer(load);
        batch += 1;
      }
      if (submitted < job.reports && failed === undefined) {
        setTimeout(tick, Math.max(0, startMs + batch * everyMs - performance.now()));
      }
    };
    tick();
  }
}

function endpointOf({ endpoints }: SendJob, stream: number): string {
  return endpoints[stream % endpoints.length] ?? '';
}

function clientOf(endpoint: string): Client {
  return new Client(`dns:${endpoint}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc-node.flow_control_window': 4 * 1_048_576,
    'grpc.max_receive_message_length': 16 * 1_048_576,
  });
}

async function streamsOpen(streams: readonly ReportStream[], reports: number): Promise<void> {
  const deadlineMs = now() + 30_000;
  while (!streams.every((stream) => stream.hasRoom(reports))) {
    if (now() > deadlineMs) throw new Error('the gateway has not opened the streams');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
