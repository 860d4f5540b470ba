// The way back from an event to the flat parts that log, store and contract hold.
import type { EventParts } from './create-event.js';
import type { TakedownEvent } from './event.js';

/** `createEvent` of the answer gives the event again. */
export function eventParts(event: TakedownEvent): EventParts {
  const { id, type, actor, occurredAt, observedAtMs, isHistory, isOutdated } = event;
  const given = { id, type, occurredAt, observedAtMs, isHistory, isOutdated };
  const parts = { ...EMPTY, ...given, actorRole: actor.role, actorId: actor.id };
  switch (event.type) {
    case 'REPORTED':
    case 'SELF_ACTIONED':
      return { ...parts, report: event.report };
    case 'RETRACTED':
      return { ...parts, reportId: event.reportId };
    case 'ASSESSED':
      return { ...parts, finding: event.finding, category: event.category, urgency: event.urgency };
    case 'NOTICE_ISSUED':
      return { ...parts, addressee: event.addressee, legalBasis: event.legalBasis, urgency: event.urgency };
    case 'ACKNOWLEDGED':
    case 'ACTION_CLAIMED':
    case 'BLOCK_ORDERED':
    case 'BLOCK_CONFIRMED':
    case 'BLOCK_VERIFIED':
      return { ...parts, addressee: event.addressee };
    case 'CLOSED':
      return { ...parts, closedAs: event.as };
    case 'REAPPEARED': {
      const { relation, fromLocationKey, toLocationKey, host } = event;
      return { ...parts, relation, fromLocationKey, toLocationKey, host };
    }
    case 'ASSIGNED':
      return { ...parts, stage: event.stage, owner: event.owner };
    case 'HANDED_OVER':
      return { ...parts, stage: event.stage, owner: event.to, previousOwner: event.from };
    case 'NOTICE_REPEATED':
    case 'BREACHED':
    case 'BREACH_WITHDRAWN': {
      const { cycle, addressee, rule, n } = event;
      return { ...parts, cycle, addressee, rule, n };
    }
    default:
      return parts;
  }
}

const EMPTY = {
  report: null,
  reportId: '',
  finding: null,
  category: null,
  urgency: null,
  addressee: '',
  legalBasis: '',
  closedAs: null,
  relation: null,
  fromLocationKey: '',
  toLocationKey: '',
  host: null,
  stage: null,
  owner: '',
  previousOwner: '',
  cycle: 0,
  rule: '',
  n: 0,
};
