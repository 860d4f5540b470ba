import type { Receipt } from './receipt.js';

/** A directory in which reports outlive an outage, a full buffer and the process. */
export interface SpoolOptions {
  /** Made where it is missing, for its owner only. It holds the content of reports in the open. Processes may share it. */
  readonly directory: string;
  /** Most bytes on the disk, of this process (1 MiB or more; default 256 MiB). When they are full, new reports are refused. */
  readonly maxBytes?: number;
  /** How long a report is tried, in milliseconds (default 7 days); then it is given up, and that is told. */
  readonly maxAgeMs?: number;
  /** Told every receipt that no promise can tell any more: of reports kept by an earlier process, and of those told SPOOLED. */
  readonly onReceipt?: (receipt: Receipt) => void;
  /** Told that reports were damaged on the disk, or that the disk failed. */
  readonly onFault?: (fault: SpoolFault) => void;
}

export type SpoolFault =
  /** So many bytes of kept reports cannot be read any more and are left out. */
  | { readonly kind: 'DAMAGED'; readonly bytes: number }
  /** The disk failed, with its words. Told once until it works again; until then reports are in memory only. */
  | { readonly kind: 'DISK'; readonly message: string };

export interface SpoolChoices {
  readonly directory: string;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly onReceipt: (receipt: Receipt) => void;
  readonly onFault: (fault: SpoolFault) => void;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

export const SPOOL_RANGES = {
  maxBytes: { value: 256 * MIB, min: MIB, max: 1024 * 1024 * MIB },
  maxAgeMs: { value: 7 * DAY_MS, min: 1, max: 365 * DAY_MS },
} as const;

const FUNCTIONS = ['onReceipt', 'onFault'] as const;

/** What is wrong with the options, beside their numbers. */
export function spoolFaults(given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  const known = new Set(['directory', ...Object.keys(SPOOL_RANGES), ...FUNCTIONS]);
  for (const key of Object.keys(given)) if (!known.has(key)) faults.push(`spool.${key} is not an option`);
  const { directory } = given;
  if (typeof directory !== 'string' || directory === '') faults.push('spool.directory must be a path');
  for (const name of FUNCTIONS) {
    const found = given[name];
    if (found !== undefined && typeof found !== 'function') faults.push(`spool.${name} must be a function`);
  }
  return faults;
}
