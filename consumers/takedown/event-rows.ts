// Judged events to rows of `takedown_records`.
import { Buffer } from 'node:buffer';
import type { TakedownPlace } from '../../schemas/takedown-record.js';
import type { Hosting } from '../enrich.js';
import type { RepeatedReplay } from '../refuse-repeated-replays.js';
import type { DeadEvent } from './decode-event.js';
import type { JudgedEvent, TakenEvent } from './judge-events.js';

export interface EventRowContext {
  readonly epoch: number;
  readonly partition: number;
  readonly landedAtMs: number;
  readonly enrichLocation: (location: { readonly ip: string }) => Hosting;
  readonly lookupVersions: string;
}

type Column = readonly [
  name: string,
  ofEvent: (event: TakenEvent, context: EventRowContext) => unknown,
  /** What a row without an event holds. */
  ofNone:
    | ((event: DeadEvent | RepeatedReplay, context: EventRowContext) => unknown)
    | string
    | number
    | boolean
    | null
    | [],
];

const NO_KEY = '00000000-0000-0000-0000-000000000000';
const NO_PLACE: TakedownPlace = {
  host: '',
  registrableDomain: '',
  isVnDomain: false,
  serviceName: '',
  hostIp: '',
};

/** Where a row has what an event has, and how. Of a row without an event times are 1970: the same however often it lands. */
const COLUMNS: readonly Column[] = [
  ['log_epoch', (_, { epoch }) => epoch, (_, { epoch }) => epoch],
  ['log_partition', (_, { partition }) => partition, (_, { partition }) => partition],
  ['log_offset', ({ offset }) => offset, ({ offset }) => offset],
  ['outcome', ({ outcome }) => outcome, (one) => (isDead(one) ? 'DEAD_LETTER' : 'DUPLICATE')],
  ['reason', () => '', (one) => (isDead(one) ? one.reason : '')],
  ['stage', () => '', (one) => (isDead(one) ? one.stage : '')],
  ['original', () => '', (one) => (isDead(one) ? base64(one.original) : '')],
  ['replay_of', ({ replayOf }) => replayOf, ({ replayOf }) => replayOf],
  ['landed_at', (_, { landedAtMs }) => landedAtMs, (_, { landedAtMs }) => landedAtMs],
  ['environment', ({ record }) => record.environment, 'UNKNOWN'],
  ['location_key', ({ locationKey }) => dashed(locationKey), NO_KEY],
  ['event_key', ({ eventKey }) => dashed(eventKey), NO_KEY],
  ['event_id', ({ record }) => record.eventId, ''],
  ['digest', ({ digest }) => digest, ''],
  ['type', ({ record }) => record.type, ''],
  ['actor_role', ({ record }) => record.actorRole, ''],
  ['actor_id', ({ record }) => record.actorId, ''],
  ['occurred_at', ({ record }) => record.occurredAt.instantMs, 0],
  ['occurred_precision', ({ record }) => record.occurredAt.precision, ''],
  ['received_at', ({ record }) => record.receivedAtMs, 0],
  ['observed_at', ({ record }) => record.observedAtMs, 0],
  ['is_history', ({ record }) => record.isHistory, false],
  ['seen_version', ({ record }) => record.seenVersion, null],
  ['is_outdated', ({ isOutdated }) => isOutdated, false],
  ['report_id', ({ record }) => record.report?.reportId ?? record.reportId, ''],
  ['report_provider_id', ({ record }) => record.report?.providerId ?? '', ''],
  ['category', ({ record }) => record.report?.category ?? record.category, ''],
  ['urgency', ({ record }) => record.report?.urgency ?? record.urgency, ''],
  ['source', ({ record }) => record.report?.source ?? '', ''],
  ['content_created_at', ({ record }) => record.report?.contentCreatedAt?.instantMs ?? null, null],
  ['content_created_precision', ({ record }) => record.report?.contentCreatedAt?.precision ?? '', ''],
  ['finding', ({ record }) => record.finding, ''],
  ['addressee', ({ record }) => record.addressee, ''],
  ['legal_basis', ({ record }) => record.legalBasis, ''],
  ['closed_as', ({ record }) => record.closedAs, ''],
  ['relation', ({ record }) => record.relation, ''],
  ['from_location_key', ({ record }) => record.fromLocationKey, ''],
  ['to_location_key', ({ record }) => record.toLocationKey, ''],
  ['case_stage', ({ record }) => record.stage, ''],
  ['owner', ({ record }) => record.owner, ''],
  ['previous_owner', ({ record }) => record.previousOwner, ''],
  ['cycle', ({ record }) => record.cycle, 0],
  ['rule', ({ record }) => record.rule, ''],
  ['n', ({ record }) => record.n, 0],
  ['host', (event) => placeOf(event).host, ''],
  ['registrable_domain', (event) => placeOf(event).registrableDomain, ''],
  ['is_vn_domain', (event) => placeOf(event).isVnDomain, false],
  ['service_name', (event) => placeOf(event).serviceName, ''],
  ['host_ip', (event) => placeOf(event).hostIp, ''],
  ['country', (event, context) => hostingOf(event, context).country, ''],
  ['asn', (event, context) => hostingOf(event, context).asn, 0],
  ['sealed_fields', ({ record }) => record.sealed.map(({ field }) => field), []],
  ['sealed_tokens', ({ record }) => record.sealed.map(({ token }) => dashed(hex(token))), []],
  ['sealed_boxes', ({ record }) => record.sealed.map(({ box }) => base64(box)), []],
  ['notice_box', ({ record }) => base64(record.noticeBox), ''],
  ['lookup_versions', (_, { lookupVersions }) => lookupVersions, ''],
];

/** Columns of `takedown_records` in the order of the values of a line. */
export const EVENT_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** JSONCompactEachRow; one row for every record, also for one that is no event. */
export function eventRows(batch: readonly JudgedEvent[], context: EventRowContext): Buffer {
  const lines = batch.map((event) => {
    const values = COLUMNS.map(([, ofEvent, ofNone]) => {
      if ('record' in event) return ofEvent(event, context);
      return typeof ofNone === 'function' ? ofNone(event, context) : ofNone;
    });
    return `${JSON.stringify(values)}\n`;
  });
  return Buffer.from(lines.join(''), 'utf8');
}

function isDead(event: DeadEvent | RepeatedReplay): event is DeadEvent {
  return event.outcome === 'DEAD_LETTER';
}

const NOWHERE: Hosting = { country: '', asn: 0 };

function hostingOf(event: TakenEvent, { enrichLocation }: EventRowContext): Hosting {
  const { hostIp } = placeOf(event);
  return hostIp === '' ? NOWHERE : enrichLocation({ ip: hostIp });
}

function placeOf({ record }: TakenEvent): TakedownPlace {
  return record.place ?? NO_PLACE;
}

function dashed(key: string): string {
  return `${key.slice(0, 8)}-${key.slice(8, 12)}-${key.slice(12, 16)}-${key.slice(16, 20)}-${key.slice(20)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
