// One StreamReports call of the generator: sends batches while there is room, and repeats those that have to wait.
import type { Buffer } from 'node:buffer';
import type { Client, Metadata } from '@grpc/grpc-js';
import { readAnswer, type BatchAnswer } from './read-answer.js';

export const SERVICE = '/lachan.v1.ReportService';
const MOST_REPORTS = 1_000;

/** A batch on its way. */
export interface Load {
  readonly numbers: Float64Array;
  readonly dueAtMs: number;
}

export interface StreamEvents {
  /** `accepted[i]`: whether report i of the load was accepted; only valid during the call. */
  readonly onTaken: (load: Load, accepted: Uint8Array) => void;
  readonly onWait: () => void;
  /** There may be room for another load. */
  readonly onRoom: () => void;
  readonly onFailure: (message: string) => void;
}

const asIs = (bytes: Buffer): Buffer => bytes;

export class ReportStream {
  readonly #call;
  readonly #inFlight = new Map<number, Load>();
  readonly #again: Load[] = [];
  readonly #accepted = new Uint8Array(MOST_REPORTS);
  #sequence = 0;
  #unanswered = 0;
  #credit = 0;
  #waiting = 0;

  constructor(
    client: Client,
    metadata: Metadata,
    private readonly makeBatch: (sequence: number, numbers: Float64Array) => Buffer,
    private readonly batchesInFlight: number,
    private readonly events: StreamEvents,
  ) {
    this.#call = client.makeBidiStreamRequest(`${SERVICE}/StreamReports`, asIs, asIs, metadata);
    this.#call.on('data', (bytes: Buffer) => this.#onAnswer(readAnswer(bytes, this.#accepted)));
    this.#call.on('error', (error: Error) => events.onFailure(error.message));
    this.#call.on('end', () => {
      if (this.#inFlight.size > 0) events.onFailure('the gateway has ended the stream');
    });
  }

  get idle(): boolean {
    return this.#inFlight.size === 0 && this.#again.length === 0 && this.#waiting === 0;
  }

  /** Whether another load may be sent. The first credit comes with the gateway's opening message. */
  hasRoom(reports: number): boolean {
    if (this.#waiting > 0 || this.#again.length > 0 || this.#credit === 0) return false;
    if (this.#inFlight.size === 0) return true;
    return this.#inFlight.size < this.batchesInFlight && this.#unanswered + reports <= this.#credit;
  }

  send(load: Load): void {
    this.#sequence += 1;
    this.#unanswered += load.numbers.length;
    this.#inFlight.set(this.#sequence, load);
    this.#call.write(this.makeBatch(this.#sequence, load.numbers));
  }

  end(): void {
    this.#call.end();
  }

  #onAnswer(answer: BatchAnswer): void {
    this.#credit = answer.credit;
    const load = this.#inFlight.get(answer.batchSequence);
    if (load === undefined) return this.events.onRoom();
    this.#inFlight.delete(answer.batchSequence);
    this.#unanswered -= load.numbers.length;
    if (answer.refused) return this.events.onFailure('the gateway has refused a whole batch');
    if (answer.retryAfterMs !== undefined) return this.#wait(load, answer.retryAfterMs);
    if (answer.receipts !== load.numbers.length) return this.events.onFailure('receipts are missing');
    this.events.onTaken(load, this.#accepted);
    this.#sendAgain();
    this.events.onRoom();
  }

  #wait(load: Load, retryAfterMs: number): void {
    this.events.onWait();
    this.#again.push(load);
    this.#waiting += 1;
    setTimeout(() => {
      this.#waiting -= 1;
      this.#sendAgain();
      this.events.onRoom();
    }, retryAfterMs);
  }

  /** One at a time after a wait: so that a gateway that is behind is not asked for all of them at once. */
  #sendAgain(): void {
    if (this.#waiting > 0) return;
    const load = this.#again.shift();
    if (load !== undefined) this.send(load);
  }
}
