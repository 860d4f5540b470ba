// Bytes of the log to report records; what cannot be read becomes a dead letter, never a fault.
import type { LoggedRecord } from '../log/log.js';
import { isUnreadable, reportRecordCodec } from '../schemas/record-codec.js';
import type { EventTime, ReportRecord } from '../schemas/report-record.js';
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
  return records.map(({ offset, value }): Decoded => {
    const record = reportRecordCodec.decode(value);
    if (isUnreadable(record)) return deadLetter(offset, record.unreadable, value);
    if (!isInRange(record)) return deadLetter(offset, 'UNDECODABLE', value);
    return { outcome: 'READ', offset, record };
  });
}

function deadLetter(offset: number, reason: DeadLetterReason, original: Uint8Array): DeadLetter {
  return { outcome: 'DEAD_LETTER', offset, reason, stage: 'decode', original };
}

const MAX_UINT32 = 0xffff_ffff;
/** The end of ClickHouse's DateTime, 2106-02-07, and of what its DateTime64 can hold, 9999-12-31. */
const MAX_RECEIVED_AT_MS = MAX_UINT32 * 1_000 + 999;
const MAX_INSTANT_MS = 253_402_300_799_999;

/**
 * Whether all values fit into their columns. One that does not would be refused by the store with its
 * whole batch, for ever, or land as another value.
 */
function isInRange(record: ReportRecord): boolean {
  const { confidence, bundle } = record;
  return (
    isWithin(record.receivedAtMs, MAX_RECEIVED_AT_MS) &&
    isWithin(record.revision, MAX_UINT32) &&
    record.streamSequence >= 0 &&
    isInstant(record.contentCreatedAt) &&
    isInstant(record.incidentAt) &&
    isInstant(record.detectedAt) &&
    isInstant(record.decidedAt) &&
    isInstant(record.reportedAt) &&
    (confidence === null || isWithin(confidence, 1)) &&
    (bundle === null || isWithin(bundle.incidentCount, MAX_UINT32)) &&
    isKey(record.recordKey)
  );
}

function isWithin(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

function isInstant(time: EventTime | null): boolean {
  return time === null || isWithin(time.instantMs, MAX_INSTANT_MS);
}

/** No keyed hash is all zeros; deduplication uses that to mark free places. */
function isKey(key: Uint8Array): boolean {
  for (const byte of key) if (byte !== 0) return true;
  return false;
}
