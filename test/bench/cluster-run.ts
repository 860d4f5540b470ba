// Reports through the cluster setting: at full speed, or at a fixed rate. What each process costs, and whether anything
// is lost or doubled.
import { join } from 'node:path';
import { numberIn } from './ask-store.js';
import { Cluster, MEMBERS, type ClusterShape, type Foundation, type Member } from './cluster.js';
import { machineUs, type Cost } from './cpu.js';
import { generate } from './generator.js';
import { percentile } from './statistics.js';
import { verify, type Verified } from './verify.js';

export interface ClusterRunOptions extends ClusterShape {
  readonly root: string;
  readonly reports: number;
  /** Undefined: as fast as they are taken. */
  readonly ratePerS: number | undefined;
  readonly batchReports: number;
  readonly streams: number;
  readonly duplicateShare: number;
  readonly profile: boolean;
  readonly say: (line: string) => void;
}

export interface Memory {
  readonly peakRssMib: number;
  /** At the end. */
  readonly anonMib: number;
}

export interface ClusterRun {
  readonly shape: ClusterShape;
  readonly foundation: Foundation;
  /** From the first report sent to the last one visible. */
  readonly perS: number;
  readonly acceptedPerS: number;
  /** All processes of a member together, code warmed up: gateways and broker for each report accepted, the others for each landed. */
  readonly cpuUs: Readonly<Record<Member | 'total', number>>;
  /** Cores of each member while reports were sent. */
  readonly cores: Readonly<Record<Member, number>>;
  readonly idleCores: Readonly<Record<Member, number>>;
  readonly generatorUs: number;
  /** Cores that were busy with none of them: above 0.1 the figures suffer. */
  readonly otherCores: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly freshnessP50Ms: number;
  readonly freshnessP99Ms: number;
  readonly probedMostMs: number;
  readonly waits: number;
  /** Of each process. */
  readonly memory: Readonly<Record<Member, readonly Memory[]>>;
  readonly meanReportBytes: number;
  readonly logBytesPerRecord: number;
  readonly storeBytesPerRow: number;
  /** Rows of one INSERT. */
  readonly rowsPerBlock: number;
  readonly auditHolds: boolean;
  readonly verified: Omit<Verified, 'freshness'>;
}

/** Long enough for every gateway to know the provider, too: they read the registry every five seconds. */
const IDLE_MS = 7_000;
/** Code is still being compiled, the broker's too: counted in nothing but the check. */
const WARM_UP_MS = 10_000;
const WARM_UP_SHARE = 0.25;
const PROBE_EVERY_MS = 5_000;
const LANDING_LIMIT_MS = 300_000;
const POLL_MS = 200;

export async function clusterRun(options: ClusterRunOptions): Promise<ClusterRun> {
  const { reports, ratePerS, say } = options;
  const { gateways, consumers, partitions } = options;
  const shape = { gateways, consumers, partitions };
  const cluster = await Cluster.start(join(options.root, 'cluster'), shape, options.profile);
  say(`  ${cluster.foundation.kafka}; ${cluster.foundation.clickhouse}`);
  const token = await cluster.addProvider();

  const idleFrom = await look(cluster, 0);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idleTo = await look(cluster, 0);

  let warm: Promise<Sight> | undefined;
  const machineBefore = machineUs();
  const sent = await generate(
    {
      endpoints: cluster.endpoints,
      token,
      reports,
      batchReports: options.batchReports,
      ratePerS,
      streams: Math.max(options.streams, gateways),
      batchesInFlight: 8,
      duplicateShare: options.duplicateShare,
      seed: 1,
      probeEveryMs: ratePerS === undefined ? 0 : PROBE_EVERY_MS,
    },
    (accepted) => {
      const elapsedMs = performance.now() - idleTo.atMs;
      const isWarm = ratePerS === undefined ? accepted >= reports * WARM_UP_SHARE : elapsedMs >= WARM_UP_MS;
      if (isWarm) warm ??= look(cluster, accepted);
      warm?.catch(() => undefined);
    },
  );
  await landed(cluster, sent.acceptances);
  const from = (await warm) ?? idleTo;
  const to = await look(cluster, sent.acceptances);
  const others = machineUs() - machineBefore - usOf(idleTo, to, MEMBERS) - sent.cpuUs;
  const otherCores = others / 1_000 / (to.atMs - idleTo.atMs);
  const logBytesPerRecord = cluster.logBytes() / sent.acceptances;

  say('  checking: audit, then report by report');
  const auditHolds = await cluster.auditHolds();
  await cluster.stopRoles();
  const { freshness, ...verified } = await verify((statements) => cluster.ask(statements), sent);
  const [blocks] = await cluster.ask(['SELECT avg(to_offset - from_offset + 1) AS rows FROM landings']);
  await cluster.stop();

  const countedFromMs = sent.firstSentAtMs + (ratePerS === undefined ? 0 : WARM_UP_MS);
  const counted = ({ dueAtMs }: { readonly dueAtMs: number }): boolean => dueAtMs >= countedFromMs;
  const acks = sent.batches.filter(counted).map(({ ackMs }) => ackMs);
  const fresh = freshness.filter(counted).map(({ ms }) => ms);
  const cpuUs = perReport(from, to);
  return {
    shape,
    foundation: cluster.foundation,
    perS: verified.rows / ((verified.lastVisibleAtMs - sent.firstSentAtMs) / 1_000),
    acceptedPerS: sent.acceptances / ((sent.lastAnswerAtMs - sent.firstSentAtMs) / 1_000),
    cpuUs,
    cores: coresOf(from, to),
    idleCores: coresOf(idleFrom, idleTo),
    generatorUs: sent.cpuUs / sent.submitted,
    otherCores,
    ackP50Ms: percentile(acks, 0.5),
    ackP99Ms: percentile(acks, 0.99),
    freshnessP50Ms: percentile(fresh, 0.5),
    freshnessP99Ms: percentile(fresh, 0.99),
    probedMostMs: percentile(
      sent.probes.filter(counted).map(({ ms }) => ms),
      1,
    ),
    waits: sent.waits,
    memory: memoryOf(to.costs),
    meanReportBytes: sent.meanReportBytes,
    logBytesPerRecord,
    storeBytesPerRow: verified.storeBytes / verified.rows,
    rowsPerBlock: numberIn(blocks, 'rows'),
    auditHolds,
    verified,
  };
}

interface Sight {
  readonly atMs: number;
  readonly accepted: number;
  readonly landed: number;
  readonly costs: Readonly<Record<Member, readonly Cost[]>>;
}

async function look(cluster: Cluster, accepted: number): Promise<Sight> {
  const costs = cluster.costs();
  const atMs = performance.now();
  return { atMs, accepted, landed: await rowsIn(cluster), costs };
}

async function rowsIn(cluster: Cluster): Promise<number> {
  const [rows] = await cluster.ask(['SELECT count() AS rows FROM records']);
  return numberIn(rows, 'rows');
}

async function landed(cluster: Cluster, acceptances: number): Promise<void> {
  const deadlineMs = performance.now() + LANDING_LIMIT_MS;
  while ((await rowsIn(cluster)) < acceptances) {
    if (performance.now() > deadlineMs) throw new Error('not everything has landed in time');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function usOf(from: Sight, to: Sight, members: readonly Member[]): number {
  const total = ({ costs }: Sight): number =>
    members.flatMap((member) => costs[member]).reduce((sum, { totalUs }) => sum + totalUs, 0);
  return total(to) - total(from);
}

function perReport(from: Sight, to: Sight): ClusterRun['cpuUs'] {
  const accepted = to.accepted - from.accepted;
  const rows = to.landed - from.landed;
  const us = {
    gateway: usOf(from, to, ['gateway']) / accepted,
    broker: usOf(from, to, ['broker']) / accepted,
    consumers: usOf(from, to, ['consumers']) / rows,
    store: usOf(from, to, ['store']) / rows,
  };
  return { ...us, total: us.gateway + us.broker + us.consumers + us.store };
}

function coresOf(from: Sight, to: Sight): Readonly<Record<Member, number>> {
  const of = (member: Member): number => usOf(from, to, [member]) / 1_000 / (to.atMs - from.atMs);
  return { gateway: of('gateway'), broker: of('broker'), consumers: of('consumers'), store: of('store') };
}

function memoryOf(costs: Sight['costs']): ClusterRun['memory'] {
  const of = (member: Member): readonly Memory[] =>
    costs[member].map(({ peakRssMib, anonMib }) => ({ peakRssMib, anonMib }));
  return { gateway: of('gateway'), broker: of('broker'), consumers: of('consumers'), store: of('store') };
}

/** What a run found, in a few lines. */
export function clusterLines(run: ClusterRun): readonly string[] {
  const { shape, cpuUs, memory, verified } = run;
  const mib = MEMBERS.map((member) => {
    const each = memory[member].map(
      ({ peakRssMib, anonMib }) => `${peakRssMib.toFixed(0)} (${anonMib.toFixed(0)})`,
    );
    return `${member} ${each.join(', ')}`;
  });
  const idle = MEMBERS.map((member) => `${member} ${run.idleCores[member].toFixed(3)}`);
  return [
    `  ${shape.gateways} gateways, ${shape.consumers} consumers, ${shape.partitions} partitions: ` +
      `${run.perS.toFixed(0)}/s from the first report sent to the last one visible, accepted ${run.acceptedPerS.toFixed(0)}/s; ` +
      `lost ${verified.lost}, doubled ${verified.doubled}, audit ${run.auditHolds ? 'holds' : 'DOES NOT HOLD'}`,
    `  CPU ${cpuUs.total.toFixed(1)} µs a report: gateway ${cpuUs.gateway.toFixed(1)}, broker ${cpuUs.broker.toFixed(1)}, ` +
      `consumers ${cpuUs.consumers.toFixed(1)}, store ${cpuUs.store.toFixed(1)}; generator ${run.generatorUs.toFixed(1)}; ` +
      `others ${run.otherCores.toFixed(2)} cores; idle cores: ${idle.join(', ')}`,
    `  acknowledgement p50 ${run.ackP50Ms.toFixed(1)}, p99 ${run.ackP99Ms.toFixed(1)} ms; ` +
      `visible p50 ${run.freshnessP50Ms.toFixed(0)}, p99 ${run.freshnessP99Ms.toFixed(0)} ms; waits ${run.waits}`,
    `  most resident memory (anonymous at the end), MiB: ${mib.join('; ')}`,
    `  log ${run.logBytesPerRecord.toFixed(0)} bytes a record, store ${run.storeBytesPerRow.toFixed(0)} bytes a row, ` +
      `${run.rowsPerBlock.toFixed(0)} rows an insert`,
  ];
}
