// What a whole run of the benchmark found, as one object and as a table beside the numbers to reach.
import type { ClusterRun, Memory } from './cluster-run.js';
import type { Member } from './cluster.js';
import type { EndToEnd } from './end-to-end.js';
import type { FiguresRun } from './figures.js';
import type { FixedRate } from './fixed-rate.js';
import type { Floor, Stages } from './in-process.js';
import type { Roles } from './roles.js';
import { median, rounded } from './statistics.js';

/** One entry for each run of a part; a part that was not run has none. */
export interface Found {
  readonly stages: readonly Stages[];
  readonly floor: readonly Floor[];
  readonly roles: readonly Roles[];
  readonly endToEnd: readonly EndToEnd[];
  readonly latency: readonly FixedRate[];
  readonly soak: readonly FixedRate[];
  /** What figures of takedown cost, for each number of cases. */
  readonly figures: readonly (readonly FiguresRun[])[];
  /** With Kafka: at full speed, and at the rate. */
  readonly cluster: readonly ClusterRun[];
  readonly clusterAtRate: readonly ClusterRun[];
}

/** `null`: was not measured. CPU in microseconds a report, memory in MiB. */
export interface Summary {
  /**
   * In the running product at full speed: the main thread, and what the gateway alone costs beside its main thread. With
   * Kafka: all gateways; landing is then consumers and store, and what the broker costs stands in neither.
   */
  readonly gateway_us: number | null;
  /** In the running product at full speed: everything else. */
  readonly landing_us: number | null;
  readonly total_us: number | null;
  readonly gateway_alone_us: number | null;
  readonly gateway_alone_per_s: number | null;
  readonly landing_alone_us: number | null;
  readonly landing_alone_per_s: number | null;
  readonly end_to_end_per_s: number | null;
  readonly kafka_per_s: number | null;
  readonly broker_us: number | null;
  readonly consumers_us: number | null;
  readonly store_us: number | null;
  readonly engine_floor_per_s: number | null;
  readonly engine_floor_us: number | null;
  readonly ack_p50_ms: number | null;
  readonly ack_p99_ms: number | null;
  readonly freshness_p50_ms: number | null;
  readonly freshness_p99_ms: number | null;
  readonly freshness_probed_most_ms: number | null;
  readonly cpu_us_at_rate: number | null;
  readonly idle_cores: number | null;
  readonly gateway_rss_mib: number | null;
  readonly gateway_anon_mib: number | null;
  readonly broker_rss_mib: number | null;
  readonly consumers_rss_mib: number | null;
  readonly store_rss_mib: number | null;
  readonly start_rss_mib: number | null;
  readonly start_anon_mib: number | null;
  /** Cost of the last million over that of the second; of runs of at least three. */
  readonly growth: number | null;
  /** Cores that others used meanwhile. */
  readonly other_cores: number | null;
  readonly generator_us: number | null;
  readonly report_bytes: number | null;
  readonly log_bytes: number | null;
  readonly store_bytes: number | null;
  readonly lost: number | null;
  readonly doubled: number | null;
  readonly audits_hold: boolean | null;
}

export function summarise(found: Found): Summary {
  const { floor, roles, endToEnd, latency, soak, cluster, clusterAtRate } = found;
  const mainUs = of(endToEnd, ({ cpuUs }) => cpuUs.main);
  const besideMainUs = of(roles, (role) => role.gatewayUs - role.gatewayMainUs);
  const embeddedGatewayUs = mainUs === null || besideMainUs === null ? null : mainUs + besideMainUs;
  const embeddedUs = of(endToEnd, ({ cpuUs }) => cpuUs.total);
  const embeddedLandingUs =
    embeddedUs === null || embeddedGatewayUs === null ? null : embeddedUs - embeddedGatewayUs;
  const atRate = [...latency, ...clusterAtRate];
  const atFullSpeed = [...endToEnd, ...cluster];
  const most = (member: Member) => of(cluster, ({ memory }) => mostOf(memory[member], 'peakRssMib'));
  const figures = {
    gateway_us: [embeddedGatewayUs ?? of(cluster, ({ cpuUs }) => cpuUs.gateway), 2],
    landing_us: [embeddedLandingUs ?? of(cluster, ({ cpuUs }) => cpuUs.consumers + cpuUs.store), 2],
    total_us: [of(atFullSpeed, ({ cpuUs }) => cpuUs.total), 2],
    gateway_alone_us: [of(roles, (role) => role.gatewayUs), 2],
    gateway_alone_per_s: [of(roles, (role) => role.gatewayPerS), 0],
    landing_alone_us: [of(roles, (role) => role.landingUs), 2],
    landing_alone_per_s: [of(roles, (role) => role.landingPerS), 0],
    end_to_end_per_s: [of(endToEnd, ({ perS }) => perS), 0],
    kafka_per_s: [of(cluster, ({ perS }) => perS), 0],
    broker_us: [of(cluster, ({ cpuUs }) => cpuUs.broker), 2],
    consumers_us: [of(cluster, ({ cpuUs }) => cpuUs.consumers), 2],
    store_us: [of(cluster, ({ cpuUs }) => cpuUs.store), 2],
    engine_floor_per_s: [of(floor, ({ perS }) => perS), 0],
    engine_floor_us: [of(floor, ({ cpuUs }) => cpuUs), 2],
    ack_p50_ms: [of(atRate, ({ ackP50Ms }) => ackP50Ms), 1],
    ack_p99_ms: [of(atRate, ({ ackP99Ms }) => ackP99Ms), 1],
    freshness_p50_ms: [of(atRate, ({ freshnessP50Ms }) => freshnessP50Ms), 0],
    freshness_p99_ms: [of(atRate, ({ freshnessP99Ms }) => freshnessP99Ms), 0],
    freshness_probed_most_ms: [of(atRate, ({ probedMostMs }) => probedMostMs), 0],
    cpu_us_at_rate: [of(atRate, ({ cpuUs }) => cpuUs.total), 2],
    idle_cores: [of(atRate, ({ idleCores }) => coresIn(idleCores)), 3],
    gateway_rss_mib: [of(roles, ({ gatewayPeakRssMib }) => gatewayPeakRssMib) ?? most('gateway'), 0],
    gateway_anon_mib: [
      of(roles, ({ gatewayPeakAnonMib }) => gatewayPeakAnonMib) ??
        of(cluster, ({ memory }) => mostOf(memory.gateway, 'anonMib')),
      0,
    ],
    broker_rss_mib: [most('broker'), 0],
    consumers_rss_mib: [most('consumers'), 0],
    store_rss_mib: [most('store'), 0],
    start_rss_mib: [of(endToEnd, ({ peakRssMib }) => peakRssMib), 0],
    start_anon_mib: [of(endToEnd, ({ peakAnonMib }) => peakAnonMib), 0],
    growth: [of(endToEnd, growth), 3],
    other_cores: [of([...atFullSpeed, ...atRate, ...soak], ({ otherCores }) => otherCores), 2],
    generator_us: [of(atFullSpeed, ({ generatorUs }) => generatorUs), 2],
    report_bytes: [of(atFullSpeed, ({ meanReportBytes }) => meanReportBytes), 0],
    log_bytes: [of(cluster, ({ logBytesPerRecord }) => logBytesPerRecord), 0],
    store_bytes: [of(cluster, ({ storeBytesPerRow }) => storeBytesPerRow), 0],
  } as const satisfies Record<Exclude<keyof Summary, keyof Correctness>, readonly [number | null, number]>;
  return { ...roundedEach(figures), ...correctness([...atFullSpeed, ...atRate, ...soak]) };
}

/** Each figure to so many digits. */
function roundedEach<Name extends string>(
  figures: Readonly<Record<Name, readonly [value: number | null, digits: number]>>,
): Readonly<Record<Name, number | null>> {
  const entries = Object.entries<readonly [number | null, number]>(figures);
  return Object.fromEntries(entries.map(([name, [value, digits]]) => [name, round(value, digits)])) as Record<
    Name,
    number | null
  >;
}

function coresIn(idle: number | ClusterRun['idleCores']): number {
  return typeof idle === 'number' ? idle : Object.values(idle).reduce((sum, cores) => sum + cores, 0);
}

function mostOf(processes: readonly Memory[], key: keyof Memory): number {
  return processes.reduce((most, memory) => Math.max(most, memory[key]), 0);
}

type Correctness = Pick<Summary, 'lost' | 'doubled' | 'audits_hold'>;

function correctness(checked: readonly (EndToEnd | FixedRate | ClusterRun)[]): Correctness {
  if (checked.length === 0) return { lost: null, doubled: null, audits_hold: null };
  return {
    lost: checked.reduce((sum, { verified }) => sum + verified.lost, 0),
    doubled: checked.reduce((sum, { verified }) => sum + verified.doubled, 0),
    audits_hold: checked.every(
      ({ auditHolds, verified }) => auditHolds && verified.rows === verified.viewRows,
    ),
  };
}

interface Goal {
  readonly what: string;
  readonly unit: string;
  readonly measured: (summary: Summary) => number | null;
  readonly must: number;
  readonly aim: number | undefined;
  readonly least?: boolean;
}

/** Two cores, generator on the same machine, reports of about 250 bytes, batches of 500, sealing included. */
const GOALS: readonly Goal[] = [
  { what: 'gateway, CPU per report', unit: 'µs', measured: (s) => s.gateway_us, must: 25, aim: 12 },
  { what: 'landing, CPU per report', unit: 'µs', measured: (s) => s.landing_us, must: 30, aim: 15 },
  {
    what: 'end to end, sustained',
    unit: '/s',
    measured: (s) => s.end_to_end_per_s,
    must: 20_000,
    aim: 40_000,
    least: true,
  },
  {
    what: 'with Kafka, sustained',
    unit: '/s',
    measured: (s) => s.kafka_per_s,
    must: 10_000,
    aim: 25_000,
    least: true,
  },
  { what: 'acknowledgement, p99 at the rate', unit: 'ms', measured: (s) => s.ack_p99_ms, must: 50, aim: 15 },
  {
    what: 'visible in a query, p99 at the rate',
    unit: 'ms',
    measured: (s) => s.freshness_p99_ms,
    must: 2_000,
    aim: 500,
  },
  {
    what: 'gateway role, most memory',
    unit: 'MiB',
    measured: (s) => s.gateway_rss_mib,
    must: 300,
    aim: undefined,
  },
  {
    what: 'cost per report, last million over second',
    unit: '',
    measured: (s) => s.growth,
    must: 1.2,
    aim: 1.05,
  },
  { what: 'lost', unit: '', measured: (s) => s.lost, must: 0, aim: 0 },
  { what: 'doubled', unit: '', measured: (s) => s.doubled, must: 0, aim: 0 },
];

/** One line for each number to reach that was measured. */
export function goalLines(summary: Summary): readonly string[] {
  const lines = [row('', 'measured', 'must', 'aim', '')];
  for (const { what, unit, measured, must, aim, least = false } of GOALS) {
    const value = measured(summary);
    if (value === null) continue;
    const reaches = (goal: number): boolean => (least ? value >= goal : value <= goal);
    const verdict = !reaches(must) ? 'MISSED' : aim === undefined || reaches(aim) ? 'aim' : 'must';
    const sign = least ? '≥' : '≤';
    lines.push(
      row(what, `${value} ${unit}`, `${sign} ${must}`, aim === undefined ? '' : `${sign} ${aim}`, verdict),
    );
  }
  return lines;
}

function row(what: string, measured: string, must: string, aim: string, verdict: string): string {
  return `${what.padEnd(44)}${measured.padStart(16)}${must.padStart(12)}${aim.padStart(12)}  ${verdict}`;
}

/** The first million warms up, so that the last is held against the second. */
function growth({ series }: EndToEnd): number {
  if ((series.at(-1)?.reports ?? 0) < 3_000_000) return NaN;
  return (series.at(-1)?.cpuUs.total ?? NaN) / (series[1]?.cpuUs.total ?? NaN);
}

function of<T>(runs: readonly T[], value: (run: T) => number): number | null {
  return runs.length === 0 ? null : median(runs.map(value));
}

function round(value: number | null, digits: number): number | null {
  return value === null || !Number.isFinite(value) ? null : rounded(value, digits);
}
