import { REACH_KEYS, toReach, type Reach, type ReachOptions } from './reach.js';
import { asRecord, textOf, toNumbers } from './read-options.js';
import { harmless } from './harmless.js';
import { SPOOL_RANGES, spoolFaults, type SpoolChoices, type SpoolOptions } from './spool-options.js';

/** What a platform decides. Everything but `endpoint` and `token` has a default. */
export interface ReporterOptions extends ReachOptions {
  /** Most reports in one batch (1 to 1,000; default 500). */
  readonly maxBatchReports?: number;
  /** Most bytes in one batch, and in one report (default 1 MiB). */
  readonly maxBatchBytes?: number;
  /** How long a report may wait for others to fill its batch, in milliseconds (default 20). */
  readonly lingerMs?: number;
  /** Most reports without a receipt (default 10,000). */
  readonly maxBufferedReports?: number;
  /** Most bytes of reports without a receipt; the last one taken may go beyond (default 16 MiB). */
  readonly maxBufferedBytes?: number;
  /** Most batches without an answer (default 16). */
  readonly maxInFlightBatches?: number;
  /** From `report()` to its receipt, in milliseconds (default 30,000). */
  readonly deadlineMs?: number;
  /** How long the gateway may owe an answer before the connection is given up (default 10,000). */
  readonly answerTimeoutMs?: number;
  /** Keeps every report on the disk until it has its receipt. Default: reports are in memory only. */
  readonly spool?: SpoolOptions;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

const RANGES = {
  maxBatchReports: { value: 500, min: 1, max: 1_000 },
  // A gateway takes messages of at most 4 MiB.
  maxBatchBytes: { value: MIB, min: 1_024, max: 4 * MIB - 1_024 },
  lingerMs: { value: 20, min: 0, max: 60_000 },
  maxBufferedReports: { value: 10_000, min: 1, max: 10_000_000 },
  maxBufferedBytes: { value: 16 * MIB, min: 1_024, max: 4_096 * MIB },
  maxInFlightBatches: { value: 16, min: 1, max: 1_000 },
  deadlineMs: { value: 30_000, min: 1, max: DAY_MS },
  answerTimeoutMs: { value: 10_000, min: 1, max: DAY_MS },
} as const;

export type Settings = Readonly<Record<keyof typeof RANGES, number>> &
  Reach & { readonly spool: SpoolChoices | undefined };

/** Fully decided settings. Throws one TypeError that names every fault, and never the token. */
export function toSettings(options: ReporterOptions): Settings {
  const faults: string[] = [];
  const given = asRecord(options);
  const known = new Set([...Object.keys(RANGES), ...REACH_KEYS, 'spool']);
  for (const key of Object.keys(given)) if (!known.has(key)) faults.push(`${key} is not an option`);
  const reach = toReach(options, faults);
  const sizes = toNumbers(given, RANGES, '', faults);
  const spool = 'spool' in given ? toSpool(options.spool, faults) : undefined;
  if (faults.length > 0) throw new TypeError(`Reporter options: ${faults.join('; ')}`);
  return { ...sizes, ...reach, spool };
}

function toSpool(options: SpoolOptions | undefined, faults: string[]): SpoolChoices | undefined {
  if (options === undefined) return undefined;
  const given = asRecord(options);
  faults.push(...spoolFaults(given));
  return {
    ...toNumbers(given, SPOOL_RANGES, 'spool.', faults),
    directory: textOf(given['directory']),
    onReceipt: harmless(options.onReceipt),
    onFault: harmless(options.onFault),
  };
}
