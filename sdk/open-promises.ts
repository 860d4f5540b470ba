// The promises of report() while there is a spool: each ends with a verdict, or tells in time that its report is kept.
import { Alarm } from './alarm.js';
import type { Settings } from './options.js';
import { unsent, type Receipt, type Unsent } from './receipt.js';
import type { KeptReport } from './spool-frame.js';

/** A report on its way, with the promise that waits for it, if one does. */
export interface Promised extends KeptReport {
  /** By the monotonic clock: when the promise ends. */
  readonly deadlineMs: number;
  /** Whether it is on the disk. */
  isKept: boolean;
  resolve: ((receipt: Receipt) => void) | undefined;
}

export class OpenPromises {
  readonly #settings: Settings;
  readonly #onReceipt: (receipt: Receipt) => void;
  readonly #lastFailure: () => string;
  /** In order of their deadlines. */
  readonly #open = new Set<Promised>();
  /** Holds the process while somebody waits for a promise. */
  readonly #deadline = new Alarm(() => this.#expire(), true);

  /** `onReceipt` hears the verdicts that come after their promise has ended. */
  constructor(settings: Settings, onReceipt: (receipt: Receipt) => void, lastFailure: () => string) {
    this.#settings = settings;
    this.#onReceipt = onReceipt;
    this.#lastFailure = lastFailure;
  }

  open(reportId: string, bytes: Uint8Array, resolve: (receipt: Receipt) => void): Promised {
    const { clock, deadlineMs } = this.#settings;
    const entry = {
      reportId,
      bytes,
      atMs: clock.wallMs(),
      deadlineMs: clock.monotonicMs() + deadlineMs,
      isKept: false,
      resolve,
    };
    this.#open.add(entry);
    this.#deadline.set(deadlineMs);
    return entry;
  }

  /** Tells what became of the report. */
  answer(entry: Promised, receipt: Receipt): void {
    if (entry.resolve === undefined) this.#onReceipt(receipt);
    else this.#end(entry, entry.resolve, receipt);
  }

  /** Ends the promise, if it is open, before there is a verdict: SPOOLED where the report is on the disk. */
  release(entry: Promised, otherwise: Unsent): void {
    if (entry.resolve === undefined) return;
    const message = `kept on the disk (${this.#lastFailure()}); its receipt goes to spool.onReceipt`;
    const kept = entry.isKept ? unsent(entry.reportId, 'SPOOLED', message) : otherwise;
    this.#end(entry, entry.resolve, kept);
  }

  /** Ends those that are left. */
  close(): void {
    for (const entry of this.#open) {
      this.release(entry, unsent(entry.reportId, 'CLOSED', 'the Reporter was closed; nothing was kept'));
    }
  }

  #end(entry: Promised, resolve: (receipt: Receipt) => void, receipt: Receipt): void {
    entry.resolve = undefined;
    this.#open.delete(entry);
    if (this.#open.size === 0) this.#deadline.clear();
    resolve(receipt);
  }

  #expire(): void {
    const nowMs = this.#settings.clock.monotonicMs();
    const message = `no receipt within ${this.#settings.deadlineMs} ms (${this.#lastFailure()}); it is still being sent`;
    for (const entry of this.#open) {
      if (entry.deadlineMs > nowMs) {
        this.#deadline.set(entry.deadlineMs - nowMs);
        return;
      }
      this.release(entry, unsent(entry.reportId, 'DEADLINE', message));
    }
  }
}
