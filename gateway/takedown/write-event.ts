// From a checked event to the record of the log: identified, sealed, in our own words.
import { Buffer } from 'node:buffer';
import { Category, Source, Urgency, type EventTime } from '@lachan/proto/report';
import {
  CaseStage,
  Relation,
  TakedownEventType,
  type CaseLocation,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import type { LogRecord } from '../../log/log.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownPlace, TakedownRecord, TakedownReportFacts } from '../../schemas/takedown-record.js';
import { PRECISIONS } from '../../schemas/vocabulary.js';
import { PUBLIC_SUFFIX_VERSION } from '../canonicalise.js';
import { instantMs } from '../check-time.js';
import { authorityReportId } from '../identify.js';
import { HASH_DOMAINS, type KeyedHash } from '../keyed-hash.js';
import { normalised } from '../normalise.js';
import { boxBytes, type Sealer } from '../seal.js';
import type { Actor } from './actor.js';
import { digestEvent, eventKeyOf } from './identify-event.js';
import { keyIn, type Located } from './locate-event.js';
import type { Addressees } from './resolve-addressee.js';
import { sealNotice, type NoticeLocation } from './seal-notice.js';

/** Who sends, when it came, and with which keys it is sealed. */
export interface EventContext {
  readonly actor: Actor;
  readonly receivedAtMs: number;
  readonly keyed: KeyedHash;
  readonly sealer: Sealer;
  readonly addressees: Addressees;
}

/** An event that has passed validation. */
export interface GoodEvent {
  readonly event: TakedownEvent;
  readonly located: Located & { readonly key: Buffer };
}

/** What the addressee is told as soon as it lands. */
const TOLD: readonly string[] = ['NOTICE_ISSUED', 'BLOCK_ORDERED'];
const NO_BOX = Buffer.alloc(0);

/** `addressee`: who answers, given or resolved; empty where the type names nobody. */
export function writeEvent(
  { event, located }: GoodEvent,
  addressee: string,
  context: EventContext,
): LogRecord {
  const { actor, receivedAtMs, keyed } = context;
  const { key } = located;
  const eventKey = eventKeyOf(keyed, actor, event.eventId);
  const place = placeOf(event.location, located);
  const isHistory = event.observedAt !== undefined;
  const observedAtMs = event.observedAt === undefined ? receivedAtMs : instantMs(event.observedAt);
  const occurredAt = timeOf(event.occurredAt);
  const note = normalised(event.note);
  const content = contentOf(event, key, context);
  const report = isReport(content.type) ? factsOf(event, eventKey.toString('hex')) : null;
  const record: TakedownRecord = {
    ...content,
    environment: actor.environment,
    eventKey,
    eventId: event.eventId,
    digest: digestEvent(keyed, content, {
      addressee: event.addressee === '' && actor.role === 'PROVIDER' ? addressee : event.addressee,
      occurredAt,
      observedAtMs: isHistory ? observedAtMs : null,
      report,
      hostIp: event.location?.hostIp ?? '',
      note,
    }),
    actorRole: actor.role,
    actorId: actor.id,
    place,
    occurredAt: occurredAt ?? { instantMs: observedAtMs, precision: 'MS' },
    receivedAtMs,
    observedAtMs,
    report,
    addressee,
    cycle: 0,
    rule: '',
    n: 0,
    sealed: sealedOf(event, note, key, eventKey, context),
    noticeBox: isHistory ? NO_BOX : noticeBoxOf(content.type, event.location, key, addressee, context),
    canonicalisedWith: located.url === undefined ? '' : PUBLIC_SUFFIX_VERSION,
  };
  return { key, value: takedownRecordCodec.encode(record) };
}

function contentOf(event: TakedownEvent, key: Buffer, { actor, keyed }: EventContext) {
  const type = TakedownEventType[event.type];
  const isReappeared = event.type === TakedownEventType.REAPPEARED;
  const keyText = (text: string): string => (isReappeared ? (keyIn(text) ?? key).toString('hex') : '');
  return {
    type,
    locationKey: key,
    isHistory: event.observedAt !== undefined,
    seenVersion: event.seenVersion === undefined ? null : Number(event.seenVersion),
    reportId: event.type === TakedownEventType.RETRACTED ? retractedId(event, actor, keyed) : '',
    finding: event.type === TakedownEventType.ASSESSED ? event.reason || 'ILLEGAL' : '',
    category: isReport(type) || event.category === Category.UNSPECIFIED ? '' : Category[event.category],
    urgency: isReport(type) || event.urgency === Urgency.UNSPECIFIED ? '' : Urgency[event.urgency],
    legalBasis: normalised(event.legalBasis),
    closedAs: event.type === TakedownEventType.CLOSED ? event.reason || 'DOWN' : '',
    relation: isReappeared ? Relation[event.relation || Relation.SAME_LOCATION] : '',
    fromLocationKey: keyText(event.fromLocationKey),
    toLocationKey: keyText(event.toLocationKey),
    stage: event.stage === CaseStage.UNSPECIFIED ? '' : CaseStage[event.stage],
    owner: event.owner,
    previousOwner: event.previousOwner,
  };
}

function isReport(type: string): boolean {
  return type === 'REPORTED' || type === 'SELF_ACTIONED';
}

/** A report of a provider, or what the same actor has recorded as REPORTED of a history. */
function retractedId({ reportId, reporter }: TakedownEvent, actor: Actor, keyed: KeyedHash): string {
  const providerId = actor.role === 'PROVIDER' ? actor.id : reporter;
  const id =
    providerId === ''
      ? eventKeyOf(keyed, actor, reportId)
      : authorityReportId(keyed, actor.environment, providerId, reportId);
  return id.toString('hex');
}

function factsOf(event: TakedownEvent, reportId: string): TakedownReportFacts {
  const { reporter, category, urgency, source } = event;
  return {
    reportId,
    providerId: reporter,
    category: Category[category],
    urgency: Urgency[urgency || Urgency.ROUTINE],
    source: Source[source],
    contentCreatedAt: timeOf(event.contentCreatedAt),
  };
}

function timeOf(time: EventTime | undefined): TakedownRecord['occurredAt'] | null {
  if (time?.instant === undefined) return null;
  const precision = PRECISIONS[Math.max(time.precision - 1, 0)] ?? 'MS';
  return { instantMs: instantMs(time.instant), precision };
}

function placeOf(location: CaseLocation | undefined, { url }: Located): TakedownPlace | null {
  if (location === undefined) return null;
  const { hostIp, serviceName } = location;
  if (url?.kind !== 'canonical') {
    return {
      host: '',
      registrableDomain: '',
      isVnDomain: false,
      serviceName: normalised(serviceName),
      hostIp,
    };
  }
  const { host, registrableDomain, isVnDomain, ip } = url;
  return { host, registrableDomain, isVnDomain, serviceName: '', hostIp: hostIp === '' ? ip : hostIp };
}

/** As sent, not as canonicalised: the authority has to see what the actor saw. */
function sealedOf(
  { location }: TakedownEvent,
  note: string,
  key: Buffer,
  eventKey: Buffer,
  { actor, keyed, sealer }: EventContext,
): TakedownRecord['sealed'] {
  const seal = (field: string, token: Buffer, value: string): TakedownRecord['sealed'] => {
    if (value === '') return [];
    const box = Buffer.alloc(boxBytes(value));
    sealer.sealInto(box, 0, eventKey, 0, field, value);
    return [{ field, token, box }];
  };
  const noteToken = keyed.of(HASH_DOMAINS.sealedToken, actor.environment, 'note', note);
  return [
    ...seal('location.url', key, location?.url ?? ''),
    ...seal('location.content_id', key, location?.contentId ?? ''),
    ...seal('note', noteToken, note),
  ];
}

function noticeBoxOf(
  type: string,
  location: CaseLocation | undefined,
  key: Buffer,
  addressee: string,
  { addressees }: EventContext,
): Buffer {
  const noticeKey = TOLD.includes(type) ? addressees.noticeKeyOf(addressee) : undefined;
  if (noticeKey === undefined || location === undefined) return NO_BOX;
  const { url, serviceName, contentId } = location;
  const told: NoticeLocation = url === '' ? { serviceName, contentId } : { url };
  return sealNotice(noticeKey, key, told);
}
