// The benchmark: what Lachan reaches on this machine, embedded or with Kafka, and whether anything is lost on the way.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../../cli/options.js';
import { endAll } from './children.js';
import { clusterLines, clusterRun, type ClusterRun } from './cluster-run.js';
import { endToEnd } from './end-to-end.js';
import { figureLines, figures } from './figures.js';
import { fixedRate, type FixedRate } from './fixed-rate.js';
import { engineFloor, stages } from './in-process.js';
import { topFunctions } from './profile.js';
import { goalLines, summarise, type Found, type Summary } from './results.js';
import { roles } from './roles.js';
import { percentile, rounded } from './statistics.js';

/** Not counted, as in fixed-rate.ts. */
const WARM_UP_S = 10;

const PARTS = ['stages', 'floor', 'roles', 'end-to-end', 'latency', 'soak', 'figures'] as const;
type Part = (typeof PARTS)[number];

interface Flags {
  readonly log: 'embedded' | 'kafka';
  readonly only?: readonly Part[];
  readonly gateways: number;
  readonly consumers: number;
  readonly partitions: number;
  readonly reports: number;
  readonly runs: number;
  readonly rate: number;
  readonly seconds: number;
  readonly soak: number;
  readonly cases: number;
  readonly batch: number;
  readonly streams: number;
  readonly duplicates: number;
  readonly rounds: number;
  readonly start: string;
  readonly directory: string;
  readonly profile?: boolean;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value <= 0.9)) throw new InvalidArgumentError('must be from 0 to 0.9');
  return value;
};

const program = new Command('bench')
  .description('Measures Lachan on this machine: from gRPC to rows that can be queried.')
  .addOption(
    new Option(
      '--log <log>',
      'embedded: one process; kafka: gateways, a broker, consumers and a stand-in for ClickHouse as processes (end-to-end and latency only)',
    )
      .choices(['embedded', 'kafka'])
      .default('embedded'),
  )
  .option('--gateways <n>', 'with Kafka: processes of the gateway', wholeNumber(1, 16), 1)
  .option('--consumers <n>', 'with Kafka: processes of landing', wholeNumber(1, 16), 1)
  .option('--partitions <n>', 'with Kafka: partitions of the topic of reports', wholeNumber(1, 64), 1)
  .addOption(new Option('--only <parts...>', 'measure only these').choices(PARTS))
  .option('--reports <n>', 'how many reports go end to end', wholeNumber(10_000, 100_000_000), 500_000)
  .option('--runs <n>', 'run every part so often; figures are medians', wholeNumber(1, 20), 1)
  .option('--rate <n>', 'reports a second for latency and soak', wholeNumber(100, 1_000_000), 5_000)
  .option('--seconds <n>', 'how long latency is measured', wholeNumber(10, 3_600), 60)
  .option('--soak <minutes>', 'send at the rate for so long', wholeNumber(0, 2_880), 0)
  .option(
    '--cases <n>',
    'ask every figure of takedown over so many cases, and over a tenth of them',
    wholeNumber(0, 10_000_000),
    0,
  )
  .option('--batch <n>', 'reports in a batch', wholeNumber(1, 1_000), 500)
  .option('--streams <n>', 'streams of the generator, each with a connection', wholeNumber(1, 64), 2)
  .option('--duplicates <share>', 'share of reports that are sent a second time', share, 0.02)
  .option('--rounds <n>', 'rounds of each step by itself', wholeNumber(1, 100), 7)
  .option('--start <options>', 'more options for lachan start, as one text', '')
  .option('--directory <dir>', 'where temporary directories are made', tmpdir())
  .option('--profile', 'show where the threads of the product spend their time (this slows them)')
  .option('--keep', 'leave the temporary directory')
  .option('--json', 'print one object for programs, and nothing else, on standard output')
  .parse();

const flags = program.opts<Flags>();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const root = mkdtempSync(join(flags.directory, 'lachan-bench-'));
const finish = (): void => {
  endAll();
  if (flags.keep !== true) rmSync(root, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    finish();
    process.exit(1);
  });
}

try {
  await run();
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  finish();
  if (flags.keep === true) say(`left in ${root}`);
}

async function run(): Promise<void> {
  const machine = {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_mib: Math.round(totalmem() / 1_048_576),
    system: `Linux ${release()} ${arch()}`,
    node: process.version,
  };
  say(
    `${machine.cores} × ${machine.cpu}, ${machine.memory_mib} MiB, ${machine.system}, Node ${machine.node}`,
  );
  const found = flags.log === 'kafka' ? await measureKafka() : await measureAll();
  const summary = summarise(found);
  if (flags.json === true) {
    const { stages: steps, roles: alone, endToEnd: full, latency, soak, floor, ...others } = found;
    const series = full.map((one) => one.series);
    const details = { stages: steps, floor, roles: alone, end_to_end: full, latency, soak, ...others };
    process.stdout.write(`${JSON.stringify({ ...summary, machine, options: flags, series, details })}\n`);
  } else {
    process.stdout.write(`\n${goalLines(summary).join('\n')}\n\n`);
    for (const [name, value] of Object.entries(summary)) {
      if (value !== null) process.stdout.write(`${name.padEnd(28)}${String(value)}\n`);
    }
  }
  if (isWrong(summary)) process.exitCode = 1;
}

/** Figures of speed fail nobody; a report lost or doubled does. */
function isWrong({ lost, doubled, audits_hold: holds }: Summary): boolean {
  return (lost ?? 0) > 0 || (doubled ?? 0) > 0 || holds === false;
}

function wanted(part: Part): boolean {
  return flags.only?.includes(part) ?? true;
}

async function measureKafka(): Promise<Found> {
  return {
    ...{ stages: [], floor: [], roles: [], endToEnd: [], latency: [], soak: [], figures: [] },
    cluster: await runs('end-to-end', wanted('end-to-end'), (at) => throughCluster(at)),
    clusterAtRate: await runs('latency', wanted('latency'), (at) => throughCluster(at, flags.rate)),
  };
}

async function throughCluster(at: string, ratePerS?: number): Promise<ClusterRun> {
  const { gateways, consumers, partitions, rate, seconds, reports } = flags;
  const found = await clusterRun({
    ...sending(at),
    ...{ gateways, consumers, partitions, ratePerS },
    reports: ratePerS === undefined ? reports : rate * (seconds + WARM_UP_S),
    profile: flags.profile === true,
  });
  for (const line of clusterLines(found)) say(line);
  showProfile(join(at, 'cluster', 'profile'));
  return found;
}

async function measureAll(): Promise<Found> {
  const found = {
    stages: await runs('stages', wanted('stages'), async (at) => {
      const steps = await stages(at, flags.duplicates, flags.rounds);
      for (const [name, us] of steps) say(`  ${name.padEnd(48)}${us.toFixed(2).padStart(8)} µs`);
      return steps;
    }),
    floor: await runs('floor', wanted('floor'), async (at) => {
      const floor = await engineFloor(at, flags.duplicates, Math.min(flags.reports, 1_000_000));
      say(
        `  ${floor.perS.toFixed(0)} rows/s, ${floor.cpuUs.toFixed(1)} µs CPU a row of ${floor.bytesPerRow.toFixed(0)} bytes`,
      );
      return floor;
    }),
    roles: await runs('roles', wanted('roles'), (at) => roles(sending(at))),
    endToEnd: await runs('end-to-end', wanted('end-to-end'), async (at) => {
      const full = await endToEnd({
        ...sending(at),
        startOptions: startOptions(),
        profile: flags.profile === true,
      });
      say(
        `  ${full.perS.toFixed(0)}/s from the first report sent to the last one visible; ` +
          `lost ${full.verified.lost}, doubled ${full.verified.doubled}, audit ${full.auditHolds ? 'holds' : 'DOES NOT HOLD'}`,
      );
      showProfile(join(at, 'end-to-end', 'profile'));
      return full;
    }),
    latency: await runs('latency', wanted('latency'), (at) => atRate(at, 'latency', flags.seconds)),
    soak: await runs('soak', wanted('soak') && flags.soak > 0, (at) => atRate(at, 'soak', flags.soak * 60)),
    figures: await runs('figures', wanted('figures') && flags.cases > 0, async (at) => {
      const asked = await figures(at, flags.cases, flags.rounds);
      for (const line of asked.flatMap(figureLines)) say(line);
      return asked;
    }),
    ...{ cluster: [], clusterAtRate: [] },
  };
  return found;
}

function sending(at: string) {
  const { reports, batch: batchReports, streams, duplicates: duplicateShare } = flags;
  return { root: at, reports, batchReports, streams, duplicateShare, say };
}

function startOptions(): readonly string[] {
  return flags.start.split(' ').filter((word) => word !== '');
}

/** Runs a part as often as asked for, each time in a fresh directory. */
async function runs<T>(
  name: Part,
  wanted: boolean,
  measure: (at: string) => Promise<T>,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let run = 1; wanted && run <= flags.runs; run += 1) {
    say(`${name}${flags.runs === 1 ? '' : `, run ${run} of ${flags.runs}`}`);
    const at = join(root, `${name}-${run}`);
    try {
      found.push(await measure(at));
    } catch (error) {
      // The other parts of a long run are worth having all the same.
      say(`  ${name} has failed: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
      endAll();
    }
    if (flags.keep !== true) rmSync(at, { recursive: true, force: true });
  }
  return found;
}

async function atRate(at: string, name: 'latency' | 'soak', seconds: number): Promise<FixedRate> {
  const found = await fixedRate({
    ...sending(at),
    name,
    ratePerS: flags.rate,
    seconds,
    startOptions: startOptions(),
    profile: flags.profile === true,
  });
  say(
    `  at ${found.perS.toFixed(0)}/s: acknowledgement p50 ${found.ackP50Ms.toFixed(1)}, p99 ${found.ackP99Ms.toFixed(1)} ms; ` +
      `visible p50 ${found.freshnessP50Ms.toFixed(0)}, p99 ${found.freshnessP99Ms.toFixed(0)} ms ` +
      `(asked for: p50 ${found.probedP50Ms.toFixed(0)}, most ${found.probedMostMs.toFixed(0)}); ` +
      `CPU ${found.cpuUs.total.toFixed(1)} µs; lost ${found.verified.lost}, doubled ${found.verified.doubled}`,
  );
  if (name === 'soak') showThirds(found);
  showProfile(join(at, name, 'profile'));
  return found;
}

/** Whether the last third of the time is like the first. */
function showThirds({ minutes }: FixedRate): void {
  const third = Math.floor(minutes.length / 3);
  if (third === 0) return;
  const [first, last] = [minutes.slice(0, third), minutes.slice(-third)];
  for (const key of ['ackP99Ms', 'freshnessP99Ms', 'cpuUs', 'anonMib'] as const) {
    const [a, b] = [first, last].map((part) =>
      percentile(
        part.map((minute) => minute[key]),
        0.5,
      ),
    );
    say(`  ${key.padEnd(16)} first third ${rounded(a ?? NaN, 1)}, last third ${rounded(b ?? NaN, 1)}`);
  }
}

function showProfile(directory: string): void {
  if (flags.profile === true) for (const line of topFunctions(directory)) say(`  ${line}`);
}
