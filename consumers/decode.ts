// Bytes of the log to report records; what cannot be read becomes a dead letter, never a fault.
import type { LoggedRecord } from '../log/log.js';
import { isUnreadable, reportRecordCodec } from '../schemas/record-codec.js';
import type { ReportRecord } from '../schemas/report-record.js';
import type { DeadLetterReason } from '../schemas/vocabulary.js';

/** One per record of the batch, in order: none falls out. */
export type Decoded = DecodedRecord | DeadLetter;

export interface DecodedRecord {
  readonly outcome: 'READ';
  readonly offset: number;
  readonly record: ReportRecord;
}

export interface DeadLetter {
  readonly outcome: 'DEAD_LETTER';
  readonly offset: number;
  readonly reason: DeadLetterReason;
  readonly stage: 'decode';
  readonly original: Uint8Array;
}

export function decode(records: readonly LoggedRecord[]): readonly Decoded[] {
  return records.map(({ offset, value }) => {
    const record = reportRecordCodec.decode(value);
    return isUnreadable(record)
      ? { outcome: 'DEAD_LETTER', offset, reason: record.unreadable, stage: 'decode', original: value }
      : { outcome: 'READ', offset, record };
  });
}
