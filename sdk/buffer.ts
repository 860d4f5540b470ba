// The reports without a receipt: how many there are, which of them wait to be sent. Knows no network.
import type { Pending } from './pending.js';
import type { Receipt } from './receipt.js';

export interface BufferLimits {
  readonly maxBufferedReports: number;
  readonly maxBufferedBytes: number;
}

/** Receipts given out since the start, by status. */
export interface Tally {
  accepted: number;
  rejected: number;
  unsent: number;
}

/** Waiting reports stand in order of reporting; every report is counted until its receipt is given. */
export class ReportBuffer {
  readonly tally: Tally = { accepted: 0, rejected: 0, unsent: 0 };
  readonly #limits: BufferLimits;
  #queue: Pending[] = [];
  #waitingBytes = 0;
  #unanswered = 0;
  #unansweredBytes = 0;
  #ordinal = 0;
  #room: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** Whether one more report is taken. */
  get hasRoom(): boolean {
    return (
      this.#unanswered < this.#limits.maxBufferedReports &&
      this.#unansweredBytes < this.#limits.maxBufferedBytes
    );
  }

  get isHalfEmpty(): boolean {
    const { maxBufferedReports, maxBufferedBytes } = this.#limits;
    return this.#unanswered * 2 <= maxBufferedReports && this.#unansweredBytes * 2 <= maxBufferedBytes;
  }

  /** How many of these reports, from the first, would be taken. */
  howManyFit(reports: readonly { readonly bytes: Uint8Array }[]): number {
    let bytes = this.#unansweredBytes;
    let count = 0;
    for (const report of reports) {
      if (this.#unanswered + count >= this.#limits.maxBufferedReports) break;
      if (bytes >= this.#limits.maxBufferedBytes) break;
      bytes += report.bytes.length;
      count++;
    }
    return count;
  }

  /** Reports that wait to be sent, or to be sent again. */
  get waiting(): number {
    return this.#queue.length;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Reports without a receipt: those that wait and those that were sent. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** When the first of the waiting reports runs out of time. */
  get firstDeadlineMs(): number | undefined {
    return this.#queue[0]?.deadlineMs;
  }

  add(reportId: string, bytes: Uint8Array, deadlineMs: number, resolve: (receipt: Receipt) => void): void {
    this.#queue.push({ reportId, bytes, ordinal: this.#ordinal++, deadlineMs, resolve });
    this.#waitingBytes += bytes.length;
    this.#unanswered++;
    this.#unansweredBytes += bytes.length;
  }

  /** The first reports that wait, at most `maxReports` of at most `maxBytes` together, but at least one. */
  take(maxReports: number, maxBytes: number): Pending[] {
    let count = 0;
    let bytes = 0;
    for (const pending of this.#queue) {
      if (count === maxReports || (count > 0 && bytes + pending.bytes.length > maxBytes)) break;
      count++;
      bytes += pending.bytes.length;
    }
    this.#waitingBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  /** The waiting reports whose time is up at `nowMs`. */
  takeExpired(nowMs: number): Pending[] {
    let count = 0;
    for (const pending of this.#queue) {
      if (pending.deadlineMs > nowMs) break;
      count++;
      this.#waitingBytes -= pending.bytes.length;
    }
    return this.#queue.splice(0, count);
  }

  /** Lets reports that were sent wait again, in order of reporting; returns how many still needed to. */
  putBack(sent: readonly Pending[]): number {
    const again = sent.filter((pending) => pending.resolve !== undefined);
    if (again.length === 0) return 0;
    for (const { bytes } of again) this.#waitingBytes += bytes.length;
    this.#queue = again.concat(this.#queue).sort((a, b) => a.ordinal - b.ordinal);
    return again.length;
  }

  /** Gives the receipt, unless the report has one already. */
  settle(pending: Pending, receipt: Receipt): void {
    const { resolve } = pending;
    if (resolve === undefined) return;
    pending.resolve = undefined;
    this.#unanswered--;
    this.#unansweredBytes -= pending.bytes.length;
    this.count(receipt);
    resolve(receipt);
    if (this.#room !== undefined && this.hasRoom) {
      this.#room.open();
      this.#room = undefined;
    }
  }

  /** Counts a receipt, also of a report that never came in here. */
  count(receipt: Receipt): void {
    switch (receipt.status) {
      case 'ACCEPTED':
        this.tally.accepted++;
        break;
      case 'REJECTED':
        this.tally.rejected++;
        break;
      case 'UNSENT':
        this.tally.unsent++;
    }
  }

  /** Resolves as soon as there is room; all who wait share one promise. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    if (this.#room === undefined) {
      let open = (): void => undefined;
      const promise = new Promise<void>((resolve) => (open = resolve));
      this.#room = { promise, open };
    }
    return this.#room.promise;
  }
}
