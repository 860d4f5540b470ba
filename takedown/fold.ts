// A case is a fold of all its events: whatever the order and however often they arrived, the same case.
import { apply } from './apply.js';
import type { Case, CaseKey, EventVerdict } from './case.js';
import { currentCycle, newDraft, type Draft } from './draft.js';
import { refuseActor } from './entitlement.js';
import { NOTIFICATIONS, type EventType } from './event-types.js';
import type { RefusalReason } from './refusal-reasons.js';
import type { TakedownEvent } from './event.js';
import { guard } from './guard.js';
import { compareEvents } from './instants.js';
import type { Rule } from './rule.js';
import { stageOf } from './stage.js';
import { stateOf } from './state.js';
import { uniqueEvents } from './unique-events.js';

/** What makes no new version of a case: nobody acted on it. */
export const NOT_ACTS: ReadonlySet<EventType> = new Set(['REPORTED', 'SELF_ACTIONED', ...NOTIFICATIONS]);

export interface FoldedCase {
  readonly case: Case;
  /** One per event in the order in which they count, then one per conflicting copy. */
  readonly verdicts: readonly EventVerdict[];
}

/** `events`: all that is known of the case, in any order; copies count once. Never throws over what events say. */
export function foldCase(key: CaseKey, events: Iterable<TakedownEvent>, rules: readonly Rule[]): FoldedCase {
  const { unique, conflicting } = uniqueEvents(events);
  const ordered = unique.sort(compareEvents);
  const draft = newDraft(key, rules);
  const verdicts = ordered.map((event) => take(draft, event));
  for (const eventId of conflicting) verdicts.push(refused(eventId, 'SAME_ID_OTHER_CONTENT'));
  const stage = stageOf(currentCycle(draft));
  return { case: stateOf(draft, count(ordered), stage), verdicts };
}

/** Whether an actor who saw version `seen` of the case acts on an older one; null: did not look at any. */
export function isOutdated(current: Pick<Case, 'version'>, seen: number | null): boolean {
  return seen !== null && seen !== current.version;
}

function take(draft: Draft, event: TakedownEvent): EventVerdict {
  const refusal = refuseActor(event);
  if (refusal !== undefined) return refused(event.id, refusal);
  const step = guard(draft, event);
  if (step.refused !== undefined) return refused(event.id, event.isOutdated ? 'OUTDATED' : step.refused);
  if (step.target === 'NO_OP') return { eventId: event.id, effect: 'NO_OP' };
  if (event.isOutdated) return refused(event.id, 'OUTDATED');
  apply(draft, event, step.target);
  return { eventId: event.id, effect: 'APPLIED' };
}

function refused(eventId: string, reason: RefusalReason): EventVerdict {
  return { eventId, effect: 'REFUSED', reason };
}

function count(
  events: readonly TakedownEvent[],
): Pick<Case, 'version' | 'eventCount' | 'liveFromMs' | 'lastObservedAtMs'> {
  let acts = 0;
  let liveFromMs = Infinity;
  let lastObservedAtMs = 0;
  for (const { type, isHistory, isOutdated, observedAtMs } of events) {
    if (!isOutdated && !NOT_ACTS.has(type)) acts++;
    if (!isHistory) liveFromMs = Math.min(liveFromMs, observedAtMs);
    lastObservedAtMs = Math.max(lastObservedAtMs, observedAtMs);
  }
  return {
    version: acts,
    eventCount: events.length,
    liveFromMs: liveFromMs === Infinity ? null : liveFromMs,
    lastObservedAtMs,
  };
}
