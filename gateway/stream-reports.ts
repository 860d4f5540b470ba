// One StreamReports call: takes batches as they come, answers each once, in whatever order they become durable.
import { Buffer } from 'node:buffer';
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { StreamReportsResponseSchema } from '@lachan/proto/report-service';
import type { Admission } from './admission.js';
import type { Answer } from './receive.js';
import type { Refusal } from './refusal.js';

/** The stream as the transport offers it. */
export interface ReportStream {
  /** False: the caller does not read; write no more until `onDrain`. */
  write(message: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  end(): void;
  fail(refusal: Refusal): void;
}

export interface StreamOptions {
  readonly admission: Pick<Admission, 'credit'>;
  /** Batches of one stream that are worked on at once. */
  readonly maxBatchesInFlight: number;
  /** Undefined: the credential is no longer valid. */
  readonly receive: (bytes: Uint8Array) => Promise<Answer> | undefined;
  readonly onFault: (error: unknown) => void;
}

/** Feeds the stream's events in; the owner calls `drain` when the gateway shuts down. */
export class ReportStreamSession {
  #inFlight = 0;
  #blocked = false;
  #ending = false;
  #over = false;

  constructor(
    private readonly stream: ReportStream,
    private readonly options: StreamOptions,
  ) {
    this.#write({ kind: 'receipts', batchSequence: 0, receipts: new Uint8Array() });
  }

  onMessage(bytes: Uint8Array): void {
    if (this.#over) return;
    const answering = this.options.receive(bytes);
    if (answering === undefined) {
      this.#fail({ kind: 'unauthenticated' });
      return;
    }
    this.#inFlight += 1;
    this.#adjustReading();
    answering
      .then((answer) => {
        this.#inFlight -= 1;
        this.#onAnswer(answer);
      })
      .catch((error: unknown) => {
        // The stream ends here: nothing counts its batches any more.
        this.options.onFault(error);
        this.#fail({ kind: 'fault' });
      });
  }

  #onAnswer(answer: Answer): void {
    // A batch without a readable sequence cannot be answered as one.
    if (answer.kind === 'refused' && answer.batchSequence === 0) {
      this.#fail({ kind: 'invalid', violations: answer.violations });
      return;
    }
    this.#write(answer);
    this.#adjustReading();
    this.#endWhenDone();
  }

  /** The caller reads again. */
  onDrain(): void {
    this.#blocked = false;
    this.#adjustReading();
    this.#endWhenDone();
  }

  /** The caller has sent everything. */
  onEnd(): void {
    this.#ending = true;
    this.#endWhenDone();
  }

  /** The stream is gone; what is in flight becomes durable all the same, unanswered. */
  onClosed(): void {
    this.#over = true;
  }

  /** Takes nothing more, answers what it has taken, and ends. */
  drain(): void {
    if (this.#over) return;
    this.stream.pause();
    this.onEnd();
  }

  #write(answer: Answer): void {
    if (this.#over) return;
    if (!this.stream.write(encode(answer, this.options.admission.credit()))) {
      this.#blocked = true;
      this.#adjustReading();
    }
  }

  /** Reads on only while there is room and the caller reads the answers: nothing piles up here. */
  #adjustReading(): void {
    if (this.#over || this.#ending) return;
    if (this.#blocked || this.#inFlight >= this.options.maxBatchesInFlight) this.stream.pause();
    else this.stream.resume();
  }

  #endWhenDone(): void {
    if (!this.#ending || this.#over || this.#inFlight > 0) return;
    this.#over = true;
    this.stream.end();
  }

  #fail(refusal: Refusal): void {
    if (this.#over) return;
    this.#over = true;
    this.stream.fail(refusal);
  }
}

/** The response; its fields stand in the order of their numbers, the receipts before the credit. */
function encode(answer: Answer, credit: number): Uint8Array {
  const batchSequence = BigInt(answer.batchSequence);
  switch (answer.kind) {
    case 'receipts':
      return Buffer.concat([encoded({ batchSequence }), answer.receipts, encoded({ credit })]);
    case 'wait': {
      const throttle = { retryDelay: durationFromMs(answer.retryAfterMs), message: answer.message };
      return encoded({ batchSequence, throttle, credit });
    }
    case 'refused':
      return encoded({ batchSequence, violations: [...answer.violations], credit });
  }
}

function encoded(response: MessageInitShape<typeof StreamReportsResponseSchema>): Uint8Array {
  return toBinary(StreamReportsResponseSchema, create(StreamReportsResponseSchema, response));
}
