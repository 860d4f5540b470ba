// Events of cases as they stand in the log, for tests: what the gateway would have made of them.
import { createHash } from 'node:crypto';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { RECEIVED_AT_MS } from './records.js';

function digest(length: number, ...parts: readonly unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, length);
}

/** The key of a location of the tests. */
export function locationKeyOf(place: string): Uint8Array {
  return digest(16, 'location', place);
}

/** A good event of an operator; key and digest follow from its identity and content, unless they are given. */
export function takedownRecordOf(change: Partial<TakedownRecord> = {}): TakedownRecord {
  const content = {
    environment: 'TEST',
    eventId: 'e-1',
    type: 'TRIAGED',
    actorRole: 'OPERATOR',
    actorId: 'op-1',
    locationKey: locationKeyOf('lachan-demo-1.vn'),
    place: null,
    occurredAt: { instantMs: RECEIVED_AT_MS - 60_000, precision: 'MS' },
    receivedAtMs: RECEIVED_AT_MS,
    observedAtMs: RECEIVED_AT_MS,
    isHistory: false,
    seenVersion: null,
    report: null,
    reportId: '',
    finding: '',
    category: '',
    urgency: '',
    addressee: '',
    legalBasis: '',
    closedAs: '',
    relation: '',
    fromLocationKey: '',
    toLocationKey: '',
    stage: '',
    owner: '',
    previousOwner: '',
    cycle: 0,
    rule: '',
    n: 0,
    sealed: [],
    noticeBox: Buffer.alloc(0),
    canonicalisedWith: '',
    ...change,
  } satisfies Partial<TakedownRecord>;
  const { environment, actorRole, actorId, eventId, type, locationKey, finding, place } = content;
  return {
    eventKey: digest(16, 'event', environment, actorRole, actorId, eventId),
    digest: digest(8, environment, type, Buffer.from(locationKey).toString('hex'), finding, place),
    ...content,
  };
}

/** What a REPORTED of a history says, where its host is. */
export const REPORTED = {
  type: 'REPORTED',
  isHistory: true,
  place: {
    host: 'lachan-demo-1.vn',
    registrableDomain: 'lachan-demo-1.vn',
    isVnDomain: true,
    serviceName: '',
    hostIp: '192.0.2.1',
  },
  report: {
    reportId: 'ab'.repeat(16),
    providerId: 'demo-platform',
    category: 'CSAM',
    urgency: 'ROUTINE',
    source: 'USER_NOTICE',
    contentCreatedAt: { instantMs: RECEIVED_AT_MS - 86_400_000, precision: 'DAY' },
  },
} as const satisfies Partial<TakedownRecord>;

/** An event with a value in every field, each its own. */
export const fullEvent: TakedownRecord = {
  ...takedownRecordOf(REPORTED),
  eventKey: Buffer.alloc(16, 0xe1),
  digest: Buffer.alloc(8, 0xd1),
  locationKey: Buffer.alloc(16, 0x1c),
  seenVersion: 3,
  reportId: 'report',
  finding: 'finding',
  category: 'category',
  urgency: 'urgency',
  addressee: 'addressee',
  legalBasis: 'legal basis',
  closedAs: 'closed as',
  relation: 'relation',
  fromLocationKey: 'from',
  toLocationKey: 'to',
  stage: 'stage',
  owner: 'owner',
  previousOwner: 'previous owner',
  cycle: 4,
  rule: 'rule',
  n: 5,
  sealed: [{ field: 'note', token: Buffer.alloc(16, 1), box: Buffer.alloc(40, 2) }],
  noticeBox: Buffer.alloc(4, 3),
  canonicalisedWith: 'public suffix list of the tests',
};
