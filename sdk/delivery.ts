// Brings buffered reports to the gateway and their receipts back: when to send, when to wait, when to give up.
import { Alarm } from './alarm.js';
import type { ReportBuffer } from './buffer.js';
import type { Connection, Failure } from './connection.js';
import type { Settings } from './options.js';
import type { Pending } from './pending.js';
import { unsent, type Receipt, type UnsentReason } from './receipt.js';
import { retryDelayMs } from './retry.js';
import { Session, type Answer } from './session.js';

/** A stream without work is ended after this time, in milliseconds, and the process may end with it. */
const IDLE_MS = 2_000;
/** The next try would end the same way. */
const PERMANENT: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);
const NOT_ANSWERED = 'the gateway has not answered';
const UNKNOWN_FATE = 'whether the authority has the report is unknown; reporting it again is safe';

export class Delivery {
  readonly #settings: Settings;
  readonly #buffer: ReportBuffer;
  readonly #connection: Connection;
  readonly #now: () => number;
  /** Reports are kept elsewhere, too: the process may end before they are answered, and a credential may be mended. */
  readonly #isSpooled: boolean;
  #session: Session | undefined;
  #attempt = 0;
  #notBeforeMs = -Infinity;
  #idleSinceMs = 0;
  /** What waits is sent without lingering for more. */
  #flush = false;
  #scheduled = false;
  #lastFailure = NOT_ANSWERED;
  #retries = 0;
  #drained: (() => void) | undefined;

  readonly #linger = new Alarm(() => {
    this.#flush = true;
    this.#pump();
  });
  readonly #wake = new Alarm(() => this.#pump());
  readonly #stall = new Alarm(() => this.#checkStall());
  readonly #idle = new Alarm(() => this.#checkIdle());
  /** The one alarm that holds the process, unless there is a spool: while a report is unanswered and its time is not up. */
  readonly #deadline: Alarm;

  constructor(settings: Settings, connection: Connection, buffer: ReportBuffer) {
    this.#settings = settings;
    this.#connection = connection;
    this.#buffer = buffer;
    this.#now = () => settings.clock.monotonicMs();
    this.#isSpooled = settings.spool !== undefined;
    this.#deadline = new Alarm(() => this.#expire(), !this.#isSpooled);
  }

  /** Reports on their way, without an answer. */
  get inFlight(): number {
    return this.#session?.inFlight ?? 0;
  }

  /** How often a report was put back to be sent again. */
  get retries(): number {
    return this.#retries;
  }

  /** What the last try ended in. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /**
   * Takes one encoded report; the work is done later, off the caller's path. It is given up after
   * `leftMs`, which should not be less than that of a report before.
   */
  add(reportId: string, bytes: Uint8Array, resolve: (receipt: Receipt) => void, leftMs: number): void {
    this.#buffer.add(reportId, bytes, this.#now() + leftMs, resolve);
    this.#deadline.set(leftMs);
    this.#linger.set(this.#settings.lingerMs);
    if (!this.#scheduled && !this.#wake.isSet && (this.#session === undefined || this.#isBatchFull())) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#pump();
      });
    }
  }

  /** Sends what there is and ends when every report has a receipt, or with CLOSED for the rest after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#flush = true;
    this.#pump();
    if (this.#buffer.unanswered > 0) {
      await new Promise<void>((resolve) => {
        const limit = new Alarm(resolve, true);
        limit.set(deadlineMs);
        this.#drained = () => {
          limit.clear();
          resolve();
        };
      });
    }
    this.#giveUp('CLOSED', `the Reporter was closed; ${UNKNOWN_FATE}`);
    for (const alarm of [this.#linger, this.#wake, this.#stall, this.#idle, this.#deadline]) alarm.clear();
    this.#session?.finish();
    this.#session = undefined;
    this.#connection.close();
  }

  #isBatchFull(): boolean {
    const { maxBatchReports, maxBatchBytes } = this.#settings;
    return this.#buffer.waiting >= maxBatchReports || this.#buffer.waitingBytes >= maxBatchBytes;
  }

  /** Sends as many batches as there are, and may be, right now. */
  #pump(): void {
    if (this.#buffer.waiting > 0) {
      const waitMs = this.#notBeforeMs - this.#now();
      if (waitMs > 0) {
        this.#wake.set(waitMs);
        return;
      }
      const session = (this.#session ??= this.#open());
      const { maxBatchReports, maxBatchBytes } = this.#settings;
      while (this.#buffer.waiting > 0 && (this.#flush || this.#isBatchFull())) {
        const capacity = session.capacity(Math.min(this.#buffer.waiting, maxBatchReports));
        if (capacity === 0) return;
        session.send(this.#buffer.take(capacity, maxBatchBytes));
        this.#stall.set(this.#settings.answerTimeoutMs);
      }
    }
    if (this.#buffer.waiting === 0) {
      this.#flush = false;
      this.#linger.clear();
    }
  }

  #open(): Session {
    this.#stall.set(this.#settings.answerTimeoutMs);
    const session: Session = new Session(this.#connection, this.#settings.maxInFlightBatches, this.#now, {
      onAnswer: (reports, answer) => this.#onAnswer(reports, answer),
      onRoom: () => this.#pump(),
      onEnd: (failure) => this.#onLost(session, failure),
    });
    return session;
  }

  #onAnswer(reports: readonly Pending[], answer: Answer): void {
    this.#attempt = 0;
    switch (answer.kind) {
      case 'RECEIPTS':
        this.#lastFailure = NOT_ANSWERED;
        for (const [i, receipt] of answer.receipts.entries()) this.#settle(reports[i], receipt);
        break;
      case 'REFUSED':
        this.#giveUpOn(reports, 'REFUSED', answer.message);
        break;
      case 'THROTTLED':
        this.#lastFailure = `throttled: ${answer.message}`;
        this.#sendAgain(reports, 0, answer.delayMs);
    }
  }

  #onLost(session: Session, failure: Failure | undefined): void {
    if (failure !== undefined) {
      this.#lastFailure = `${failure.code}: ${failure.message}`;
      if (PERMANENT.has(failure.code) && !this.#isSpooled) this.#giveUp('REFUSED', this.#lastFailure);
    }
    this.#session = undefined;
    this.#sendAgain(session.unanswered(), this.#attempt++, failure?.retryDelayMs);
    this.#pump();
  }

  #sendAgain(reports: readonly Pending[], attempt: number, askedMs: number | undefined): void {
    const { retry, random } = this.#settings;
    this.#retries += this.#buffer.putBack(reports);
    this.#flush = true;
    this.#notBeforeMs = Math.max(
      this.#notBeforeMs,
      this.#now() + retryDelayMs(attempt, retry, random, askedMs),
    );
  }

  #checkStall(): void {
    const since = this.#session?.owedSinceMs();
    if (this.#session === undefined || since === undefined) return;
    const leftMs = since + this.#settings.answerTimeoutMs - this.#now();
    if (leftMs > 0) {
      this.#stall.set(leftMs);
      return;
    }
    const message = `no answer within ${this.#settings.answerTimeoutMs} ms`;
    this.#session.cancel();
    this.#connection.renew();
    this.#onLost(this.#session, { code: 'DEADLINE_EXCEEDED', message, retryDelayMs: undefined });
  }

  #checkIdle(): void {
    if (this.#buffer.unanswered > 0) return;
    const leftMs = this.#idleSinceMs + IDLE_MS - this.#now();
    if (leftMs > 0) {
      this.#idle.set(leftMs);
      return;
    }
    this.#session?.finish();
    this.#session = undefined;
  }

  #expire(): void {
    const now = this.#now();
    const message = `no receipt within ${this.#settings.deadlineMs} ms (${this.#lastFailure}); ${UNKNOWN_FATE}`;
    this.#giveUpOn(this.#buffer.takeExpired(now), 'DEADLINE', message);
    let next = this.#buffer.firstDeadlineMs ?? Infinity;
    for (const pending of this.#session?.unanswered() ?? []) {
      if (pending.deadlineMs <= now) this.#settle(pending, unsent(pending.reportId, 'DEADLINE', message));
      else next = Math.min(next, pending.deadlineMs);
    }
    if (next < Infinity) this.#deadline.set(next - now);
  }

  /** Gives up on every report there is. */
  #giveUp(reason: UnsentReason, message: string): void {
    this.#giveUpOn(this.#session?.unanswered() ?? [], reason, message);
    this.#giveUpOn(this.#buffer.take(Infinity, Infinity), reason, message);
  }

  #giveUpOn(reports: readonly Pending[], reason: UnsentReason, message: string): void {
    for (const pending of reports) this.#settle(pending, unsent(pending.reportId, reason, message));
  }

  #settle(pending: Pending | undefined, receipt: Receipt): void {
    if (pending === undefined) return;
    this.#buffer.settle(pending, receipt);
    if (this.#buffer.unanswered > 0) return;
    this.#deadline.clear();
    this.#idleSinceMs = this.#now();
    this.#idle.set(IDLE_MS);
    this.#drained?.();
  }
}
