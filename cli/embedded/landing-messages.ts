// What the main thread and the landing thread say to each other.
import type { LogPosition } from '../../schemas/log-position.js';
import type { StoreFault, Block, QueryParam, Row } from '../../store/store.js';

/** What the landing thread is started with. */
export interface LandingSetup {
  readonly storeDirectory: string;
  readonly database: string;
  readonly logDirectory: string;
  readonly logMaxBytes: number;
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  readonly maxBatchWaitMs: number;
  readonly maxExactKeys: number;
  readonly maxDeadLettersInARow: number;
  readonly maxDeadLetterShare: number;
  readonly acceptDeadLettersTo: readonly LogPosition[];
  readonly countryMmdb: string | undefined;
  readonly asnMmdb: string | undefined;
  /** As `openRules` takes them. */
  readonly takedownRules: unknown;
}

export type ToLanding =
  | { readonly id: number; readonly op: 'command'; readonly sql: string }
  | {
      readonly id: number;
      readonly op: 'select';
      readonly sql: string;
      readonly params: Readonly<Record<string, QueryParam>> | undefined;
    }
  | { readonly id: number; readonly op: 'insert'; readonly block: Block }
  | { readonly id: number; readonly op: 'noteLandingTimes' }
  | { readonly id: number; readonly op: 'close' };

/** A fault that crossed threads: only what a caller may know. */
export interface FaultMessage {
  readonly name: string;
  readonly message: string;
  readonly retry: StoreFault['retry'] | undefined;
  readonly engineCode: string | undefined;
}

export type FromLanding =
  | { readonly kind: 'ready'; readonly lookups: string; readonly lookupAgeDays: number }
  | { readonly kind: 'answer'; readonly id: number; readonly rows: readonly Row[] }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: FaultMessage }
  | { readonly kind: 'landed'; readonly topic: string; readonly from: number; readonly to: number }
  | { readonly kind: 'deadLetters'; readonly count: number }
  | { readonly kind: 'retry'; readonly topic: string; readonly fault: FaultMessage }
  | { readonly kind: 'stopped'; readonly fault: FaultMessage };
