// What deduplication asks of the landed rows.
import { Buffer } from 'node:buffer';
import { textOf, type Select } from './select.js';

/** Where in the log the rows must stand: in this partition, before this offset. */
export interface Before {
  readonly epoch: number;
  readonly partition: number;
  readonly offset: number;
}

/** A report that landed first under its key. */
export interface LandedKey {
  /** 16 bytes. */
  readonly key: Buffer;
  /** 8 bytes. */
  readonly digest: Buffer;
}

const ROWS_AT_ONCE = 1_000_000;
/** Over HTTP bound parameters travel in the address of the request, which servers limit to a mebibyte. */
const KEYS_AT_ONCE = 5_000;
const KEY_BYTES = 16;
const DIGEST_BYTES = 8;

/** Keys and digests of all reports before `before`, in offset order, some at a time. */
export async function* selectLandedKeys(select: Select, before: Before): AsyncGenerator<LandedKey> {
  for (let from = 0; from < before.offset; from += ROWS_AT_ONCE) {
    const rows = await select(
      `SELECT base64Encode(groupConcat(concat(unhex(hex(record_key)), unhex(payload_digest)))) AS packed
       FROM (
         SELECT record_key, payload_digest FROM records
         WHERE log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32} AND outcome = 'REPORT'
           AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}
         ORDER BY log_offset
       )`,
      {
        epoch: before.epoch,
        partition: before.partition,
        from,
        to: Math.min(from + ROWS_AT_ONCE, before.offset),
      },
    );
    const packed = Buffer.from(rows[0] === undefined ? '' : textOf(rows[0], 'packed'), 'base64');
    for (let at = 0; at < packed.length; at += KEY_BYTES + DIGEST_BYTES) {
      yield {
        key: packed.subarray(at, at + KEY_BYTES),
        digest: packed.subarray(at + KEY_BYTES, at + KEY_BYTES + DIGEST_BYTES),
      };
    }
  }
}

/** Digests of the reports that landed first under one of `keys` (hex), by key. */
export async function selectLandedDigests(
  select: Select,
  before: Before,
  keys: readonly string[],
): Promise<ReadonlyMap<string, { readonly digest: string; readonly fieldDigests: string }>> {
  const landed = new Map<string, { readonly digest: string; readonly fieldDigests: string }>();
  for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
    const rows = await select(
      `SELECT lower(hex(record_key)) AS key, payload_digest, field_digests FROM records
       WHERE record_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))
         AND log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
         AND log_offset < {offset:UInt64} AND outcome = 'REPORT'`,
      {
        epoch: before.epoch,
        partition: before.partition,
        offset: before.offset,
        keys: keys.slice(from, from + KEYS_AT_ONCE).map(dashed),
      },
    );
    for (const row of rows) {
      landed.set(textOf(row, 'key'), {
        digest: textOf(row, 'payload_digest'),
        fieldDigests: textOf(row, 'field_digests'),
      });
    }
  }
  return landed;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
