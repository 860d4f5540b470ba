// Which bells a case rings, asked by a clock that may be wrong.
import type { Case } from '../../takedown/case.js';
import { dueNotifications, type DueNotification } from '../../takedown/notify.js';

/**
 * What is due by `asOfMs`. A breach that was rung is withdrawn only for what has been seen: a clock that is behind
 * whoever rang it would take it for not yet due, so it is judged no earlier than the last event of the case.
 */
export function bellsAt(state: Case, asOfMs: number): readonly DueNotification[] {
  const seenMs = Math.max(asOfMs, state.lastObservedAtMs);
  return [
    ...dueNotifications(state, asOfMs).filter(({ type }) => type !== 'BREACH_WITHDRAWN'),
    ...dueNotifications(state, seenMs).filter(({ type }) => type === 'BREACH_WITHDRAWN'),
  ];
}
