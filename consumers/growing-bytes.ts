// Bytes written one value behind the other: numbers in little endian, texts as they are.
import { Buffer } from 'node:buffer';

/** Bytes that grow as they are written. */
export class GrowingBytes {
  #bytes: Buffer;
  #view: DataView;
  #end = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(64, capacity));
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#end;
  }

  /** What was written so far; good until more is. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  clear(): void {
    this.#end = 0;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#end, value, true);
    this.#end += 4;
  }

  /** Of 0 up to 2^53 - 1. */
  uint64(value: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.#end, value, true);
    this.#view.setUint32(this.#end + 4, value / 2 ** 32, true);
    this.#end += 8;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#end, value, true);
    this.#end += 8;
  }

  /** A number of any length, seven bits in a byte. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#end++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#end++] = rest;
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const to = this.#bytes;
    if (end - start > WORTH_A_CALL) {
      to.set(from.subarray(start, end), this.#end);
      this.#end += end - start;
      return;
    }
    let at = this.#end;
    for (let i = start; i < end; i += 1) to[at++] = from[i] ?? 0;
    this.#end = at;
  }

  /** Lower case. */
  hex(from: Uint8Array, start: number, end: number): void {
    this.#reserve((end - start) * 2);
    const to = this.#view;
    let at = this.#end;
    for (let i = start; i < end; i += 1) {
      to.setUint16(at, HEX[from[i] ?? 0] ?? 0);
      at += 2;
    }
    this.#end = at;
  }

  /** With padding (RFC 4648, section 4). */
  base64(from: Uint8Array, start: number, end: number): void {
    this.#reserve(Math.ceil((end - start) / 3) * 4);
    const to = this.#bytes;
    let at = this.#end;
    for (let i = start; i < end; i += 3) {
      const second = i + 1 < end ? (from[i + 1] ?? 0) : 0;
      const third = i + 2 < end ? (from[i + 2] ?? 0) : 0;
      const three = ((from[i] ?? 0) << 16) | (second << 8) | third;
      to[at++] = BASE64[three >>> 18] ?? 0;
      to[at++] = BASE64[(three >>> 12) & 63] ?? 0;
      to[at++] = BASE64[(three >>> 6) & 63] ?? 0;
      to[at++] = BASE64[three & 63] ?? 0;
    }
    const missing = (3 - ((end - start) % 3)) % 3;
    for (let i = 1; i <= missing; i += 1) to[at - i] = PADDING;
    this.#end = at;
  }

  /** In reverse order. */
  reversed(from: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const to = this.#bytes;
    let at = this.#end;
    for (let i = end - 1; i >= start; i -= 1) to[at++] = from[i] ?? 0;
    this.#end = at;
  }

  /** A text of ASCII, without its length. */
  ascii(value: string): void {
    this.#reserve(value.length);
    const to = this.#bytes;
    let at = this.#end;
    for (let i = 0; i < value.length; i += 1) to[at++] = value.charCodeAt(i);
    this.#end = at;
  }

  /** UTF-8, without its length. */
  text(value: string): void {
    this.#reserve(value.length * 3);
    this.#end += this.#bytes.write(value, this.#end, 'utf8');
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, needed));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

/** From here on a call into the runtime is cheaper than a loop. */
const WORTH_A_CALL = 64;
/** For each byte its two digits. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16BE(),
);
const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = '='.charCodeAt(0);

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
