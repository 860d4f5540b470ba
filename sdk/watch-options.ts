import type { RetryBounds } from './retry.js';
import { asRecord, toNumbers } from './read-options.js';
import { toRetry } from './reach.js';
import { harmless } from './harmless.js';

/** How one watch is kept. Everything has a default. */
export interface WatchOptions {
  /**
   * The last one given to `saveCursor`: everything after it is told. Empty (the default): notices from the first one
   * ever, outcomes from now on.
   */
  readonly cursor?: string;
  /** Keeps the cursor: everything up to it is worked off. Called with the newest one only, one at a time, again where it fails. */
  readonly saveCursor?: (cursor: string) => unknown;
  /** Handlers that may run at once; of one case, or one report, never more than one (1 to 1,000; default 8). */
  readonly concurrency?: number;
  /** Notices or outcomes held in memory, beyond which no more are read; the last message may go beyond (1 to 100,000; default 256). */
  readonly maxPending?: number;
  /** Bounds of the pause before a handler that failed is called again (default 1 s and 60 s). */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number };
  /** Told what goes wrong and goes on. Without it nobody hears of it. */
  readonly onFault?: (fault: WatchFault) => void;
}

export type WatchFault =
  /** The connection is lost, or was not made, or the credential is refused; tried again in `retryInMs`, for ever. */
  | {
      readonly kind: 'DISCONNECTED';
      readonly code: string;
      readonly message: string;
      readonly retryInMs: number;
    }
  /** The gateway does not take the cursor: the watch begins anew as with an empty one. */
  | { readonly kind: 'CURSOR_REFUSED'; readonly code: string; readonly message: string }
  /** The handler threw or rejected: it is told the same again in `retryInMs`. `id`: the notice's or the report's. */
  | {
      readonly kind: 'HANDLER_FAILED';
      readonly id: string;
      readonly attempt: number;
      readonly error: unknown;
      readonly retryInMs: number;
    }
  /** `saveCursor` threw or rejected: it is called again. */
  | { readonly kind: 'CURSOR_NOT_SAVED'; readonly error: unknown };

export interface WatchSettings {
  readonly cursor: string;
  readonly saveCursor: ((cursor: string) => unknown) | undefined;
  readonly concurrency: number;
  readonly maxPending: number;
  readonly retry: RetryBounds;
  readonly onFault: (fault: WatchFault) => void;
}

const RANGES = {
  concurrency: { value: 8, min: 1, max: 1_000 },
  maxPending: { value: 256, min: 1, max: 100_000 },
} as const;
const RETRY_RANGES = {
  initialMs: { value: 1_000, min: 1, max: 600_000 },
  maxMs: { value: 60_000, min: 1, max: 86_400_000 },
} as const;
const OTHER_KEYS = ['cursor', 'saveCursor', 'retry', 'onFault'];

/** Fully decided settings. Throws one TypeError that names every fault. */
export function toWatchSettings(handler: unknown, options: WatchOptions): WatchSettings {
  const faults: string[] = [];
  const given = asRecord(options);
  const known = new Set([...Object.keys(RANGES), ...OTHER_KEYS]);
  for (const key of Object.keys(given)) if (!known.has(key)) faults.push(`${key} is not an option`);
  if (typeof handler !== 'function') faults.push('the handler must be a function');
  const cursor = given['cursor'] ?? '';
  if (typeof cursor !== 'string') faults.push('cursor must be a string');
  for (const name of ['saveCursor', 'onFault']) {
    const found = given[name];
    if (found !== undefined && typeof found !== 'function') faults.push(`${name} must be a function`);
  }
  const numbers = toNumbers(given, RANGES, '', faults);
  const retry = toRetry(given['retry'], faults, RETRY_RANGES);
  if (faults.length > 0) throw new TypeError(`options of a watch: ${faults.join('; ')}`);
  return {
    ...numbers,
    retry,
    cursor: options.cursor ?? '',
    saveCursor: options.saveCursor,
    onFault: harmless(options.onFault),
  };
}
