// Reports that join a case and leave it.
import { higherUrgency, UNKNOWN_HOST, type CycleDraft, type Draft } from './draft.js';
import type { ReportAttached, ReportRetracted } from './event.js';
import type { Span } from './instants.js';
import { openComplaint } from './open-complaint.js';
import { isDown } from './transitions.js';

export function attachReport(draft: Draft, cycle: CycleDraft, event: ReportAttached, span: Span): void {
  const { report } = event;
  const { reportId, providerId, category, urgency } = report;
  if (!draft.reports.has(reportId)) {
    draft.reports.set(reportId, { providerId, isRetracted: false });
    if (isDown(cycle.status)) draft.reportsSinceDown++;
  }
  draft.reported =
    draft.reported === null
      ? { category, urgency }
      : { ...draft.reported, urgency: higherUrgency(draft.reported.urgency, urgency) };
  draft.contentCreatedAt ??= report.contentCreatedAt;
  if (draft.host === UNKNOWN_HOST) draft.host = report.host;
  if (event.type === 'SELF_ACTIONED' && cycle.status === 'SELF_ACTIONED') claim(cycle, event, span);
  if (report.source === 'USER_NOTICE' && draft.complainedTo === '') {
    draft.complainedTo = providerId;
    openComplaint(draft, cycle, event.id, span);
  }
}

function claim(cycle: CycleDraft, event: ReportAttached, { earliestMs }: Span): void {
  cycle.selfActionedAtMs ??= earliestMs;
  const { id: eventId, observedAtMs, occurredAt: statedAt } = event;
  const addressee = event.report.providerId;
  const stands = cycle.claims.some((each) => each.addressee === addressee && each.disputedAtMs === null);
  if (!stands) cycle.claims.push({ eventId, addressee, observedAtMs, statedAt, disputedAtMs: null });
}

/**
 * The case ends with its last report, unless it has been seen down. Whoever a notice of the cycle names
 * cannot end its own duty that way.
 */
export function retractReport(draft: Draft, cycle: CycleDraft, event: ReportRetracted, span: Span): void {
  const report = draft.reports.get(event.reportId);
  if (report === undefined) return;
  report.isRetracted = true;
  const isLast = [...draft.reports.values()].every((each) => each.isRetracted);
  const isOwnDuty = cycle.duties.some((duty) => duty.addressee === report.providerId);
  const isOver = isDown(cycle.status) || cycle.leavesCohort || cycle.status === 'REINSTATED';
  if (!isLast || isOwnDuty || isOver) return;
  cycle.status = 'RETRACTED';
  cycle.endedAtMs = span.earliestMs;
  cycle.leavesCohort = true;
  const hold = draft.pauses.find((pause) => pause.kind === 'HOLD' && pause.toMs === null);
  if (hold !== undefined) hold.toMs = span.earliestMs;
}
