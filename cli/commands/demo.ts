// lachan demo: the whole of it on invented reports, in a temporary directory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import type { RunningEmbedded } from '../embedded/serve.js';
import { formatTable } from '../format-rows.js';
import { addressOptions, jsonOption, tuningOptions, wholeNumber, type ServeFlags } from '../options.js';
import { loadDistributions } from '../demo/distributions.js';
import { PROVIDER_NAMES, sendDemo, type DemoSent } from '../demo/send-demo.js';
import { sendTakedowns, type DemoTakedowns } from '../demo/send-takedowns.js';
import { formatQueue, isOverdue } from '../takedown/format-case.js';

interface Flags extends Omit<ServeFlags, 'dataDir'> {
  readonly reports: number;
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly seed: number;
}

const MOST_REPORTS = 100_000_000;
const WAIT_MS = 600_000;
const QUEUE_SHOWN = 12;

export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description(
      'start in a temporary directory, send invented reports through the SDK, take some of them down, show what became of it',
    )
    .option('--reports <n>', 'how many reports to send', wholeNumber(100, MOST_REPORTS), 20_000)
    .option('--seed <n>', 'another seed makes other reports', wholeNumber(0, 4_294_967_295), 1)
    .option('--exit', 'end when all is shown, instead of staying up')
    .addOption(jsonOption());
  for (const option of [...addressOptions(), ...tuningOptions()]) {
    // Beside a start that may be running.
    if (option.name().endsWith('-port')) option.default(0);
    command.addOption(option);
  }
  command.action(demo);
}

async function demo(flags: Flags): Promise<void> {
  const say = (text: string): void => {
    (flags.json === true ? process.stderr : process.stdout).write(text);
  };
  const root = mkdtempSync(join(tmpdir(), 'lachan-demo-'));
  const dataDir = join(root, 'data');
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  let running: RunningEmbedded | undefined;
  try {
    say('Starting Lachan in a temporary directory …\n');
    // Only now: images of the cluster are built without the embedded log and the engine.
    const { startEmbedded } = await import('../embedded/start.js');
    running = await startEmbedded({
      ...flags,
      dataDir,
      authorityKeyDir: join(root, 'authority-key'),
      countryMmdb: flags.countryMmdb,
      asnMmdb: flags.asnMmdb,
      logger: pino({ level: 'warn', base: null }, pino.destination({ fd: 2, sync: true })),
    });
    const shown = show(running, flags, say);
    const operatorToken = await Promise.race([shown, interrupted, running.failed]);
    if (flags.exit !== true) {
      say(staysUp(running, dataDir, operatorToken ?? 'TOKEN'));
      await Promise.race([interrupted, running.failed]);
    }
  } finally {
    await running?.stop();
    rmSync(root, { recursive: true, force: true });
  }
  process.exit();
}

/** The credential of an operator, to look around with. */
async function show(running: RunningEmbedded, flags: Flags, say: (text: string) => void): Promise<string> {
  const { operations } = running;
  const distributions = loadDistributions(PROVIDER_NAMES.length);
  const startedMs = performance.now();
  const sent = await sendDemo(running, flags.reports, flags.seed, distributions);
  const figure = async (
    name: string,
    params: Readonly<Record<string, string>> = {},
  ): Promise<readonly FigureRow[]> => (await operations.figure(name, params, WAIT_MS)).rows;
  const [counts = {}] = await figure('counts');
  const seconds = (performance.now() - startedMs) / 1000;
  const [freshness = {}] = await figure('freshness');
  const takedowns = await sendTakedowns(running, sent, flags.seed, distributions);
  const takedownSeconds = (performance.now() - startedMs) / 1000 - seconds;
  const times = await figure('takedown-times', { by: 'addressee', deadline_hours: '24' });
  const found = await operations.audit();
  const logRecords = await operations.logRecords();

  say(
    `\nSent ${sent.submitted} reports: ${sent.accepted} accepted, ${sent.rejected} rejected. ` +
      `Made on purpose: ${sent.made.DUPLICATE} duplicates, ${sent.made.CONFLICT} conflicts, ${sent.made.INVALID} invalid.\n`,
  );
  say(`\nlachan query counts\n${formatTable([counts])}`);
  say(`\nlachan query trends\n${formatTable(await figure('trends', { limit: '12' }))}`);
  say(`\nlachan query hosts\n${formatTable(await figure('hosts', { limit: '12' }))}`);
  say(`\nlachan query freshness\n${formatTable([freshness])}`);
  say(
    `\nTakedown: ${takedowns.imported} events of a history imported, ${takedowns.live} events by operators and providers now, ` +
      `${takedownSeconds.toFixed(1)} s.\n`,
  );
  say(
    `\nlachan queue --limit ${QUEUE_SHOWN}\n${formatQueue(takedowns.queue.slice(0, QUEUE_SHOWN), Date.now())}`,
  );
  say(`\nlachan query takedown-times --param by=addressee --param deadline_hours=24\n${formatTable(times)}`);
  say(
    found.holds
      ? `\nlachan audit: holds; ${logRecords} records of the log are ${found.tableRows} rows, none missing, none twice.\n`
      : `\nlachan audit does NOT hold: ${found.problems.join('; ')}\n`,
  );
  if (!found.holds) process.exitCode = 1;
  if (flags.json === true)
    process.stdout.write(
      `${JSON.stringify({
        ...summary(sent, counts, logRecords, found.holds, seconds, freshness),
        takedown: takedownSummary(takedowns, times, takedownSeconds),
      })}\n`,
    );
  return takedowns.operatorToken;
}

type FigureRow = Readonly<Record<string, unknown>>;

function summary(
  sent: DemoSent,
  counts: FigureRow,
  logRecords: number,
  auditOk: boolean,
  seconds: number,
  freshness: FigureRow,
): FigureRow {
  return {
    submitted: sent.submitted,
    accepted: sent.accepted,
    rejected: sent.rejected,
    log_records: logRecords,
    reports: counts['reports'],
    duplicates: counts['duplicates'],
    conflicts: counts['conflicts'],
    dead_letters: counts['dead_letters'],
    audit_ok: auditOk,
    seconds: Math.round(seconds * 1000) / 1000,
    reports_per_second: Math.round(sent.submitted / seconds),
    freshness_p99_ms: freshness['p99_ms'],
    distinct_accepted: sent.distinctAccepted,
    made: { duplicates: sent.made.DUPLICATE, conflicts: sent.made.CONFLICT, invalid: sent.made.INVALID },
  };
}

function takedownSummary(takedowns: DemoTakedowns, times: readonly FigureRow[], seconds: number): FigureRow {
  const { imported, live, queue } = takedowns;
  const nowMs = Date.now();
  return {
    imported_events: imported,
    live_events: live,
    cases_due: queue.length,
    cases_overdue: queue.filter((found) => isOverdue(found, nowMs)).length,
    seconds: Math.round(seconds * 1000) / 1000,
    times,
  };
}

function staysUp({ grpc, http }: RunningEmbedded, dataDir: string, operatorToken: string): string {
  return (
    '\nLachan stays up; Ctrl-C ends it and removes its directory. Look around from another terminal:\n' +
    `  npm run -s lachan -- query trends --data-dir ${dataDir}\n` +
    `  npm run -s lachan -- providers add "My platform" --test --data-dir ${dataDir}\n` +
    `  npm run -s lachan -- submit --data-dir ${dataDir} --token TOKEN reports.ndjson\n` +
    `  npm run -s lachan -- audit --data-dir ${dataDir}\n` +
    `  npm run -s lachan -- queue --data-dir ${dataDir} --token ${operatorToken}\n` +
    `  npm run -s lachan -- cases list --status ACTION_CLAIMED --data-dir ${dataDir} --token ${operatorToken}\n` +
    `  gRPC ${grpc}   health ${http}/healthz   metrics ${http}/metrics\n`
  );
}
