// Who may say what. A provider speaks for itself; what proves something comes from somebody else.
import type { ActorRole, EventType } from './event-types.js';
import type { RefusalReason } from './refusal-reasons.js';
import type { TakedownEvent } from './event.js';

const LOOKS: ReadonlySet<EventType> = new Set([
  'VERIFIED_DOWN',
  'VERIFIED_STILL_UP',
  'ALREADY_DOWN',
  'BLOCK_VERIFIED',
]);

/** An operator may record anything but notifications. */
const MAY: Readonly<Record<Exclude<ActorRole, 'OPERATOR'>, ReadonlySet<EventType>>> = {
  PROVIDER: new Set([
    'REPORTED',
    'SELF_ACTIONED',
    'RETRACTED',
    'ACKNOWLEDGED',
    'ACTION_CLAIMED',
    'BLOCK_CONFIRMED',
    'APPEALED',
  ]),
  VERIFIER: new Set([...LOOKS, 'REAPPEARED']),
  SYSTEM: new Set([
    'REPORTED',
    'SELF_ACTIONED',
    'RETRACTED',
    'TRIAGED',
    'REAPPEARED',
    'NOTICE_REPEATED',
    'BREACHED',
    'BREACH_WITHDRAWN',
  ]),
};

/** Why this actor may not say this, if it may not. */
export function refuseActor(event: TakedownEvent): RefusalReason | undefined {
  const { role, id } = event.actor;
  if (role === 'OPERATOR') {
    const isNotification = 'rule' in event;
    return isNotification ? 'NOT_ENTITLED' : undefined;
  }
  if (!MAY[role].has(event.type)) {
    return role === 'PROVIDER' && LOOKS.has(event.type) ? 'NOT_INDEPENDENT' : 'NOT_ENTITLED';
  }
  if (role !== 'PROVIDER') return undefined;
  const speaksFor = 'addressee' in event ? event.addressee : 'report' in event ? event.report.providerId : id;
  return speaksFor === id ? undefined : 'NOT_ENTITLED';
}
