// Encoded records of one batch side by side in few buffers: a buffer of its own for each costs more than encoding it.
import { Buffer } from 'node:buffer';
import type { RecordCodec } from '../schemas/record-codec.js';

/** A guess: a report with one sealed address. */
const BYTES_PER_RECORD = 512;

export class RecordSlab<T> {
  #buffer: Buffer;
  #end = 0;

  constructor(
    private readonly codec: Pick<RecordCodec<T>, 'encodeInto'>,
    records: number,
  ) {
    this.#buffer = Buffer.allocUnsafe(Math.max(1, records) * BYTES_PER_RECORD);
  }

  /** The bytes of `record`; they are never overwritten. */
  encode(record: T): Uint8Array {
    for (;;) {
      const end = this.codec.encodeInto(record, this.#buffer, this.#end);
      if (end >= 0) {
        const bytes = this.#buffer.subarray(this.#end, end);
        this.#end = end;
        return bytes;
      }
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2);
      this.#end = 0;
    }
  }
}
