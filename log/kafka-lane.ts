// What waits to be sent to one partition, in the order in which it was appended.
import { recordBytes } from './kafka-batch.js';
import type { LogFault, LogRecord, Position } from './log.js';

/** One call of `append`, until it is settled and nothing of it is kept any longer. */
export interface Append {
  readonly positions: Position[];
  /** Parts that are still kept. */
  parts: number;
  /** Rejected already: what is left of it need not be sent. */
  givenUp: boolean;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (fault: LogFault) => void;
  /** Called once, when nothing of it is kept any longer. */
  readonly release: () => void;
}

/** The records of one append for one partition; `places` are their indices in the append. */
export interface Part {
  readonly append: Append;
  readonly records: readonly LogRecord[];
  readonly places: readonly number[];
  /** How many of them have been cut into batches. */
  cut: number;
}

interface Slice {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
}

export class Lane {
  /** A request with its batch is under way, or it waits to be sent again: nothing else may be sent meanwhile. */
  busy = false;
  /** Requests for its batch that have failed. After one it is sent alone, so that others cannot suffer from it. */
  failures = 0;
  #waiting: Part[] = [];
  #waitingBytes = 0;
  #batch: Slice[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly maxBatchBytes: number,
  ) {}

  get full(): boolean {
    return this.#waitingBytes >= this.maxBatchBytes;
  }

  get empty(): boolean {
    return this.#batch.length === 0 && this.#waiting.length === 0;
  }

  add(part: Part): void {
    this.#waiting.push(part);
    for (const record of part.records) this.#waitingBytes += recordBytes(record);
  }

  /** The batch that is to be sent now: the one that failed, without what was given up, else the next. */
  nextBatch(): readonly LogRecord[] {
    this.busy = false;
    this.dropGivenUp();
    this.busy = true;
    if (this.#batch.length === 0) this.#cut();
    return this.#records();
  }

  /** The batch is durable from `base` on. */
  settle(base: number): void {
    const batch = this.#batch;
    this.#batch = [];
    this.failures = 0;
    let offset = base;
    for (const slice of batch) {
      const { append, places } = slice.part;
      for (const place of places.slice(slice.from, slice.to)) {
        append.positions[place] = { partition: this.partition, offset };
        offset += 1;
      }
      if (slice.part.cut === slice.part.records.length) close(append);
    }
  }

  /** No broker will ever take the batch. */
  refuse(fault: LogFault): void {
    this.failures = 0;
    for (const { part } of this.#batch) {
      part.append.givenUp = true;
      part.append.reject(fault);
    }
    this.dropGivenUp();
  }

  /** Forgets what nobody waits for; what is under way stays until its answer. */
  dropGivenUp(): void {
    const dead = this.#waiting.filter(({ append }) => append.givenUp);
    if (dead.length > 0) this.#waiting = this.#waiting.filter(({ append }) => !append.givenUp);
    for (const part of dead) {
      for (const record of part.records.slice(part.cut)) this.#waitingBytes -= recordBytes(record);
      // Its beginning is under way: whoever ends that closes it.
      if (this.#batch.some((slice) => slice.part === part)) part.cut = part.records.length;
      else close(part.append);
    }
    if (this.busy) return;
    const dropped = this.#batch.filter(({ part }) => part.append.givenUp);
    this.#batch = this.#batch.filter(({ part }) => !part.append.givenUp);
    for (const { part } of dropped) close(part.append);
  }

  #cut(): void {
    let bytes = 0;
    for (;;) {
      const [part] = this.#waiting;
      if (part === undefined) break;
      const from = part.cut;
      for (;;) {
        const record = part.records[part.cut];
        if (record === undefined) break;
        const size = recordBytes(record);
        if (bytes > 0 && bytes + size > this.maxBatchBytes) break;
        bytes += size;
        part.cut += 1;
      }
      if (part.cut > from) this.#batch.push({ part, from, to: part.cut });
      if (part.cut < part.records.length) break;
      this.#waiting.shift();
    }
    this.#waitingBytes -= bytes;
  }

  #records(): LogRecord[] {
    const records: LogRecord[] = [];
    for (const { part, from, to } of this.#batch)
      for (let at = from; at < to; at += 1) {
        const record = part.records[at];
        if (record !== undefined) records.push(record);
      }
    return records;
  }
}

function close(append: Append): void {
  append.parts -= 1;
  if (append.parts > 0) return;
  append.release();
  if (!append.givenUp) append.resolve(append.positions);
}
