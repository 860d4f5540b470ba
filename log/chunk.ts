// How the embedded log lays out records on disk: several in one chunk, each with its length and checksum.
//
//   chunk   version u32 | count u32 | record, record, …     (little endian)
//   record  length u32 | crc-32 u32 | value
//
// A record's checksum starts from its offset, so that a whole record in the wrong place fails as well.
import { crc32 } from 'node:zlib';

import { LogFault } from './log.js';

const VERSION = 1;
const CHUNK_HEADER_BYTES = 8;
const RECORD_HEADER_BYTES = 8;
/** A chunk is cut before it grows beyond this; one larger record makes a chunk of its own. */
const CHUNK_BYTES = 262_144;

/** Consecutive records, from offset `first`, in the layout above. */
export interface Chunk {
  readonly first: number;
  readonly bytes: Buffer;
}

/** Bytes that a value takes within a chunk. */
export const recordBytes = (value: Uint8Array): number => RECORD_HEADER_BYTES + value.length;

/** Lays out `values` as the records `first`, `first` + 1, …, in as few chunks as their size allows. */
export function encodeChunks(first: number, values: readonly Uint8Array[]): Chunk[] {
  const chunks: Chunk[] = [];
  let part: Uint8Array[] = [];
  let byteLength = CHUNK_HEADER_BYTES;
  let next = first;
  for (const value of values) {
    const size = recordBytes(value);
    if (part.length > 0 && byteLength + size > CHUNK_BYTES) {
      chunks.push(encodeChunk(next, part, byteLength));
      next += part.length;
      part = [];
      byteLength = CHUNK_HEADER_BYTES;
    }
    part.push(value);
    byteLength += size;
  }
  if (part.length > 0) chunks.push(encodeChunk(next, part, byteLength));
  return chunks;
}

function encodeChunk(first: number, values: readonly Uint8Array[], byteLength: number): Chunk {
  const bytes = Buffer.allocUnsafe(byteLength);
  bytes.writeUInt32LE(VERSION, 0);
  bytes.writeUInt32LE(values.length, 4);
  let position = CHUNK_HEADER_BYTES;
  let offset = first;
  for (const value of values) {
    bytes.writeUInt32LE(value.length, position);
    bytes.writeUInt32LE(crc32(value, offset >>> 0), position + 4);
    bytes.set(value, position + RECORD_HEADER_BYTES);
    position += recordBytes(value);
    offset += 1;
  }
  return { first, bytes };
}

/** Reads a chunk record by record. Every method throws `LogFault` (DAMAGED) instead of returning garbage. */
export class ChunkCursor {
  /** Offset of the record that `read` returns next; equal to `end` after the last. */
  next: number;
  readonly end: number;
  readonly #bytes: Buffer;
  #position = CHUNK_HEADER_BYTES;

  constructor({ first, bytes }: Chunk) {
    if (bytes.length < CHUNK_HEADER_BYTES || bytes.readUInt32LE(0) !== VERSION) throw damaged(first);
    this.next = first;
    this.end = first + bytes.readUInt32LE(4);
    this.#bytes = bytes;
  }

  /** Length of the next record's value, in bytes. */
  nextLength(): number {
    const left = this.#bytes.length - this.#position - RECORD_HEADER_BYTES;
    const length = left < 0 ? 0 : this.#bytes.readUInt32LE(this.#position);
    if (left < length) throw damaged(this.next);
    return length;
  }

  /** Goes on to the record at `offset`. */
  skipTo(offset: number): void {
    while (this.next < offset) {
      this.#position += RECORD_HEADER_BYTES + this.nextLength();
      this.next += 1;
    }
  }

  /** The next record's value: a view of the chunk. Stays at the record when it is damaged. */
  read(): Uint8Array {
    const start = this.#position + RECORD_HEADER_BYTES;
    const end = start + this.nextLength();
    const value = this.#bytes.subarray(start, end);
    if (crc32(value, this.next >>> 0) !== this.#bytes.readUInt32LE(start - 4)) throw damaged(this.next);
    this.#position = end;
    this.next += 1;
    return value;
  }
}

const damaged = (offset: number): LogFault =>
  new LogFault('DAMAGED', `The record at offset ${offset} is not what was written.`);
