import type { Receipt } from './receipt.js';

/** A report that still waits for its receipt. */
export interface Pending {
  readonly reportId: string;
  /** The encoded Report. */
  readonly bytes: Uint8Array;
  /** Order of reporting: 0, 1, 2, … */
  readonly ordinal: number;
  /** By the monotonic clock. Never earlier than that of a report with a lower ordinal. */
  readonly deadlineMs: number;
  /** Hands out the receipt; undefined once that is done. */
  resolve: ((receipt: Receipt) => void) | undefined;
}
