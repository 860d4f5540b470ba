// What ends a cycle and what begins another one.
import type { CycleDraft, Draft } from './draft.js';
import type { Closed, Reappeared } from './event.js';
import { isDown, isPursued, stepFor, type Step } from './transitions.js';

export const MAX_CYCLES = 1000;

/** Only what was seen down is closed as down; nothing is closed unassessed, but in a history. */
export function guardClose(cycle: CycleDraft, event: Closed): Step | undefined {
  if (cycle.status === `CLOSED_${event.as}`) return 'NO_OP';
  if (cycle.status === 'CLOSED_DOWN' || !(isPursued(cycle.status) || isDown(cycle.status)))
    return '!CASE_CLOSED';
  if (event.as === 'DOWN') return isDown(cycle.status) ? undefined : '!NOT_SEEN_DOWN';
  if (isDown(cycle.status)) return '!ALREADY_DOWN';
  return cycle.finding === null && !event.isHistory ? '!NOT_ASSESSED' : undefined;
}

/** Found here again, found here after elsewhere, or found elsewhere after here. */
export function guardReappear(draft: Draft, cycle: CycleDraft, event: Reappeared): Step {
  const { locationKey } = draft.key;
  const isFromHere = event.fromLocationKey === locationKey;
  const isHere = event.toLocationKey === locationKey;
  if (!isFromHere && !isHere) return '!OTHER_LOCATION';
  if (isFromHere && isHere) {
    const step = stepFor(cycle.status, 'REAPPEARED');
    return step === 'NEW_CYCLE' && draft.cycles.length >= MAX_CYCLES ? '!TOO_MANY' : step;
  }
  if (isFromHere) {
    if (draft.cycles.every((each) => each.firstSeenDownMs === null)) return '!NOT_SEEN_DOWN';
    const again = draft.foundElsewhere.some((found) => found.locationKey === event.toLocationKey);
    if (again) return 'NO_OP';
    return draft.foundElsewhere.length >= MAX_CYCLES ? '!TOO_MANY' : 'STAY';
  }
  if (cycle.status === 'UNREPORTED') return 'REAPPEARED';
  return cycle.linkedTo === null ? 'STAY' : 'NO_OP';
}
