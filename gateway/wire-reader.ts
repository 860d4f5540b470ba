// Walks over the bytes of a message without building anything. Nothing here throws.

import { Buffer } from 'node:buffer';

/** Wire types of the protobuf encoding that the contract uses. */
export const VARINT = 0;
export const BIT_64 = 1;
export const LENGTH_DELIMITED = 2;
const BIT_32 = 5;

/** What is answered where the bytes are not what they should be. */
export const UNREADABLE = -1;

/** Reads forward from `at`, never beyond the `end` each method is given, which lies within `bytes`. */
export class WireReader {
  at = 0;
  /** The same memory as `bytes`. */
  readonly buffer: Buffer;
  #start = 0;

  constructor(readonly bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A tag or a length: an integer of 32 bits, or `UNREADABLE`. */
  uint32(end: number): number {
    const value = this.uint64(end);
    return value <= 0xffff_ffff ? value : UNREADABLE;
  }

  /** An integer, or `UNREADABLE`. Exact up to 2^53-1; a larger one never reads as one of those. */
  uint64(end: number): number {
    const { bytes } = this;
    const first = bytes[this.at] ?? 0;
    this.#start = this.at;
    if (first < 0x80 && this.at < end) {
      this.at += 1;
      return first;
    }
    let value = 0;
    let weight = 1;
    for (let read = 0; read < 10 && this.at < end; read += 1) {
      const byte = bytes[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
      weight *= 128;
    }
    return UNREADABLE;
  }

  /** Whether the integer that was read last has no padding. */
  isShortest(): boolean {
    return this.at - this.#start === 1 || this.bytes[this.at - 1] !== 0;
  }

  /** The integer that was read last, exactly, whatever its size: up to 70 bits. */
  lastVarint(): bigint {
    let value = 0n;
    for (let at = this.at - 1; at >= this.#start; at -= 1) {
      value = value * 128n + BigInt((this.bytes[at] ?? 0) & 0x7f);
    }
    return value;
  }

  /** Reads a length: where the bytes that follow end, or `UNREADABLE` where they would not end in time. */
  endOfBytes(end: number): number {
    const length = this.uint32(end);
    return length === UNREADABLE || length > end - this.at ? UNREADABLE : this.at + length;
  }

  /** Moves behind a value; false where it does not end in time, and for groups, which the contract has not. */
  skip(wireType: number, end: number): boolean {
    switch (wireType) {
      case VARINT:
        return this.uint64(end) !== UNREADABLE;
      case BIT_64:
        return this.moveTo(this.at + 8, end);
      case BIT_32:
        return this.moveTo(this.at + 4, end);
      case LENGTH_DELIMITED:
        return this.moveTo(this.endOfBytes(end), end);
      default:
        return false;
    }
  }

  private moveTo(target: number, end: number): boolean {
    if (target === UNREADABLE || target > end) return false;
    this.at = target;
    return true;
  }
}
