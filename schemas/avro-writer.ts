// Values in Avro's binary encoding (Avro 1.12, "Binary Encoding"), one record after another in few buffers: a buffer
// of its own for each record costs more than writing it.
import { Buffer } from 'node:buffer';

/** What a whole number takes at most. */
const WHOLE_BYTES = 8;
/** From here on numbers have no 31 bits any more. */
const BEYOND_SMALL = 0x8000_0000;
/** Of a longer text, a call of the runtime is cheaper than writing it here. */
const LONG_TEXT = 128;

/** Writes records between `begin` and `end`. What `end` has given is never overwritten. */
export class AvroWriter {
  /** Another one when there was no room: take it anew after each call. */
  bytes: Buffer;
  /** Where the next value goes. */
  at = 0;
  #start = 0;

  /** `size`: a guess at the bytes of all records. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(size, WHOLE_BYTES));
  }

  begin(): void {
    this.#start = this.at;
  }

  /** Where the record under way begins. */
  get start(): number {
    return this.#start;
  }

  /** The record's bytes. */
  end(): Buffer {
    return this.bytes.subarray(this.#start, this.at);
  }

  /** Room for `length` bytes, to be filled before the next call; returns where. */
  reserve(length: number): number {
    const { at } = this;
    if (length > this.bytes.length - at) return this.#grow(length);
    this.at = at + length;
    return at;
  }

  /** A `long` or `int` from 0 to 2^53-1. */
  whole(value: number): void {
    if (!(value >= 0 && Number.isSafeInteger(value))) throw new RangeError('not a whole number');
    this.#zigZag(value * 2);
  }

  /** An `enum`: the place of its symbol among all `symbols`. */
  symbol(index: number, symbols: readonly string[]): void {
    if (!(index >= 0 && index < symbols.length)) throw new RangeError('a symbol that is none');
    this.#zigZag(index * 2);
  }

  boolean(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  double(value: number): void {
    const at = this.reserve(8);
    this.bytes.writeDoubleLE(value, at);
  }

  /** Which branch of a union of null and one type follows. */
  isPresent(present: boolean): void {
    this.byte(present ? 2 : 0);
  }

  /** The end of an array that has had items; of one without it is all there is. */
  endOfArray(): void {
    this.byte(0);
  }

  /** A `fixed`, or what stands in front of the record. */
  fixed(value: Uint8Array): void {
    const { length } = value;
    const at = this.reserve(length);
    const { bytes } = this;
    for (let i = 0; i < length; i += 1) bytes[at + i] = value[i] ?? 0;
  }

  /** `bytes`. */
  variable(value: Uint8Array): void {
    this.#zigZag(value.length * 2);
    this.fixed(value);
  }

  /** `bytes` that are yet to be made; returns where their content goes, to be filled before the next call. */
  lengthThenReserve(length: number): number {
    this.#zigZag(length * 2);
    return this.reserve(length);
  }

  string(value: string): void {
    const { length } = value;
    if (length < LONG_TEXT) {
      // Nearly every text is short and ASCII.
      const before = this.at - this.#start;
      const at = this.lengthThenReserve(length);
      const { bytes } = this;
      let i = 0;
      for (; i < length; i += 1) {
        const unit = value.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === length) return;
      this.at = this.#start + before;
    }
    const size = Buffer.byteLength(value);
    const at = this.lengthThenReserve(size);
    this.bytes.write(value, at, 'utf8');
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  #zigZag(doubled: number): void {
    let at = this.reserve(WHOLE_BYTES);
    const { bytes } = this;
    let rest = doubled;
    for (; rest >= BEYOND_SMALL; rest = Math.floor(rest / 128)) bytes[at++] = (rest & 127) | 128;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.at = at;
  }

  /** Goes on in a new buffer, to which the record under way moves. */
  #grow(length: number): number {
    const begun = this.at - this.#start;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length, 2 * (begun + length)));
    larger.set(this.bytes.subarray(this.#start, this.at));
    this.bytes = larger;
    this.#start = 0;
    this.at = begun + length;
    return begun;
  }
}
