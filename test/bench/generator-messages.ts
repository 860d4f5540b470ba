// What the benchmark and its generator say to each other.
import type { JournalRange } from './number-plan.js';

/** One run of the generator. */
export interface SendJob {
  /** Streams go round them. */
  readonly endpoints: readonly string[];
  readonly token: string;
  /** How many reports in all; with a rate, the run is as long as that takes. */
  readonly reports: number;
  readonly batchReports: number;
  /** Reports a second, or undefined for as fast as they are taken. */
  readonly ratePerS: number | undefined;
  readonly streams: number;
  /** Unanswered batches a stream may have. */
  readonly batchesInFlight: number;
  readonly duplicateShare: number;
  readonly seed: number;
  /** Every so many milliseconds a report just sent is asked for until it is there; 0: never. */
  readonly probeEveryMs: number;
}

/** One batch that was taken. Times in milliseconds since 1970, with fractions. */
export interface SentBatch {
  readonly firstNumber: number;
  readonly reports: number;
  /** When it was due, or, without a rate, when it was first sent. */
  readonly dueAtMs: number;
  readonly ackMs: number;
}

/** From being due (milliseconds since 1970) to being found by GetReport. */
export interface Probe {
  readonly dueAtMs: number;
  readonly ms: number;
}

export interface SentSoFar {
  readonly kind: 'progress';
  readonly acceptances: number;
  /** Since the last message. */
  readonly batches: readonly SentBatch[];
}

export interface SentAll {
  readonly kind: 'done';
  readonly submitted: number;
  readonly acceptances: number;
  readonly rejections: number;
  /** Batches that the gateway asked to send again later. */
  readonly waits: number;
  readonly distinct: number;
  readonly journal: readonly JournalRange[];
  readonly firstSentAtMs: number;
  readonly lastAnswerAtMs: number;
  /** CPU of the generator's process over the run, microseconds. */
  readonly cpuUs: number;
  readonly meanReportBytes: number;
  readonly probes: readonly Probe[];
}

export interface SendFailed {
  readonly kind: 'failed';
  readonly message: string;
}

export type FromGenerator = SentSoFar | SentAll | SendFailed;
