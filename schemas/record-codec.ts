// Bytes of log records: Avro single-object encoding (C3 01, CRC-64-AVRO of the schema in little endian, body).
// The only file that knows the framing.
import { readFileSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import avsc from 'avsc';
import { shapeOf, type Shape } from './avro-cursor.js';
import { crc64Avro } from './crc-64-avro.js';
import type { DataKeyRecord, ReplayedRecord, ReportRecord } from './report-record.js';
import type { TakedownRecord } from './takedown-record.js';
import type { DeadLetterReason } from './vocabulary.js';

/** Where the value begins. */
export const HEADER_BYTES = 10;

/** Why bytes could not be read as a record. */
export interface Unreadable {
  readonly unreadable: Extract<DeadLetterReason, 'UNDECODABLE' | 'UNKNOWN_SCHEMA'>;
}

/** Encodes and decodes one kind of record, whatever known version it was written with. */
export interface RecordCodec<T> {
  /** What stands in front of a record of the newest version. */
  readonly header: Uint8Array;
  /** Bytes in it must be Buffers; throws for a record that is none. */
  encode(record: T): Buffer;
  /** Never throws: bytes that cannot be read are an outcome. Takes at most time and memory in proportion to the bytes. */
  decode(bytes: Uint8Array): T | Unreadable;
  /**
   * The same record in bytes of the newest version: the bytes themselves, when they claim to be of it (they are not
   * read), and new ones otherwise. Never throws.
   */
  inNewestVersion(bytes: Uint8Array): Uint8Array | Unreadable;
  /** Of the newest version. */
  readonly shape: Shape;
}

/** The 8 bytes by which single-object encoding names a schema: of its Parsing Canonical Form. */
export function fingerprint(schema: avsc.Type): Buffer {
  const bytes = Buffer.alloc(8);
  // Not `toString()`: of a record that gives only the name.
  const canonical = JSON.stringify(schema.schema());
  bytes.writeBigUInt64LE(crc64Avro(Buffer.from(canonical, 'utf8')));
  return bytes;
}

/** Reads schema text strictly: unions are unwrapped by declaration, never by guessing. */
export function parseSchema(text: string): avsc.Type {
  return avsc.Type.forSchema(JSON.parse(text) as avsc.Schema, {
    wrapUnions: 'never',
    typeHook(schema, options) {
      switch (typeof schema === 'object' && 'type' in schema ? schema.type : schema) {
        case 'array':
          return new BoundedArray(schema, options);
        case 'long':
          return new SafeLong();
        default:
          return undefined;
      }
    },
  });
}

/** What avsc's types read with; its declarations leave it out. */
interface Tap {
  readonly buf: Uint8Array;
  readonly pos: number;
  readLong(): number;
  skipLong(): void;
  writeLong(value: number): void;
}

/**
 * avsc believes every number of items: ten bytes could keep it busy for minutes and take all memory.
 * An item takes at least one byte here; no schema of ours has items without any.
 */
class BoundedArray extends avsc.types.ArrayType {
  declare readonly itemsType: avsc.Type & { _read(tap: Tap): unknown };

  /** The hook by which avsc reads a value. */
  _read(tap: Tap): unknown[] {
    let items: unknown[] | undefined;
    let at = 0;
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      if (count < 0) {
        count = -count;
        tap.skipLong();
      }
      if (count > tap.buf.length - tap.pos) throw new RangeError('more items than bytes');
      items ??= new Array<unknown>(count);
      for (; count > 0; count -= 1) items[at++] = this.itemsType._read(tap);
    }
    return items ?? [];
  }
}

/** avsc stops one short of 2^53 - 1, which the contract allows. */
class SafeLong extends avsc.types.LongType {
  _check(value: unknown): boolean {
    return Number.isSafeInteger(value);
  }

  _read(tap: Tap): number {
    const value = tap.readLong();
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
      throw new RangeError('a whole number that JavaScript cannot hold');
    return value;
  }

  _write(tap: Tap, value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError('not a whole number');
    tap.writeLong(value);
  }
}

function codec<T extends object>(versions: readonly string[]): RecordCodec<T> {
  const types = versions.map((file) =>
    parseSchema(readFileSync(new URL(`./avro/${file}`, import.meta.url), 'utf8')),
  );
  const newest = types.at(-1);
  if (newest === undefined) throw new Error('a codec needs at least one schema version');
  const header = Buffer.concat([Buffer.from([0xc3, 0x01]), fingerprint(newest)]);
  const readers = new Map(
    types.map((type) => [
      fingerprint(type).toString('hex'),
      { type, resolver: type === newest ? undefined : newest.createResolver(type) },
    ]),
  );

  const encode = (record: T): Buffer => Buffer.concat([header, newest.toBuffer(record)]);

  const isNewest = (bytes: Uint8Array): boolean => {
    for (let i = 0; i < HEADER_BYTES; i += 1) if (bytes[i] !== header[i]) return false;
    return true;
  };

  const decode = (bytes: Uint8Array): T | Unreadable => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length < HEADER_BYTES || buffer[0] !== 0xc3 || buffer[1] !== 0x01) {
      return { unreadable: 'UNDECODABLE' };
    }
    const body = buffer.subarray(HEADER_BYTES);
    try {
      // The schema is what makes these bytes a T: avsc builds exactly its fields or throws.
      if (isNewest(buffer)) return newest.fromBuffer(body) as T;
      const reader = readers.get(buffer.toString('hex', 2, HEADER_BYTES));
      if (reader === undefined) return { unreadable: 'UNKNOWN_SCHEMA' };
      return newest.fromBuffer(body, reader.resolver) as T;
    } catch {
      // avsc throws plain errors for every kind of bad bytes, with the bytes' content in the message.
      return { unreadable: 'UNDECODABLE' };
    }
  };

  return {
    header,
    encode,
    decode,
    inNewestVersion(bytes) {
      if (isNewest(bytes)) return bytes;
      const record = decode(bytes);
      return isUnreadable(record) ? record : encode(record);
    },
    shape: shapeOf(newest.schema({ exportAttrs: true })),
  };
}

/** Schema versions of report records, oldest first; released ones are never changed. */
export const REPORT_RECORD_VERSIONS = ['report-record.v1.avsc'] as const;
/** Schema versions of data key records, oldest first; released ones are never changed. */
export const DATA_KEY_RECORD_VERSIONS = ['data-key-record.v1.avsc'] as const;
/** Schema versions of replayed records, oldest first; released ones are never changed. */
export const REPLAYED_RECORD_VERSIONS = ['replayed-record.v1.avsc'] as const;
/** Schema versions of events of cases, oldest first; released ones are never changed. */
export const TAKEDOWN_RECORD_VERSIONS = ['takedown-record.v1.avsc'] as const;

export const reportRecordCodec = codec<ReportRecord>(REPORT_RECORD_VERSIONS);
export const dataKeyRecordCodec = codec<DataKeyRecord>(DATA_KEY_RECORD_VERSIONS);
export const replayedRecordCodec = codec<ReplayedRecord>(REPLAYED_RECORD_VERSIONS);
export const takedownRecordCodec = codec<TakedownRecord>(TAKEDOWN_RECORD_VERSIONS);

/** Tells an unreadable outcome from a record. */
export function isUnreadable(decoded: object): decoded is Unreadable {
  return 'unreadable' in decoded;
}
