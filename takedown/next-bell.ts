// When to look at a case again, and what is about to breach: the queue of the operator on duty.
import type { Case } from './case.js';
import { dueMs, judgeDeadline, runningMs } from './clocks.js';
import { REPEAT_MS, repeatMs } from './notify.js';

export interface OpenDeadline {
  readonly cycle: number;
  readonly addressee: string;
  readonly rule: string;
  /** Null while a pause without an end holds the clock. */
  readonly dueMs: number | null;
}

/** The deadlines that still run at `asOfMs`, the first to breach first, held ones last. */
export function openDeadlines(state: Case, asOfMs: number): readonly OpenDeadline[] {
  const open: OpenDeadline[] = [];
  for (const cycle of state.cycles) {
    if (cycle.endedAtMs !== null) continue;
    for (const duty of cycle.duties) {
      for (const deadline of duty.deadlines) {
        if (judgeDeadline(state, cycle, duty, deadline, asOfMs) !== 'OPEN') continue;
        const due = dueMs(duty.start.latestMs, deadline, state.pauses);
        open.push({ cycle: cycle.number, addressee: duty.addressee, rule: deadline.rule, dueMs: due });
      }
    }
  }
  return open.sort((a, b) => (a.dueMs ?? Infinity) - (b.dueMs ?? Infinity));
}

/** The next instant after `asOfMs` at which a bell can ring without a further event; null for none. */
export function nextBellMs(state: Case, asOfMs: number): number | null {
  const cycle = state.cycles.at(-1);
  if (cycle === undefined || cycle.endedAtMs !== null || cycle.firstSeenDownMs !== null) return null;
  let next = Infinity;
  for (const duty of cycle.duties) {
    for (const deadline of duty.deadlines) {
      const due = dueMs(duty.start.latestMs, deadline, state.pauses);
      // It rings once the deadline has passed, which is a millisecond later.
      if (due !== null && due + 1 > asOfMs) next = Math.min(next, due + 1);
    }
    if (duty.trigger !== 'NOTICE_ISSUED') continue;
    const ran = runningMs(duty.start.earliestMs, asOfMs, state.pauses, ['HOLD']);
    next = Math.min(next, repeatMs(state, duty, Math.floor(ran / REPEAT_MS) + 1) ?? Infinity);
  }
  return next === Infinity ? null : next;
}
