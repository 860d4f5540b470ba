// One record batch of Kafka's message format 2, written straight into the bytes of its request.
// https://kafka.apache.org/documentation/#recordbatch
import { crc32 } from 'node:zlib';

import { crc32c } from './crc32c.js';
import type { LogRecord } from './log.js';

/**
 * The name of the header with a record's checksum (CRC-32 of the value, 4 bytes, big endian). The batch's own checksum
 * is for the broker: the client that reads does not look at it.
 */
export const CHECKSUM_HEADER = 'crc32';

export const BATCH_HEADER_BYTES = 61;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const COUNT_AT = 57;
const MAGIC = 2;
/** Not compressed, no transaction. */
const ATTRIBUTES = 0;

/** One header, its name, and the length of its value. */
const HEADERS = Buffer.from([
  zigzag(1),
  zigzag(CHECKSUM_HEADER.length),
  ...Buffer.from(CHECKSUM_HEADER),
  zigzag(4),
]);
const HEADERS_BYTES = HEADERS.length + 4;
/** Attributes and the difference to the batch's timestamp: both 0. */
const FIXED_BYTES = 2;
/** Enough for 2^27, and no record or batch comes near that. */
const MOST_VARINT_BYTES = 4;

/** The most that a record takes: the lengths of record, key and value and its place are varints. */
export const recordBytes = ({ key, value }: LogRecord): number =>
  4 * MOST_VARINT_BYTES + FIXED_BYTES + HEADERS_BYTES + key.length + value.length;

/**
 * Writes `records`, at least one, as a batch at `at`; returns where it ends. There must be room for
 * BATCH_HEADER_BYTES and the `recordBytes` of each. It bears no time: topics are stamped by their brokers.
 */
export function writeBatch(records: readonly LogRecord[], bytes: Buffer, at: number): number {
  let end = at + BATCH_HEADER_BYTES;
  for (let place = 0; place < records.length; place += 1) {
    const record = records[place];
    if (record !== undefined) end = writeRecord(record, place, bytes, end);
  }
  // -1, "none", are: the leader's epoch, both timestamps, and the producer's id, epoch and sequence.
  bytes.fill(0xff, at, at + BATCH_HEADER_BYTES);
  bytes.fill(0, at, at + LENGTH_AT);
  bytes.writeInt32BE(end - at - LENGTH_AT - 4, at + LENGTH_AT);
  bytes.writeInt8(MAGIC, at + MAGIC_AT);
  bytes.writeInt16BE(ATTRIBUTES, at + ATTRIBUTES_AT);
  bytes.writeInt32BE(records.length - 1, at + LAST_OFFSET_DELTA_AT);
  bytes.writeInt32BE(records.length, at + COUNT_AT);
  bytes.writeUInt32BE(crc32c(bytes, at + ATTRIBUTES_AT, end), at + CRC_AT);
  return end;
}

function writeRecord({ key, value }: LogRecord, place: number, bytes: Buffer, from: number): number {
  const length =
    FIXED_BYTES +
    varintBytes(place) +
    varintBytes(key.length) +
    key.length +
    varintBytes(value.length) +
    value.length +
    HEADERS_BYTES;
  let at = writeVarint(length, bytes, from);
  bytes[at] = 0;
  bytes[at + 1] = 0;
  at = writeVarint(place, bytes, at + FIXED_BYTES);
  at = writeVarint(key.length, bytes, at);
  bytes.set(key, at);
  at = writeVarint(value.length, bytes, at + key.length);
  bytes.set(value, at);
  at += value.length;
  bytes.set(HEADERS, at);
  return bytes.writeUInt32BE(crc32(value), at + HEADERS.length);
}

/** As all of the format's varints: numbers near 0 are short, whatever their sign. None here is negative. */
function zigzag(value: number): number {
  return value << 1;
}

function varintBytes(value: number): number {
  const bits = zigzag(value);
  return bits < 0x80 ? 1 : bits < 0x4000 ? 2 : bits < 0x200000 ? 3 : MOST_VARINT_BYTES;
}

function writeVarint(value: number, bytes: Buffer, from: number): number {
  let rest = zigzag(value);
  let at = from;
  for (; rest > 0x7f; rest >>>= 7) {
    bytes[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  bytes[at] = rest;
  return at + 1;
}
