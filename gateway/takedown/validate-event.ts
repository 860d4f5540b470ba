// Whether an event keeps the rules of the contract: those that stand beside each field in takedown.proto.
import { create, isFieldSet } from '@bufbuild/protobuf';
import { CategorySchema, LocationSchema, SourceSchema, UrgencySchema } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import {
  CaseStageSchema,
  Relation,
  RelationSchema,
  TakedownEventType,
  TakedownEventTypeSchema,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { CLOSE_REASONS, EVENT_TYPES, FINDINGS, type EventType } from '../../takedown/event-types.js';
import { checkLocation } from '../check-location.js';
import { checkText, prose, token } from '../check-text.js';
import { checkInstant, checkTime, instantMs, MAX_AHEAD_MS } from '../check-time.js';
import { checkCount, checkEnum, enumRule } from '../check-value.js';
import { fault, Findings, type Violation } from '../violation.js';
import type { Actor } from './actor.js';
import { fieldsFor } from './event-fields.js';
import { keyIn, type Located } from './locate-event.js';

const eventId = token([1, 128], 'A-Za-z0-9_.:-');
const name = token([0, 100], 'A-Za-z0-9_.-');
const ownReportId = token([0, 500], 'A-Za-z0-9_-');
const importedReportId = token([0, 128], 'A-Za-z0-9_.:-');
const legalBasis = prose([0, 500]);
const note = prose([0, 3_000]);
const type = enumRule(TakedownEventTypeSchema);
const category = enumRule(CategorySchema);
const urgency = enumRule(UrgencySchema);
const source = enumRule(SourceSchema);
const stage = enumRule(CaseStageSchema);
const relation = enumRule(RelationSchema);

const onePlace = fault(Rule.REQUIRED, 'Either location or location_key must be given.');
const twoPlaces = fault(Rule.INCONSISTENT, 'Either location or location_key, not both.');
const notAKey = fault(Rule.FORMAT, 'Must be the key of a case: a UUID.');
const whose = fault(Rule.REQUIRED, 'Must be given with content_id: the provider whose id it is.');
const ownContentId = fault(Rule.FORBIDDEN, 'Content ids are those of the caller: leave it out.');
const noContentId = fault(Rule.INCONSISTENT, 'Only together with content_id.');
const notSaid = fault(Rule.FORBIDDEN, 'An event of this type is not for this caller to send.');
const notInType = fault(Rule.FORBIDDEN, 'Not in an event of this type.');
const neededInType = fault(Rule.REQUIRED, 'Must be given in an event of this type.');
const ownAddressee = fault(Rule.FORBIDDEN, 'A provider speaks for itself: leave it out.');
const noImport = fault(Rule.FORBIDDEN, 'Needs the right to import histories.');
const observedAhead = fault(Rule.RANGE, 'Not later than the time of receipt.', true);
const findings = fault(Rule.UNKNOWN_VALUE, `Must be one of ${FINDINGS.join(', ')}.`);
const closeReasons = fault(Rule.UNKNOWN_VALUE, `Must be one of ${CLOSE_REASONS.join(', ')}.`);
const bothKeys = fault(Rule.REQUIRED, 'Both from_location_key and to_location_key, or neither.');
const elsewhereKeys = fault(Rule.REQUIRED, 'Must be given with a relation to another location.');
const howRelated = fault(Rule.REQUIRED, 'Must be given where the two locations differ.');
const notThisCase = fault(Rule.INCONSISTENT, 'One of the two locations must be that of the event.');
const sameLocation = fault(Rule.INCONSISTENT, 'At the same location both keys are that of the event.');

/** Every violation of `event`; none for a good one. Pure. `located`: of this event. */
export function validateEvent(
  event: TakedownEvent,
  actor: Actor,
  receivedAtMs: number,
  located: Located,
): readonly Violation[] {
  const found = new Findings();
  const latestMs = receivedAtMs + MAX_AHEAD_MS;
  checkText(found, '', 'event_id', eventId, event.eventId);
  checkCase(found, event, actor, located);
  checkTime(found, '', 'occurred_at', event.occurredAt, latestMs);
  checkObserved(found, event, actor, receivedAtMs);
  checkCount(found, '', 'seen_version', event.seenVersion ?? 0n);
  checkText(found, '', 'note', note, event.note);

  const said = EVENT_TYPES.find((known) => TakedownEventType[known] === event.type);
  if (said === undefined) {
    found.add('', 'type', event.type === TakedownEventType.UNSPECIFIED ? type.required : type.unknown);
  } else if (checkFields(found, event, actor, said)) {
    checkTime(found, '', 'content_created_at', event.contentCreatedAt, latestMs);
    checkValues(found, event, actor, said);
    if (said === 'REAPPEARED') checkRelation(found, event, located);
  }
  if (event.$unknown !== undefined) found.addUnknown('', event.$unknown);
  return found.result();
}

function checkCase(found: Findings, event: TakedownEvent, actor: Actor, { url }: Located): void {
  const { location, locationKey } = event;
  if (location === undefined) {
    if (locationKey === '') found.add('', 'location', onePlace);
    else if (keyIn(locationKey) === undefined) found.add('', 'location_key', notAKey);
    return;
  }
  if (locationKey !== '') found.add('', 'location_key', twoPlaces);
  const { serviceName, contentId, hostIp, providerId } = location;
  const place = create(LocationSchema, { url: location.url, serviceName, contentId, hostIp });
  checkLocation(found, 'location', place, url, '');
  checkText(found, 'location', 'provider_id', name, providerId);
  if (actor.role === 'PROVIDER') {
    if (providerId !== '' && providerId !== actor.id) found.add('location', 'provider_id', ownContentId);
  } else if (contentId === '') {
    if (providerId !== '') found.add('location', 'provider_id', noContentId);
  } else if (providerId === '') found.add('location', 'provider_id', whose);
  if (location.$unknown !== undefined) found.addUnknown('location', location.$unknown);
}

function checkObserved(found: Findings, event: TakedownEvent, actor: Actor, receivedAtMs: number): void {
  const { observedAt } = event;
  if (observedAt === undefined) return;
  if (!actor.mayImport) found.add('', 'observed_at', noImport);
  else if (
    checkInstant(found, '', 'observed_at', observedAt, Infinity) &&
    instantMs(observedAt) > receivedAtMs
  )
    found.add('', 'observed_at', observedAhead);
}

/** Whether the caller may say this at all; if so, tells of each field that is missing or too many. */
function checkFields(found: Findings, event: TakedownEvent, actor: Actor, said: EventType): boolean {
  const fields = fieldsFor(actor.role, said);
  const isOfHistories = said === 'REPORTED' || said === 'SELF_ACTIONED';
  if (fields === undefined || (isOfHistories && !actor.mayImport)) {
    found.add('', 'type', notSaid);
    return false;
  }
  for (const field of fields.needed) if (!isFieldSet(event, field)) found.add('', field.name, neededInType);
  for (const field of fields.forbidden) if (isFieldSet(event, field)) found.add('', field.name, notInType);
  return true;
}

function checkValues(found: Findings, event: TakedownEvent, actor: Actor, said: EventType): void {
  const isProvider = actor.role === 'PROVIDER';
  checkText(found, '', 'addressee', name, event.addressee);
  if (isProvider && event.addressee !== '' && event.addressee !== actor.id)
    found.add('', 'addressee', ownAddressee);
  checkText(found, '', 'legal_basis', legalBasis, event.legalBasis);
  checkReason(found, said, event.reason);
  checkEnum(found, '', 'category', category, event.category);
  checkEnum(found, '', 'urgency', urgency, event.urgency);
  checkText(found, '', 'reporter', name, event.reporter);
  checkEnum(found, '', 'source', source, event.source);
  const isOwn = isProvider || event.reporter !== '';
  checkText(found, '', 'report_id', isOwn ? ownReportId : importedReportId, event.reportId);
  checkEnum(found, '', 'stage', stage, event.stage);
  checkText(found, '', 'owner', name, event.owner);
  checkText(found, '', 'previous_owner', name, event.previousOwner);
  checkEnum(found, '', 'relation', relation, event.relation);
}

function checkReason(found: Findings, said: EventType, reason: string): void {
  if (reason === '') return;
  if (said === 'ASSESSED') {
    if (!FINDINGS.some((known) => known === reason)) found.add('', 'reason', findings);
  } else if (said === 'CLOSED') {
    if (!CLOSE_REASONS.some((known) => known === reason)) found.add('', 'reason', closeReasons);
  }
}

/** Which two locations a reappearance is about. */
function checkRelation(found: Findings, event: TakedownEvent, { key }: Located): void {
  const { fromLocationKey, toLocationKey } = event;
  const isElsewhere = event.relation === Relation.SAME_PROVIDER || event.relation === Relation.OTHER_PROVIDER;
  if (fromLocationKey === '' && toLocationKey === '') {
    if (isElsewhere) found.add('', 'from_location_key', elsewhereKeys);
    if (isElsewhere) found.add('', 'to_location_key', elsewhereKeys);
    return;
  }
  const from = checkKey(found, 'from_location_key', fromLocationKey);
  const to = checkKey(found, 'to_location_key', toLocationKey);
  if (from === undefined || to === undefined || key === undefined) return;
  const isFromHere = from.equals(key);
  const isHere = to.equals(key);
  if (!isFromHere && !isHere) found.add('', 'to_location_key', notThisCase);
  else if (isFromHere !== isHere) {
    if (event.relation === Relation.UNSPECIFIED) found.add('', 'relation', howRelated);
    if (event.relation === Relation.SAME_LOCATION) found.add('', 'to_location_key', sameLocation);
  }
}

function checkKey(found: Findings, field: string, text: string): Buffer | undefined {
  const key = keyIn(text);
  if (key === undefined) found.add('', field, text === '' ? bothKeys : notAKey);
  return key;
}
