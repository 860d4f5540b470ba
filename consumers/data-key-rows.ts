// Data keys of the gateways, still wrapped, to rows.
import { Buffer } from 'node:buffer';
import type { LoggedRecord } from '../log/log.js';
import { dataKeyRecordCodec, isUnreadable } from '../schemas/record-codec.js';

/** Columns of `data_keys` in the order of the values of a line. */
export const DATA_KEY_COLUMNS = [
  'log_epoch',
  'log_partition',
  'log_offset',
  'key_id',
  'wrapped_key',
  'public_key_fingerprint',
  'created_at',
  'problem',
] as const;

/** JSONCompactEachRow; one row for every record, also for one that cannot be read. */
export function dataKeyRows(batch: readonly LoggedRecord[], epoch: number, partition: number): Buffer {
  const lines = batch.map(({ offset, value }) => {
    const record = dataKeyRecordCodec.decode(value);
    const content = isUnreadable(record)
      ? ['', '', '', 0, record.unreadable]
      : [
          Buffer.from(record.keyId).toString('hex'),
          Buffer.from(record.wrappedKey).toString('base64'),
          Buffer.from(record.publicKeyFingerprint).toString('hex'),
          record.createdAtMs,
          '',
        ];
    return `${JSON.stringify([epoch, partition, offset, ...content])}\n`;
  });
  return Buffer.from(lines.join(''), 'utf8');
}
