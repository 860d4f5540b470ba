// One stream of batches: what was sent on it, what may be sent, what is unanswered. Knows no timers and no repeats.
import { fromBinary } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { StreamReportsResponseSchema, type StreamReportsResponse } from '@lachan/proto/report-service';
import { assembleBatch } from './assemble-batch.js';
import type { Connection, Failure, ReportStream } from './connection.js';
import type { Pending } from './pending.js';
import { toReceipt, toViolation, type Receipt } from './receipt.js';

/** What the gateway said about one batch. */
export type Answer =
  | { readonly kind: 'RECEIPTS'; readonly receipts: readonly Receipt[] }
  | { readonly kind: 'THROTTLED'; readonly delayMs: number; readonly message: string }
  | { readonly kind: 'REFUSED'; readonly message: string };

export interface SessionListener {
  /** Receipts stand in the order of `reports`. */
  onAnswer(reports: readonly Pending[], answer: Answer): void;
  /** More may be sent than before. */
  onRoom(): void;
  /** Once, unless the session was left first: nothing more will be answered. `undefined`: the gateway ended it in order. */
  onEnd(failure: Failure | undefined): void;
}

interface Batch {
  readonly reports: readonly Pending[];
  readonly sentMs: number;
}

/** Opens its stream at once. After `finish` or `cancel` the listener hears nothing more. */
export class Session {
  readonly #listener: SessionListener;
  readonly #monotonicMs: () => number;
  readonly #maxBatches: number;
  readonly #stream: ReportStream;
  readonly #batches = new Map<number, Batch>();
  #sequence = 0;
  #credit: number | undefined;
  #inFlight = 0;
  #blocked = false;
  #left = false;
  #lastAnswered = 0;
  #heardMs: number;

  constructor(
    connection: Connection,
    maxBatches: number,
    monotonicMs: () => number,
    listener: SessionListener,
  ) {
    this.#listener = listener;
    this.#maxBatches = maxBatches;
    this.#monotonicMs = monotonicMs;
    this.#heardMs = monotonicMs();
    this.#stream = connection.openStream({
      onMessage: (message) => this.#onMessage(message),
      onDrain: () => {
        this.#blocked = false;
        if (!this.#left) listener.onRoom();
      },
      onEnd: (failure) => {
        if (!this.#left) listener.onEnd(failure);
      },
    });
  }

  /** Reports sent and not answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * How many reports the next batch may hold when `wanted` are at hand; 0 = wait. Waits for room
   * worth a batch rather than sending crumbs, unless nothing is in flight that could make room.
   */
  capacity(wanted: number): number {
    if (this.#credit === undefined || this.#blocked || this.#batches.size >= this.#maxBatches) return 0;
    const room = Math.min(wanted, this.#credit - this.#inFlight);
    return room * 2 >= wanted || this.#inFlight === 0 ? Math.max(room, 0) : 0;
  }

  send(reports: readonly Pending[]): void {
    this.#sequence++;
    this.#batches.set(this.#sequence, { reports, sentMs: this.#monotonicMs() });
    this.#inFlight += reports.length;
    this.#blocked = !this.#stream.send(assembleBatch(this.#sequence, reports));
  }

  /**
   * Since when the gateway owes an answer; undefined when it owes none. A slow line is no fault:
   * the time runs anew with every answer, except for a batch that a later one has overtaken.
   */
  owedSinceMs(): number | undefined {
    if (this.#credit === undefined) return this.#heardMs;
    for (const [sequence, { sentMs }] of this.#batches) {
      return sequence < this.#lastAnswered ? sentMs : Math.max(sentMs, this.#heardMs);
    }
    return undefined;
  }

  /** All reports without an answer, in the order sent. */
  unanswered(): Pending[] {
    return Array.from(this.#batches.values(), (batch) => batch.reports).flat();
  }

  /** Ends the stream in order: nothing is in flight. */
  finish(): void {
    this.#left = true;
    this.#stream.finish();
  }

  cancel(): void {
    this.#left = true;
    this.#stream.cancel();
  }

  #onMessage(bytes: Uint8Array): void {
    if (this.#left) return;
    const failure = this.#read(bytes);
    if (failure === undefined) return;
    this.cancel();
    this.#listener.onEnd(failure);
  }

  #read(bytes: Uint8Array): Failure | undefined {
    const message = decode(bytes);
    if (message === undefined) return broken('a message that cannot be read');
    this.#credit = message.credit;
    this.#heardMs = this.#monotonicMs();
    const sequence = Number(message.batchSequence);
    const batch = this.#batches.get(sequence);
    if (batch !== undefined) {
      const answer = toAnswer(message, batch.reports);
      if (answer === undefined) return broken('an answer that does not fit its batch');
      this.#batches.delete(sequence);
      this.#inFlight -= batch.reports.length;
      this.#lastAnswered = Math.max(this.#lastAnswered, sequence);
      this.#listener.onAnswer(batch.reports, answer);
    }
    this.#listener.onRoom();
    return undefined;
  }
}

function decode(bytes: Uint8Array): StreamReportsResponse | undefined {
  try {
    return fromBinary(StreamReportsResponseSchema, bytes);
  } catch {
    return undefined;
  }
}

function toAnswer(message: StreamReportsResponse, reports: readonly Pending[]): Answer | undefined {
  const { throttle, violations, receipts } = message;
  if (throttle !== undefined) {
    const delayMs = throttle.retryDelay === undefined ? 0 : durationMs(throttle.retryDelay);
    return { kind: 'THROTTLED', delayMs, message: throttle.message };
  }
  if (violations.length > 0) {
    const words = violations
      .slice(0, 3)
      .map(toViolation)
      .map((v) => `${v.field} ${v.rule}: ${v.message}`.trim());
    return { kind: 'REFUSED', message: words.join('; ') };
  }
  if (receipts.length !== reports.length) return undefined;
  const read: Receipt[] = [];
  for (const [i, report] of reports.entries()) {
    const wire = receipts[i];
    const receipt = wire?.index === i ? toReceipt(wire, report.reportId) : undefined;
    if (receipt === undefined) return undefined;
    read.push(receipt);
  }
  return { kind: 'RECEIPTS', receipts: read };
}

function broken(what: string): Failure {
  return { code: 'INTERNAL', message: `the gateway sent ${what}`, retryDelayMs: undefined };
}
