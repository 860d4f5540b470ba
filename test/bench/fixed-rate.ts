// A fixed rate, as a country sends day and night: how soon reports are acknowledged and visible, and whether it stays so.
import { join } from 'node:path';
import { machineUs, perReport, type Cost, type Role } from './cpu.js';
import { askStore } from './ask-store.js';
import { generate } from './generator.js';
import type { SentBatch } from './generator-messages.js';
import { Product } from './product.js';
import { percentile } from './statistics.js';
import { verify, type Freshness, type Verified } from './verify.js';

export interface FixedRateOptions {
  readonly root: string;
  readonly name: 'latency' | 'soak';
  readonly ratePerS: number;
  readonly seconds: number;
  readonly batchReports: number;
  readonly streams: number;
  readonly duplicateShare: number;
  readonly startOptions: readonly string[];
  readonly profile: boolean;
  readonly say: (line: string) => void;
}

export interface Minute {
  readonly minute: number;
  readonly ackP99Ms: number;
  readonly freshnessP99Ms: number;
  readonly cpuUs: number;
  readonly rssMib: number;
  readonly anonMib: number;
  readonly lag: number;
  readonly logMib: number;
}

export interface FixedRate {
  readonly perS: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly freshnessP50Ms: number;
  readonly freshnessP99Ms: number;
  /** By asking GetReport every 50 ms until the report was there. */
  readonly probedP50Ms: number;
  readonly probedMostMs: number;
  readonly cpuUs: Readonly<Record<Role | 'total', number>>;
  /** CPU while nothing is sent, as a share of one core. */
  readonly idleCores: number;
  readonly generatorUs: number;
  /** Cores that were busy with neither the product nor the generator: above 0.1 the figures suffer. */
  readonly otherCores: number;
  readonly waits: number;
  readonly peakRssMib: number;
  readonly peakAnonMib: number;
  readonly auditHolds: boolean;
  readonly minutes: readonly Minute[];
  readonly verified: Omit<Verified, 'freshness'>;
}

const MIB = 1_048_576;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Code is still being compiled: counted in nothing but the check. */
const WARM_UP_MS = 10_000;
const IDLE_MS = 3_000;
const PROBE_EVERY_MS = 5_000;
const LANDING_LIMIT_MS = 300_000;

export async function fixedRate(options: FixedRateOptions): Promise<FixedRate> {
  const { ratePerS, say } = options;
  const product = await Product.start(
    join(options.root, options.name),
    options.startOptions,
    options.profile,
  );
  const token = await product.addProvider();
  const idleFrom = product.cost();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idleTo = product.cost();

  const sights: Sight[] = [];
  let peakAnonMib = 0;
  let warm: { readonly cost: Cost; readonly acceptances: number } | undefined;
  let looking = Promise.resolve();
  let nextSightMs = MINUTE_MS;
  const startedAtMs = performance.now();
  const machineBefore = machineUs();
  const acks: SentBatch[] = [];
  const sent = await generate(
    {
      endpoints: [product.endpoint],
      token,
      reports: Math.round((options.seconds + WARM_UP_MS / SECOND_MS) * ratePerS),
      batchReports: options.batchReports,
      ratePerS,
      streams: options.streams,
      batchesInFlight: 8,
      duplicateShare: options.duplicateShare,
      seed: 1,
      probeEveryMs: PROBE_EVERY_MS,
    },
    (acceptances, batches) => {
      acks.push(...batches);
      const cost = product.cost();
      peakAnonMib = Math.max(peakAnonMib, cost.anonMib);
      const elapsedMs = performance.now() - startedAtMs - WARM_UP_MS;
      if (elapsedMs >= 0) warm ??= { cost, acceptances };
      if (elapsedMs < nextSightMs) return;
      nextSightMs += MINUTE_MS;
      looking = looking.then(async () => {
        const last = sights.at(-1) ?? warm ?? { cost: idleTo, acceptances: 0 };
        sights.push(await look(product, cost, acceptances, last));
        say(lineOf(sights.length, sights.at(-1), acks.splice(0)));
      });
      looking.catch(() => undefined);
    },
  );
  await looking;
  const after = product.cost();
  const others = machineUs() - machineBefore - (after.totalUs - idleTo.totalUs) - sent.cpuUs;
  const otherCores = others / 1_000 / (performance.now() - startedAtMs);
  await product.landed(LANDING_LIMIT_MS);
  say('  checking: audit, then report by report');
  const auditHolds = await product.auditHolds();
  await product.stop();
  const { freshness, ...verified } = await verify(
    (statements) => askStore(product.dataDir, statements),
    sent,
  );

  const from = sent.firstSentAtMs + WARM_UP_MS;
  const late = sent.batches.filter(({ dueAtMs }) => dueAtMs >= from);
  const fresh = freshness.filter(({ dueAtMs }) => dueAtMs >= from).map(({ ms }) => ms);
  const probed = sent.probes.filter(({ dueAtMs }) => dueAtMs >= from).map(({ ms }) => ms);
  const ackMs = late.map((batch) => batch.ackMs);
  const begun = warm ?? { cost: idleTo, acceptances: 0 };
  return {
    perS: sent.acceptances / ((sent.lastAnswerAtMs - sent.firstSentAtMs) / SECOND_MS),
    ackP50Ms: percentile(ackMs, 0.5),
    ackP99Ms: percentile(ackMs, 0.99),
    freshnessP50Ms: percentile(fresh, 0.5),
    freshnessP99Ms: percentile(fresh, 0.99),
    probedP50Ms: percentile(probed, 0.5),
    probedMostMs: percentile(probed, 1),
    cpuUs: perReport(begun.cost, after, sent.acceptances - begun.acceptances),
    idleCores: (idleTo.totalUs - idleFrom.totalUs) / (IDLE_MS * 1_000),
    generatorUs: sent.cpuUs / sent.submitted,
    otherCores,
    waits: sent.waits,
    peakRssMib: after.peakRssMib,
    peakAnonMib,
    auditHolds,
    minutes: sights.map((sight, i) => minuteOf(sight, i, from, late, freshness)),
    verified,
  };
}

interface Sight {
  readonly cost: Cost;
  readonly acceptances: number;
  readonly cpuUs: number;
  readonly lag: number;
  readonly logMib: number;
}

async function look(
  product: Product,
  cost: Cost,
  acceptances: number,
  last: { readonly cost: Cost; readonly acceptances: number },
): Promise<Sight> {
  const metrics = await product.metrics();
  return {
    cost,
    acceptances,
    cpuUs: perReport(last.cost, cost, acceptances - last.acceptances).total,
    lag: metrics.get('lachan_landing_lag_records') ?? NaN,
    logMib: (metrics.get('lachan_log_used_bytes') ?? NaN) / MIB,
  };
}

function minuteOf(
  { cost, cpuUs, lag, logMib }: Sight,
  index: number,
  from: number,
  batches: readonly SentBatch[],
  freshness: readonly Freshness[],
): Minute {
  const within = ({ dueAtMs }: { readonly dueAtMs: number }): boolean =>
    Math.floor((dueAtMs - from) / MINUTE_MS) === index;
  return {
    minute: index + 1,
    ackP99Ms: percentile(
      batches.filter(within).map(({ ackMs }) => ackMs),
      0.99,
    ),
    freshnessP99Ms: percentile(
      freshness.filter(within).map(({ ms }) => ms),
      0.99,
    ),
    cpuUs,
    rssMib: cost.rssMib,
    anonMib: cost.anonMib,
    lag,
    logMib,
  };
}

function lineOf(minute: number, sight: Sight | undefined, batches: readonly SentBatch[]): string {
  if (sight === undefined) return '';
  const { cost, cpuUs, lag, logMib } = sight;
  const ack = percentile(
    batches.map(({ ackMs }) => ackMs),
    0.99,
  );
  return (
    `  minute ${String(minute).padStart(4)}  acknowledgement p99 ${ack.toFixed(0)} ms  CPU ${cpuUs.toFixed(1)} µs a report  ` +
    `RSS ${cost.rssMib.toFixed(0)} (anon ${cost.anonMib.toFixed(0)}) MiB  lag ${lag}  log ${logMib.toFixed(0)} MiB`
  );
}
