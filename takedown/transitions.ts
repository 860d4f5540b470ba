// Which event may happen in which status, and where it leads: the diagram of the domain, for every pair.
import type { EventType, Status } from './event-types.js';
import { REFUSAL_REASONS, type RefusalReason } from './refusal-reasons.js';

/**
 * A status: the event leads there. STAY: it is recorded and the status stays. NO_OP: it was done already.
 * CLOSE: to the status that its reason names. NEW_CYCLE: the content came back. `!…`: refused.
 */
export type Step = Status | 'STAY' | 'NO_OP' | 'CLOSE' | 'NEW_CYCLE' | Refused;
export type Refused = `!${RefusalReason}`;

type Row = Readonly<Partial<Record<Status, Step>>>;

const UNWORKED = ['REPORTED', 'TRIAGED', 'ASSESSED', 'SELF_ACTIONED', 'REAPPEARED'] as const;
const NOTIFIED = [
  'NOTICE_ISSUED',
  'ACKNOWLEDGED',
  'ACTION_CLAIMED',
  'VERIFIED_STILL_UP',
  'ESCALATED',
] as const;
const DOWN = ['ALREADY_DOWN', 'VERIFIED_DOWN', 'CLOSED_DOWN'] as const;
/** Closed, but open in the figures for as long as nobody has seen the content down. */
const GIVEN_UP = ['CLOSED_NOT_IN_JURISDICTION', 'CLOSED_NOT_RESOLVABLE', 'REFERRED'] as const;
const OVER = ['CLOSED_NOT_ILLEGAL', 'RETRACTED', 'REINSTATED'] as const;

/** The five groups of statuses in order, then the exceptions among them. */
function row(unworked: Step, notified: Step, down: Step, givenUp: Step, over: Step, but: Row = {}): Row {
  const of = (statuses: readonly Status[], step: Step): Row =>
    Object.fromEntries(statuses.map((status) => [status, step]));
  return {
    UNREPORTED: '!NOT_REPORTED',
    ...of(UNWORKED, unworked),
    ...of(NOTIFIED, notified),
    ...of(DOWN, down),
    ...of(GIVEN_UP, givenUp),
    ...of(OVER, over),
    ...but,
  };
}

/** Recorded wherever there is a case; further conditions stand in `guard`. */
const ANYWHERE = row('STAY', 'STAY', 'STAY', 'STAY', 'STAY');
const WHILE_WORKED_ON = row('STAY', 'STAY', 'STAY', '!CASE_CLOSED', '!CASE_CLOSED', {
  CLOSED_DOWN: '!CASE_CLOSED',
});
const closedDown: Row = { CLOSED_DOWN: '!CASE_CLOSED' };

const TABLE: Readonly<Record<EventType, Row>> = {
  REPORTED: { ...ANYWHERE, UNREPORTED: 'REPORTED', RETRACTED: 'REPORTED' },
  SELF_ACTIONED: row('SELF_ACTIONED', 'STAY', 'STAY', 'STAY', 'STAY', {
    UNREPORTED: 'SELF_ACTIONED',
    SELF_ACTIONED: 'STAY',
    RETRACTED: 'SELF_ACTIONED',
  }),
  RETRACTED: ANYWHERE,
  ASSIGNED: WHILE_WORKED_ON,
  HANDED_OVER: WHILE_WORKED_ON,
  TRIAGED: row('TRIAGED', '!AFTER_NOTICE', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', {
    ...closedDown,
    TRIAGED: 'NO_OP',
    ASSESSED: '!OUT_OF_ORDER',
    SELF_ACTIONED: 'STAY',
  }),
  ASSESSED: row('ASSESSED', '!AFTER_NOTICE', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', {
    ...closedDown,
    ASSESSED: 'STAY',
    SELF_ACTIONED: 'STAY',
  }),
  HOLD: row('STAY', 'STAY', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', closedDown),
  HOLD_ENDED: ANYWHERE,
  NOTICE_ISSUED: row('NOTICE_ISSUED', 'STAY', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', {
    ...closedDown,
    SELF_ACTIONED: '!CLAIM_UNVERIFIED',
  }),
  NOTICE_REPEATED: ANYWHERE,
  ACKNOWLEDGED: row('!NO_NOTICE', 'STAY', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', {
    ...closedDown,
    NOTICE_ISSUED: 'ACKNOWLEDGED',
  }),
  ACTION_CLAIMED: row('!NO_NOTICE', 'ACTION_CLAIMED', 'STAY', 'STAY', '!CASE_CLOSED', {
    ACTION_CLAIMED: 'STAY',
    ALREADY_DOWN: '!NO_NOTICE',
  }),
  VERIFIED_STILL_UP: row('STAY', 'STAY', 'NEW_CYCLE', 'STAY', '!CASE_CLOSED', {
    SELF_ACTIONED: 'REPORTED',
    ACTION_CLAIMED: 'VERIFIED_STILL_UP',
  }),
  BREACHED: ANYWHERE,
  BREACH_WITHDRAWN: ANYWHERE,
  ESCALATED: row('!NO_NOTICE', 'ESCALATED', '!ALREADY_DOWN', '!CASE_CLOSED', '!CASE_CLOSED', {
    ...closedDown,
    ACTION_CLAIMED: '!CLAIM_UNVERIFIED',
    ESCALATED: 'NO_OP',
  }),
  BLOCK_ORDERED: row('STAY', 'STAY', '!ALREADY_DOWN', 'STAY', '!CASE_CLOSED', closedDown),
  BLOCK_CONFIRMED: ANYWHERE,
  BLOCK_VERIFIED: ANYWHERE,
  ALREADY_DOWN: row('ALREADY_DOWN', '!AFTER_NOTICE', 'NO_OP', '!CASE_CLOSED', '!CASE_CLOSED'),
  VERIFIED_DOWN: row('VERIFIED_DOWN', 'VERIFIED_DOWN', 'NO_OP', 'VERIFIED_DOWN', '!CASE_CLOSED'),
  APPEALED: ANYWHERE,
  REINSTATED: row('REINSTATED', 'REINSTATED', 'REINSTATED', 'REINSTATED', 'REINSTATED'),
  UPHELD: ANYWHERE,
  CLOSED: row('CLOSE', 'CLOSE', 'CLOSE', 'CLOSE', 'CLOSE'),
  REFERRED: row(
    '!NOT_OUTSIDE_JURISDICTION',
    '!NOT_OUTSIDE_JURISDICTION',
    '!NOT_OUTSIDE_JURISDICTION',
    '!NOT_OUTSIDE_JURISDICTION',
    '!NOT_OUTSIDE_JURISDICTION',
    { CLOSED_NOT_IN_JURISDICTION: 'REFERRED', REFERRED: 'NO_OP' },
  ),
  // Of this location; found at another one: see `guard.ts`.
  REAPPEARED: row('!NOT_SEEN_DOWN', '!NOT_SEEN_DOWN', 'NEW_CYCLE', '!NOT_SEEN_DOWN', '!NOT_SEEN_DOWN'),
};

/** The pair's step, before the conditions that look at more than the status. */
export function stepFor(status: Status, type: EventType): Step {
  return TABLE[type][status] ?? '!OUT_OF_ORDER';
}

export function isDown(status: Status): boolean {
  return DOWN.some((down) => down === status);
}

/** Whether somebody still has to bring the content down. */
export function isPursued(status: Status): boolean {
  return UNWORKED.some((open) => open === status) || NOTIFIED.some((open) => open === status);
}

export function isRefusal(step: Step): step is Refused {
  return step.startsWith('!');
}

const REASONS = new Map<string, RefusalReason>(REFUSAL_REASONS.map((reason) => [`!${reason}`, reason]));

export function reasonOf(step: Refused): RefusalReason {
  return REASONS.get(step) ?? 'OUT_OF_ORDER';
}
