// Who and what an event is: the key under which all copies of it meet, and the digest by which they are compared.
import { Buffer } from 'node:buffer';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { HASH_DOMAINS, type KeyedHash } from '../keyed-hash.js';
import type { Actor } from './actor.js';

const DIGEST_BYTES = 8;

/** 16 bytes: the same from every gateway, for every re-send. */
export function eventKeyOf(keyed: KeyedHash, { environment, role, id }: Actor, eventId: string): Buffer {
  return keyed.of(HASH_DOMAINS.takedownEvent, environment, role, id, eventId);
}

/** What an event says: its record without who says it, and without what the gateway adds. */
export type EventContent = Pick<
  TakedownRecord,
  | 'type'
  | 'locationKey'
  | 'isHistory'
  | 'seenVersion'
  | 'reportId'
  | 'finding'
  | 'category'
  | 'urgency'
  | 'legalBasis'
  | 'closedAs'
  | 'relation'
  | 'fromLocationKey'
  | 'toLocationKey'
  | 'stage'
  | 'owner'
  | 'previousOwner'
>;

/** What the sender said beside it. */
export interface AlsoSaid {
  /** As it was sent: who answers for a location may change between two copies. */
  readonly addressee: string;
  /** Null: left to the time of receipt, which differs between two copies. */
  readonly occurredAt: TakedownRecord['occurredAt'] | null;
  readonly observedAtMs: number | null;
  /** Without its id, which follows from the event's. */
  readonly report: Omit<NonNullable<TakedownRecord['report']>, 'reportId'> | null;
  readonly hostIp: string;
  /** Normalised. */
  readonly note: string;
}

/** 8 bytes: equal for every re-send, whichever way the location was named. */
export function digestEvent(keyed: KeyedHash, content: EventContent, also: AlsoSaid): Buffer {
  const { report, occurredAt } = also;
  const parts = [
    content.type,
    Buffer.from(content.locationKey).toString('hex'),
    content.isHistory,
    content.seenVersion,
    content.reportId,
    content.finding,
    content.category,
    content.urgency,
    content.legalBasis,
    content.closedAs,
    content.relation,
    content.fromLocationKey,
    content.toLocationKey,
    content.stage,
    content.owner,
    content.previousOwner,
    also.addressee,
    timeParts(occurredAt),
    also.observedAtMs,
    report === null
      ? null
      : [
          report.providerId,
          report.category,
          report.urgency,
          report.source,
          timeParts(report.contentCreatedAt),
        ],
    also.hostIp,
    also.note,
  ];
  return keyed.of(HASH_DOMAINS.takedownDigest, JSON.stringify(parts)).subarray(0, DIGEST_BYTES);
}

function timeParts(time: TakedownRecord['occurredAt'] | null): readonly unknown[] | null {
  return time === null ? null : [time.instantMs, time.precision];
}
