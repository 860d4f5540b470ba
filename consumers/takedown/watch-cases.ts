// What happens to cases without an event from outside: further reports, retractions, bells. One process does it at a
// time, the owner of the first partition of takedowns; that two do it for a moment, or one twice, changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFault, type Log, type PartitionReader } from '../../log/log.js';
import type { Pause } from '../patiently.js';
import { followReports } from './follow-reports.js';
import type { KeepingCases } from './keep-cases.js';
import { BellRinger } from './ring-bells.js';

export interface WatchingCases extends KeepingCases {
  readonly log: Log;
  /** Whose commits say what has landed. */
  readonly group: string;
  /** Of the topic of reports. */
  readonly reportsEpoch: number;
  /** How long after one look the next begins, in ms; 1,000 when left out. */
  readonly everyMs?: number;
  /** How much a clock may be ahead of the others before a bell rings too early, in ms; two minutes when left out. */
  readonly clockMarginMs?: number;
  /** How to wait; by the clock of the machine when left out. */
  readonly pause?: Pause | undefined;
}

const EVERY_MS = 1_000;
const CLOCK_MARGIN_MS = 120_000;

/**
 * Runs until the reader of partition 0 of the takedown topic is revoked. A log that refuses for now is asked again at
 * the next look. Rejects as `select` and `insert` do, and with a fault of the log that does not pass.
 */
export async function watchCases(deps: WatchingCases, reader: PartitionReader): Promise<void> {
  const { everyMs = EVERY_MS, clockMarginMs = CLOCK_MARGIN_MS, pause = pauseByClock } = deps;
  const bells = new BellRinger(deps, clockMarginMs);
  while (!reader.revoked.aborted) {
    try {
      await followReports(deps, reader.revoked);
      await bells.ring(reader.revoked);
    } catch (fault) {
      if (!(fault instanceof LogFault && fault.retryable)) throw fault;
    }
    await pause(everyMs, reader.revoked);
  }
}

async function pauseByClock(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects when the signal aborts.
  await Promise.allSettled([sleep(ms, undefined, { signal })]);
}
