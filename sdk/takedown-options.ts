import { REACH_KEYS, toReach, type Reach, type ReachOptions } from './reach.js';
import { asRecord, toNumbers } from './read-options.js';

/** What a platform decides. Everything but `endpoint` and `token` has a default. */
export interface TakedownsOptions extends ReachOptions {
  /** How long an action may wait for others to fill its batch, in milliseconds (default 20). */
  readonly lingerMs?: number;
  /** Most actions without a receipt (default 10,000). */
  readonly maxBufferedActions?: number;
  /** From `claim()` and the like to the receipt, in milliseconds (default 30,000). */
  readonly deadlineMs?: number;
  /** How long the gateway may owe an answer before the connection is given up (default 10,000). */
  readonly answerTimeoutMs?: number;
  /** How long a watch may hear nothing before its connection is given up (default 75,000). */
  readonly silenceMs?: number;
}

const DAY_MS = 86_400_000;

const RANGES = {
  lingerMs: { value: 20, min: 0, max: 60_000 },
  maxBufferedActions: { value: 10_000, min: 1, max: 1_000_000 },
  deadlineMs: { value: 30_000, min: 1, max: DAY_MS },
  answerTimeoutMs: { value: 10_000, min: 1, max: DAY_MS },
  silenceMs: { value: 75_000, min: 1, max: DAY_MS },
} as const;

export type TakedownSettings = Readonly<Record<keyof typeof RANGES, number>> & Reach;

/** Fully decided settings. Throws one TypeError that names every fault, and never the token. */
export function toTakedownSettings(options: TakedownsOptions): TakedownSettings {
  const faults: string[] = [];
  const given = asRecord(options);
  const known = new Set([...Object.keys(RANGES), ...REACH_KEYS]);
  for (const key of Object.keys(given)) if (!known.has(key)) faults.push(`${key} is not an option`);
  const reach = toReach(options, faults);
  const numbers = toNumbers(given, RANGES, '', faults);
  if (faults.length > 0) throw new TypeError(`Takedowns options: ${faults.join('; ')}`);
  return { ...numbers, ...reach };
}
