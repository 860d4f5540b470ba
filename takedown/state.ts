// What the readers of a case see of the draft.
import type { Case } from './case.js';
import { contextOf, currentCycle, openPause, type Draft } from './draft.js';
import type { Stage } from './event-types.js';

/** The state of the case as its readers take it. Field by field: spreading costs more than the whole fold. */
export function stateOf(
  draft: Draft,
  counted: Pick<Case, 'version' | 'eventCount' | 'liveFromMs' | 'lastObservedAtMs'>,
  stage: Stage | null,
): Case {
  const { category, urgency, host } = contextOf(draft);
  let retractedCount = 0;
  for (const report of draft.reports.values()) if (report.isRetracted) retractedCount++;
  return {
    environment: draft.key.environment,
    locationKey: draft.key.locationKey,
    version: counted.version,
    eventCount: counted.eventCount,
    status: currentCycle(draft).status,
    stage,
    owners: draft.owners,
    cycles: draft.cycles,
    pauses: draft.pauses,
    foundElsewhere: draft.foundElsewhere,
    notifications: draft.notifications,
    isHeld: openPause(draft, 'HOLD') !== undefined,
    isAppealed: openPause(draft, 'APPEAL') !== undefined,
    reportCount: draft.reports.size,
    retractedCount,
    reportsSinceDown: draft.reportsSinceDown,
    contentCreatedAt: draft.contentCreatedAt,
    category,
    urgency,
    host,
    liveFromMs: counted.liveFromMs,
    lastObservedAtMs: counted.lastObservedAtMs,
  };
}
