// As fast as it goes: from the generator's wire bytes to rows, through a real `lachan start`.
import { join } from 'node:path';
import { machineUs, perReport, type Cost, type Role } from './cpu.js';
import { askStore } from './ask-store.js';
import { generate } from './generator.js';
import { Product } from './product.js';
import { percentile } from './statistics.js';
import { verify, type Verified } from './verify.js';

export interface EndToEndOptions {
  readonly root: string;
  readonly reports: number;
  readonly batchReports: number;
  readonly streams: number;
  readonly duplicateShare: number;
  readonly startOptions: readonly string[];
  readonly profile: boolean;
  readonly say: (line: string) => void;
}

/** What a stretch of the run cost. */
export interface Stretch {
  /** Accepted at its end. */
  readonly reports: number;
  /** Landed in it. */
  readonly perS: number;
  /** The main thread for each report accepted, the others for each one landed. */
  readonly cpuUs: Readonly<Record<Role | 'total', number>>;
  readonly rssMib: number;
  readonly anonMib: number;
  /** Accepted at its end and not yet landed. */
  readonly lag: number;
  readonly logMib: number;
  readonly storeMib: number;
  /** Directories of parts, those merged away and not yet deleted included. */
  readonly partDirectories: number;
}

export interface EndToEnd {
  readonly perS: number;
  readonly acceptedPerS: number;
  readonly cpuUs: Readonly<Record<Role | 'total', number>>;
  readonly generatorUs: number;
  /** Cores that were busy with neither the product nor the generator: above 0.1 the figures suffer. */
  readonly otherCores: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly freshnessP99Ms: number;
  readonly waits: number;
  readonly peakRssMib: number;
  readonly peakAnonMib: number;
  readonly meanReportBytes: number;
  readonly auditHolds: boolean;
  readonly series: readonly Stretch[];
  readonly verified: Omit<Verified, 'freshness'>;
}

const MIB = 1_048_576;
const SAMPLE_MS = 500;
const LANDING_LIMIT_MS = 300_000;

export async function endToEnd(options: EndToEndOptions): Promise<EndToEnd> {
  const { reports, say } = options;
  const product = await Product.start(
    join(options.root, 'end-to-end'),
    options.startOptions,
    options.profile,
  );
  const token = await product.addProvider();
  const before = product.cost();
  const machineBefore = machineUs();
  const beganMs = performance.now();
  const series: Stretch[] = [];
  let peakAnonMib = before.anonMib;
  const sampling = setInterval(
    () => (peakAnonMib = Math.max(peakAnonMib, product.cost().anonMib)),
    SAMPLE_MS,
  );

  const stretch = stretchOf(reports);
  let last: Mark = { reports: 0, landed: 0, atMs: beganMs, cost: before };
  const measure = async (reached: number): Promise<void> => {
    const found = await look(product, reached, last);
    // Nothing has landed since: its cost belongs to the next stretch.
    if (found.mark.landed === last.landed) return;
    last = found.mark;
    series.push(found.stretch);
    say(lineOf(found.stretch));
  };
  let measuring = Promise.resolve();
  let next = stretch;
  const sent = await generate(
    {
      endpoints: [product.endpoint],
      token,
      reports,
      batchReports: options.batchReports,
      ratePerS: undefined,
      streams: options.streams,
      batchesInFlight: 8,
      duplicateShare: options.duplicateShare,
      seed: 1,
      probeEveryMs: 0,
    },
    (accepted) => {
      if (accepted < next || accepted >= reports) return;
      next += stretch;
      measuring = measuring.then(() => measure(accepted));
      measuring.catch(() => undefined);
    },
  );
  await measuring;
  await product.landed(LANDING_LIMIT_MS);
  await measure(sent.acceptances);
  const after = product.cost();
  const others = machineUs() - machineBefore - (after.totalUs - before.totalUs) - sent.cpuUs;
  const otherCores = others / 1_000 / (performance.now() - beganMs);
  clearInterval(sampling);
  say('  checking: audit, then report by report');
  const auditHolds = await product.auditHolds();
  await product.stop();
  const { freshness, ...verified } = await verify(
    (statements) => askStore(product.dataDir, statements),
    sent,
  );
  const acks = sent.batches.map(({ ackMs }) => ackMs);
  return {
    perS: verified.rows / ((verified.lastVisibleAtMs - sent.firstSentAtMs) / 1_000),
    acceptedPerS: sent.acceptances / ((sent.lastAnswerAtMs - sent.firstSentAtMs) / 1_000),
    cpuUs: perReport(before, after, sent.acceptances),
    generatorUs: sent.cpuUs / sent.submitted,
    otherCores,
    ackP50Ms: percentile(acks, 0.5),
    ackP99Ms: percentile(acks, 0.99),
    freshnessP99Ms: percentile(
      freshness.map(({ ms }) => ms),
      0.99,
    ),
    waits: sent.waits,
    peakRssMib: after.peakRssMib,
    peakAnonMib: Math.max(peakAnonMib, after.anonMib),
    meanReportBytes: sent.meanReportBytes,
    auditHolds,
    series,
    verified,
  };
}

/** A million, or a fifth of what there is. */
function stretchOf(reports: number): number {
  return Math.min(1_000_000, Math.ceil(reports / 5));
}

interface Mark {
  readonly reports: number;
  readonly landed: number;
  readonly atMs: number;
  readonly cost: Cost;
}

async function look(
  product: Product,
  reports: number,
  last: Mark,
): Promise<{ readonly mark: Mark; readonly stretch: Stretch }> {
  const lag = (await product.metrics()).get('lachan_landing_lag_records') ?? NaN;
  const mark = { reports, landed: reports - lag, atMs: performance.now(), cost: product.cost() };
  const { cost } = mark;
  const accepting = perReport(last.cost, cost, reports - last.reports);
  const landing = perReport(last.cost, cost, mark.landed - last.landed);
  const store = product.sizeOf('store');
  const stretch = {
    reports,
    perS: (mark.landed - last.landed) / ((mark.atMs - last.atMs) / 1_000),
    cpuUs: { ...landing, main: accepting.main, total: landing.total - landing.main + accepting.main },
    rssMib: cost.rssMib,
    anonMib: cost.anonMib,
    lag,
    logMib: product.sizeOf('log').bytes / MIB,
    storeMib: store.bytes / MIB,
    partDirectories: store.parts,
  };
  return { mark, stretch };
}

function lineOf({ reports, perS, cpuUs, ...at }: Stretch): string {
  return (
    `  ${String(reports).padStart(9)} accepted  ${perS.toFixed(0).padStart(6)}/s  ` +
    `CPU ${cpuUs.total.toFixed(1)} µs (main ${cpuUs.main.toFixed(1)}, worker ${cpuUs.worker.toFixed(1)}, ` +
    `pool ${cpuUs.pool.toFixed(1)}, v8 ${cpuUs.v8.toFixed(1)}, engine ${cpuUs.engine.toFixed(1)})  ` +
    `RSS ${at.rssMib.toFixed(0)} (anon ${at.anonMib.toFixed(0)}) MiB  lag ${at.lag}  ` +
    `log ${at.logMib.toFixed(0)} MiB  store ${at.storeMib.toFixed(0)} MiB  parts ${at.partDirectories}`
  );
}
