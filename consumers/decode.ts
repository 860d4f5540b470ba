// Bytes of the log to reports; what cannot be read becomes a dead letter, never a fault.
import type { LoggedRecord } from '../log/log.js';
import { formatPosition, isPosition } from '../schemas/log-position.js';
import { isUnreadable, replayedRecordCodec } from '../schemas/record-codec.js';
import type { DeadLetterReason } from '../schemas/vocabulary.js';
import { ReportReader, type ReportBytes } from './report-bytes.js';

/** One per record of the batch, in order: none falls out. */
export type Decoded = DecodedRecord | DeadLetter;

export interface DecodedRecord {
  readonly outcome: 'READ';
  readonly offset: number;
  readonly record: ReportBytes;
  /** The dead letter that this is a replay of, as its position; empty for a record that is none. */
  readonly replayOf: string;
}

export interface DeadLetter {
  readonly outcome: 'DEAD_LETTER';
  readonly offset: number;
  readonly reason: DeadLetterReason;
  readonly stage: 'decode';
  readonly original: Uint8Array;
  /** As of a `DecodedRecord`; `original` is then what stood in the log at first. */
  readonly replayOf: string;
}

/** What it returns is good as long as the values of `records` are. */
export function decode(records: readonly LoggedRecord[]): readonly Decoded[] {
  const reader = new ReportReader(records.length);
  return records.map(({ offset, value }): Decoded => {
    const record = reader.read(value);
    if (!isUnreadable(record)) return { outcome: 'READ', offset, record, replayOf: '' };
    // Only here, so that replays cost the others nothing.
    return record.unreadable === 'UNKNOWN_SCHEMA'
      ? decodeReplayed(offset, value, reader)
      : deadLetter(offset, record.unreadable, value, '');
  });
}

/** What is in a replay is a report, never another replay. */
function decodeReplayed(offset: number, value: Uint8Array, reader: ReportReader): DecodedRecord | DeadLetter {
  const replayed = replayedRecordCodec.decode(value);
  if (isUnreadable(replayed)) return deadLetter(offset, replayed.unreadable, value, '');
  if (!isPosition(replayed)) return deadLetter(offset, 'UNDECODABLE', value, '');
  const replayOf = formatPosition({ topic: 'reports', ...replayed });
  const record = reader.read(replayed.original);
  if (isUnreadable(record)) return deadLetter(offset, record.unreadable, replayed.original, replayOf);
  return { outcome: 'READ', offset, record, replayOf };
}

function deadLetter(
  offset: number,
  reason: DeadLetterReason,
  original: Uint8Array,
  replayOf: string,
): DeadLetter {
  return { outcome: 'DEAD_LETTER', offset, reason, stage: 'decode', original, replayOf };
}
