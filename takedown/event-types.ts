// The closed lists of takedown. This folder holds rules only: no input or output, no clock of its own.

/**
 * What can happen to a case, in the order of the procedure: among events of one instant (a history of
 * dates) the earlier step counts first.
 */
export const EVENT_TYPES = [
  'REPORTED',
  'SELF_ACTIONED',
  'RETRACTED',
  'ASSIGNED',
  'HANDED_OVER',
  'TRIAGED',
  'ASSESSED',
  'HOLD',
  'HOLD_ENDED',
  'NOTICE_ISSUED',
  'NOTICE_REPEATED',
  'ACKNOWLEDGED',
  'ACTION_CLAIMED',
  'VERIFIED_STILL_UP',
  'BREACHED',
  'BREACH_WITHDRAWN',
  'ESCALATED',
  'BLOCK_ORDERED',
  'BLOCK_CONFIRMED',
  'BLOCK_VERIFIED',
  'ALREADY_DOWN',
  'VERIFIED_DOWN',
  'APPEALED',
  'REINSTATED',
  'UPHELD',
  'CLOSED',
  'REFERRED',
  'REAPPEARED',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * What a provider states about itself. Its effective time is when we saw it; the time it names is
 * shown beside it and never believed.
 */
export const STATEMENTS: ReadonlySet<EventType> = new Set([
  'REPORTED',
  'SELF_ACTIONED',
  'RETRACTED',
  'ACKNOWLEDGED',
  'ACTION_CLAIMED',
  'BLOCK_CONFIRMED',
  'APPEALED',
]);

/** Told to people about a case; they change nothing in it. */
export const NOTIFICATIONS = ['NOTICE_REPEATED', 'BREACHED', 'BREACH_WITHDRAWN'] as const;
export type NotificationType = (typeof NOTIFICATIONS)[number];

/** Where a case stands. UNREPORTED: nothing has opened it yet. */
export const STATUSES = [
  'UNREPORTED',
  'REPORTED',
  'TRIAGED',
  'ASSESSED',
  'SELF_ACTIONED',
  'REAPPEARED',
  'NOTICE_ISSUED',
  'ACKNOWLEDGED',
  'ACTION_CLAIMED',
  'VERIFIED_STILL_UP',
  'ESCALATED',
  'ALREADY_DOWN',
  'VERIFIED_DOWN',
  'CLOSED_DOWN',
  'CLOSED_NOT_ILLEGAL',
  'CLOSED_NOT_IN_JURISDICTION',
  'CLOSED_NOT_RESOLVABLE',
  'REFERRED',
  'RETRACTED',
  'REINSTATED',
] as const;
export type Status = (typeof STATUSES)[number];

export const STAGES = ['TRIAGE', 'ASSESSMENT', 'NOTICE', 'VERIFICATION', 'ESCALATION'] as const;
export type Stage = (typeof STAGES)[number];

export const ACTOR_ROLES = ['PROVIDER', 'OPERATOR', 'VERIFIER', 'SYSTEM'] as const;
export type ActorRole = (typeof ACTOR_ROLES)[number];

export const FINDINGS = ['ILLEGAL', 'HARMFUL_NOT_ILLEGAL', 'NOT_ILLEGAL', 'NEED_MORE_INFORMATION'] as const;
export type Finding = (typeof FINDINGS)[number];

export const CLOSE_REASONS = ['DOWN', 'NOT_ILLEGAL', 'NOT_IN_JURISDICTION', 'NOT_RESOLVABLE'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** How content that came back relates to where it was. */
export const RELATIONS = [
  'SAME_LOCATION',
  'SAME_PROVIDER',
  'OTHER_PROVIDER',
  'MOVED_HOST',
  'MOVED_COUNTRY',
] as const;
export type Relation = (typeof RELATIONS)[number];
