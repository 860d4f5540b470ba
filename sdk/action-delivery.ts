// Brings actions to the gateway and their receipts back, one batch after another: what a platform did to a case is told
// in the order in which it did it.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { TakedownEvent } from '@lachan/proto/takedown';
import { SubmitActionsRequestSchema, SubmitActionsResponseSchema } from '@lachan/proto/takedown-service';
import { toActionReceipt, type ActionReceipt, type ActionUnsent } from './action.js';
import { Alarm } from './alarm.js';
import { Conditions } from './conditions.js';
import { Connection, type Failure } from './connection.js';
import { retryDelayMs } from './retry.js';
import type { TakedownSettings } from './takedown-options.js';

/** Actions in numbers, since the start. */
export interface ActionStats {
  /** Actions without a receipt. */
  readonly unanswered: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unsent: number;
  /** How often a batch was sent again. */
  readonly retries: number;
}

interface PendingAction {
  readonly event: TakedownEvent;
  readonly size: number;
  /** By the monotonic clock; never earlier than that of an action before. */
  readonly deadlineMs: number;
  /** Hands out the receipt; undefined once that is done. */
  resolve: ((receipt: ActionReceipt) => void) | undefined;
}

const MAX_BATCH_ACTIONS = 500;
/** A gateway takes messages of at most 4 MiB. */
const MAX_BATCH_BYTES = 1_048_576;
/** The next try would end the same way. */
const PERMANENT: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'UNIMPLEMENTED',
]);
/** Of actions without a receipt; the last one taken may go beyond. */
const MAX_BUFFERED_BYTES = 16_777_216;
const UNKNOWN_FATE = 'whether the authority has the action is unknown; saying it again is safe';

export class ActionDelivery {
  readonly #settings: TakedownSettings;
  readonly #connection: Connection;
  readonly #now: () => number;
  readonly #conditions = new Conditions();
  readonly #tally = { accepted: 0, rejected: 0, unsent: 0 };
  /** Without a receipt, in order; the batch under way is their beginning. */
  #queue: PendingAction[] = [];
  #bytes = 0;
  #isSending = false;
  #isClosed = false;
  #attempt = 0;
  #retries = 0;
  #lastFailure = 'the gateway has not answered';

  readonly #linger = new Alarm(() => this.#send());
  readonly #again = new Alarm(() => this.#send());
  /** Holds the process while an action is unanswered and its time is not up. */
  readonly #deadline = new Alarm(() => this.#expire(), true);

  constructor(settings: TakedownSettings) {
    this.#settings = settings;
    this.#connection = new Connection(settings);
    this.#now = () => settings.clock.monotonicMs();
  }

  get stats(): ActionStats {
    return { unanswered: this.#queue.length, ...this.#tally, retries: this.#retries };
  }

  /** Takes one action; resolves with its receipt. */
  add(event: TakedownEvent, size: number): Promise<ActionReceipt> {
    const { maxBufferedActions, deadlineMs, lingerMs } = this.#settings;
    const { eventId } = event;
    if (this.#isClosed) {
      const message = 'the Takedowns are closed; nothing was sent';
      return Promise.resolve(this.count({ status: 'UNSENT', eventId, reason: 'CLOSED', message }));
    }
    if (this.#queue.length >= maxBufferedActions || this.#bytes >= MAX_BUFFERED_BYTES) {
      const message = 'too many actions wait for their receipts; nothing was sent';
      return Promise.resolve(this.count({ status: 'UNSENT', eventId, reason: 'BUFFER_FULL', message }));
    }
    return new Promise((resolve) => {
      this.#bytes += size;
      this.#queue.push({ event, size, deadlineMs: this.#now() + deadlineMs, resolve });
      this.#deadline.set(deadlineMs);
      if (!this.#isSending && !this.#again.isSet) this.#linger.set(lingerMs);
    });
  }

  /** Counts a receipt, also of an action that never came in here. */
  count<R extends ActionReceipt>(receipt: R): R {
    if (receipt.status === 'ACCEPTED') this.#tally.accepted++;
    else if (receipt.status === 'REJECTED') this.#tally.rejected++;
    else this.#tally.unsent++;
    return receipt;
  }

  /** Sends what there is and ends when all have receipts, or with CLOSED for the rest after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    if (!this.#isSending && !this.#again.isSet) this.#send();
    await this.#conditions.until(() => this.#queue.length === 0, deadlineMs);
    for (const alarm of [this.#linger, this.#again, this.#deadline]) alarm.clear();
    this.#giveUp(this.#queue, 'CLOSED', `the Takedowns were closed; ${UNKNOWN_FATE}`);
    this.#connection.close();
  }

  #send(): void {
    this.#linger.clear();
    const batch = this.#firstBatch();
    if (this.#isSending || batch.length === 0) return;
    this.#isSending = true;
    const request = create(SubmitActionsRequestSchema, { events: batch.map(({ event }) => event) });
    const bytes = toBinary(SubmitActionsRequestSchema, request);
    this.#connection.ask('submitActions', bytes, this.#settings.answerTimeoutMs).then(
      (result) => this.#onAnswer(batch, result.ok ? this.#read(batch, result.bytes) : result.failure),
      () => this.#onAnswer(batch, broken),
    );
  }

  #firstBatch(): readonly PendingAction[] {
    let count = 0;
    let bytes = 0;
    for (const { size } of this.#queue) {
      if (count === MAX_BATCH_ACTIONS || (count > 0 && bytes + size > MAX_BATCH_BYTES)) break;
      count++;
      bytes += size;
    }
    return this.#queue.slice(0, count);
  }

  #onAnswer(batch: readonly PendingAction[], failure: Failure | undefined): void {
    this.#isSending = false;
    if (failure === undefined || PERMANENT.has(failure.code)) {
      this.#attempt = 0;
      if (failure !== undefined) this.#giveUp(batch, 'REFUSED', `${failure.code}: ${failure.message}`);
      this.#send();
      return;
    }
    this.#lastFailure = `${failure.code}: ${failure.message}`;
    // The connection may be dead without knowing it.
    if (failure.code === 'DEADLINE_EXCEEDED') this.#connection.renew();
    if (this.#queue.length === 0) return;
    this.#retries++;
    const { retry, random } = this.#settings;
    this.#again.set(retryDelayMs(this.#attempt++, retry, random, failure.retryDelayMs));
  }

  /** Gives every action its receipt; a failure where the answer does not fit. */
  #read(batch: readonly PendingAction[], bytes: Uint8Array): Failure | undefined {
    const receipts: ActionReceipt[] = [];
    try {
      const answer = fromBinary(SubmitActionsResponseSchema, bytes);
      if (answer.receipts.length !== batch.length) return broken;
      for (const [i, { event }] of batch.entries()) {
        const wire = answer.receipts[i];
        const receipt = wire?.index === i ? toActionReceipt(wire, event.eventId) : undefined;
        if (receipt === undefined) return broken;
        receipts.push(receipt);
      }
    } catch {
      return broken;
    }
    this.#settle(batch, (_, i) => receipts[i]);
    return undefined;
  }

  #expire(): void {
    const now = this.#now();
    const late = this.#queue.filter(({ deadlineMs }) => deadlineMs <= now);
    const words = `no receipt within ${this.#settings.deadlineMs} ms (${this.#lastFailure}); ${UNKNOWN_FATE}`;
    this.#giveUp(late, 'DEADLINE', words);
    const next = this.#queue[0];
    if (next !== undefined) this.#deadline.set(next.deadlineMs - now);
  }

  #giveUp(actions: readonly PendingAction[], reason: ActionUnsent['reason'], message: string): void {
    this.#settle(actions, ({ event }) => ({ status: 'UNSENT', eventId: event.eventId, reason, message }));
  }

  #settle(
    actions: readonly PendingAction[],
    receiptOf: (action: PendingAction, i: number) => ActionReceipt | undefined,
  ): void {
    for (const [i, action] of actions.entries()) {
      const receipt = receiptOf(action, i);
      const { resolve } = action;
      if (receipt === undefined || resolve === undefined) continue;
      action.resolve = undefined;
      this.#bytes -= action.size;
      resolve(this.count(receipt));
    }
    this.#queue = this.#queue.filter(({ resolve }) => resolve !== undefined);
    if (this.#queue.length === 0) this.#deadline.clear();
    this.#conditions.look();
  }
}

const broken: Failure = {
  code: 'INTERNAL',
  message: 'the gateway sent an answer that does not fit',
  retryDelayMs: undefined,
};
