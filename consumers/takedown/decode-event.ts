// Bytes of the log to events of cases; what cannot be read or is no event becomes a dead letter, never a fault.
import { Buffer } from 'node:buffer';
import type { LoggedRecord } from '../../log/log.js';
import { formatPosition, isPosition } from '../../schemas/log-position.js';
import { isUnreadable, replayedRecordCodec, takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { ENVIRONMENTS, type DeadLetterReason } from '../../schemas/vocabulary.js';
import { NOT_ACTS } from '../../takedown/fold.js';
import { readEvent } from '../../takedown/read-event.js';

/** One per record of the batch, in order: none falls out. */
export type DecodedEvent = ReadEvent | DeadEvent;

/** Keys and digest in hexadecimal. Good as long as the value in the log is. */
export interface ReadEvent {
  readonly outcome: 'READ';
  readonly offset: number;
  readonly record: TakedownRecord;
  readonly locationKey: string;
  readonly eventKey: string;
  readonly digest: string;
  /** Whether it makes a new version of its case. */
  readonly isAct: boolean;
  /** The dead letter that this is a replay of, as its position; empty for an event that is none. */
  readonly replayOf: string;
}

export interface DeadEvent {
  readonly outcome: 'DEAD_LETTER';
  readonly offset: number;
  readonly reason: DeadLetterReason;
  readonly stage: 'decode';
  readonly original: Uint8Array;
  /** As of a `ReadEvent`; `original` is then what stood in the log at first. */
  readonly replayOf: string;
}

/** What it returns is good as long as the values of `records` are. */
export function decodeEvents(records: readonly LoggedRecord[]): readonly DecodedEvent[] {
  return records.map(({ offset, value }) => {
    const event = readAt(offset, value, '');
    return event.outcome === 'DEAD_LETTER' && event.reason === 'UNKNOWN_SCHEMA'
      ? (decodeReplayed(offset, value) ?? event)
      : event;
  });
}

/** What is in a replay is an event, never another replay. Undefined for what is no replay. */
function decodeReplayed(offset: number, value: Uint8Array): DecodedEvent | undefined {
  const replayed = replayedRecordCodec.decode(value);
  if (isUnreadable(replayed)) {
    return replayed.unreadable === 'UNKNOWN_SCHEMA'
      ? undefined
      : deadEvent(offset, replayed.unreadable, value, '');
  }
  if (!isPosition(replayed)) return deadEvent(offset, 'UNDECODABLE', value, '');
  return readAt(offset, replayed.original, formatPosition({ topic: 'takedowns', ...replayed }));
}

function readAt(offset: number, value: Uint8Array, replayOf: string): DecodedEvent {
  const record = takedownRecordCodec.decode(value);
  if (isUnreadable(record)) return deadEvent(offset, record.unreadable, value, replayOf);
  const reason = faultOf(record);
  if (reason !== undefined) return deadEvent(offset, reason, value, replayOf);
  return {
    outcome: 'READ',
    offset,
    record,
    locationKey: hex(record.locationKey),
    eventKey: hex(record.eventKey),
    digest: hex(record.digest),
    isAct: !NOT_ACT_WORDS.has(record.type),
    replayOf,
  };
}

function deadEvent(
  offset: number,
  reason: DeadLetterReason,
  original: Uint8Array,
  replayOf: string,
): DeadEvent {
  return { outcome: 'DEAD_LETTER', offset, reason, stage: 'decode', original, replayOf };
}

const NOT_ACT_WORDS: ReadonlySet<string> = NOT_ACTS;

const MAX_UINT32 = 0xffff_ffff;
/** 9999-12-31, the end of what a column of instants can hold. */
const MAX_INSTANT_MS = 253_402_300_799_999;
/** The end of ClickHouse's DateTime, 2106-02-07: later months have no partition of their own. */
const MAX_RECEIVED_AT_MS = MAX_UINT32 * 1_000 + 999;

/** Why the record is no event, undefined when it is one. */
function faultOf(record: TakedownRecord): DeadLetterReason | undefined {
  const { environment, place, report, eventKey } = record;
  if (!isInRange(record)) return 'UNDECODABLE';
  if (!ENVIRONMENTS.some((known) => known === environment)) return 'UNKNOWN_WORD';
  const host = place === null ? null : { isVnDomain: place.isVnDomain, country: '', network: '' };
  const read = readEvent({ ...record, id: hex(eventKey), isOutdated: false, host, report });
  return 'fault' in read ? read.fault.reason : undefined;
}

/** A value that does not fit its column would be refused by the store with its whole batch, for ever. */
function isInRange(record: TakedownRecord): boolean {
  const { receivedAtMs, observedAtMs, occurredAt, report, seenVersion, cycle, n } = record;
  return (
    isWithin(receivedAtMs, MAX_RECEIVED_AT_MS) &&
    isWithin(observedAtMs, MAX_INSTANT_MS) &&
    isWithin(occurredAt.instantMs, MAX_INSTANT_MS) &&
    isWithin(report?.contentCreatedAt?.instantMs ?? 0, MAX_INSTANT_MS) &&
    isWithin(seenVersion ?? 0, Number.MAX_SAFE_INTEGER) &&
    isWithin(cycle, MAX_UINT32) &&
    isWithin(n, MAX_UINT32)
  );
}

function isWithin(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
