// What an event changes in its case once it was found possible.
import { applyAnswer } from './apply-answer.js';
import { attachReport, retractReport } from './apply-report.js';
import { contextOf, currentCycle, newCycle, openPause, type CycleDraft, type Draft } from './draft.js';
import type { Status } from './event-types.js';
import type { Reappeared, TakedownEvent } from './event.js';
import { spanOf, type Span } from './instants.js';
import { openComplaint } from './open-complaint.js';
import { deadlinesFor } from './rule.js';
import { isDown } from './transitions.js';

/** Where the step leads: a status, another cycle, or nowhere else. */
export type Target = Status | 'STAY' | 'NEW_CYCLE';

export function apply(draft: Draft, event: TakedownEvent, target: Target): void {
  const span = spanOf(event);
  const before = currentCycle(draft);
  if (target === 'NEW_CYCLE') draft.cycles.push(cycleAfter(draft, before, event, span));
  else if (target !== 'STAY') moveTo(draft, before, target, event, span);
  change(draft, currentCycle(draft), event, span);
}

function cycleAfter(draft: Draft, before: CycleDraft, event: TakedownEvent, span: Span): CycleDraft {
  const relation = event.type === 'REAPPEARED' ? event.relation : 'SAME_LOCATION';
  const link = { locationKey: draft.key.locationKey, relation };
  const cycle = newCycle(before.number + 1, 'REAPPEARANCE', span, link);
  cycle.status = 'REAPPEARED';
  cycle.finding = before.finding;
  cycle.lastSeenUpMs = span.earliestMs;
  draft.reportsSinceDown = 0;
  return cycle;
}

function moveTo(draft: Draft, cycle: CycleDraft, to: Status, event: TakedownEvent, span: Span): void {
  if (cycle.status === 'UNREPORTED') {
    cycle.opened = span;
    if (event.type === 'REAPPEARED') cycle.openedBy = 'REAPPEARANCE';
    else if (event.type === 'NOTICE_ISSUED') cycle.openedBy = 'NOTICE';
  }
  cycle.status = to;
  const isEnd = to.startsWith('CLOSED_') || to === 'REFERRED' || to === 'REINSTATED';
  if (isEnd) cycle.endedAtMs ??= span.earliestMs;
  // What was given up and is then seen down is not taken up again: it only ends.
  else if (!isDown(to)) cycle.endedAtMs = null;
  cycle.leavesCohort = to === 'CLOSED_NOT_ILLEGAL' || (to === 'REINSTATED' && cycle.firstSeenDownMs === null);
  if (isEnd || isDown(to)) endPause(draft, 'HOLD', span);
}

function change(draft: Draft, cycle: CycleDraft, event: TakedownEvent, span: Span): void {
  switch (event.type) {
    case 'REPORTED':
    case 'SELF_ACTIONED':
      return attachReport(draft, cycle, event, span);
    case 'RETRACTED':
      return retractReport(draft, cycle, event, span);
    case 'ASSIGNED':
      draft.owners[event.stage] = event.owner;
      return;
    case 'HANDED_OVER':
      draft.owners[event.stage] = event.to;
      return;
    case 'ASSESSED':
      cycle.finding = event.finding;
      cycle.assessed ??= span;
      draft.assessed = {
        category: event.category ?? draft.assessed.category,
        urgency: event.urgency ?? draft.assessed.urgency,
      };
      return openComplaint(draft, cycle, event.id, span);
    case 'HOLD':
      draft.pauses.push({ kind: 'HOLD', fromMs: span.earliestMs, toMs: null });
      return;
    case 'APPEALED':
      draft.pauses.push({ kind: 'APPEAL', fromMs: span.earliestMs, toMs: null });
      return;
    case 'HOLD_ENDED':
      return endPause(draft, 'HOLD', span);
    case 'REINSTATED':
    case 'UPHELD':
      return endPause(draft, 'APPEAL', span);
    case 'NOTICE_ISSUED': {
      draft.assessed = { ...draft.assessed, urgency: event.urgency ?? draft.assessed.urgency };
      const deadlines = deadlinesFor(draft.rules, 'NOTICE_ISSUED', span.earliestMs, contextOf(draft));
      const { id: eventId, addressee } = event;
      const trigger = 'NOTICE_ISSUED';
      cycle.duties.push({ trigger, eventId, addressee, start: span, deadlines, acknowledgedAtMs: null });
      return;
    }
    case 'ACKNOWLEDGED':
    case 'ACTION_CLAIMED':
    case 'BLOCK_ORDERED':
    case 'BLOCK_CONFIRMED':
    case 'BLOCK_VERIFIED':
      return applyAnswer(cycle, event, span);
    case 'VERIFIED_STILL_UP':
      cycle.lastSeenUpMs = Math.max(cycle.lastSeenUpMs ?? span.earliestMs, span.earliestMs);
      for (const claim of cycle.claims) claim.disputedAtMs ??= span.earliestMs;
      return;
    case 'ALREADY_DOWN':
    case 'VERIFIED_DOWN':
      cycle.firstSeenDownMs ??= span.latestMs;
      cycle.wasAlreadyDown = event.type === 'ALREADY_DOWN';
      return;
    case 'ESCALATED':
      cycle.escalatedAtMs ??= span.earliestMs;
      return;
    case 'REAPPEARED':
      return reappear(draft, cycle, event, span);
    case 'NOTICE_REPEATED':
    case 'BREACHED':
    case 'BREACH_WITHDRAWN':
      draft.notifications.push({
        type: event.type,
        cycle: event.cycle,
        addressee: event.addressee,
        rule: event.rule,
        n: event.n,
      });
      return;
    case 'TRIAGED':
    case 'CLOSED':
    case 'REFERRED':
      return;
  }
}

function reappear(draft: Draft, cycle: CycleDraft, event: Reappeared, found: Span): void {
  const { relation, fromLocationKey, toLocationKey } = event;
  if (toLocationKey !== draft.key.locationKey) {
    const number = cycle.number;
    draft.foundElsewhere.push({ cycle: number, locationKey: toLocationKey, relation, found });
    return;
  }
  cycle.linkedTo ??= { locationKey: fromLocationKey, relation };
  draft.host = event.host ?? draft.host;
}

function endPause(draft: Draft, kind: 'HOLD' | 'APPEAL', { earliestMs }: Span): void {
  const pause = openPause(draft, kind);
  if (pause !== undefined) pause.toMs = earliestMs;
}
