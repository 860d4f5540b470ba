// Legal clocks: running time without pauses, deadlines, and what the looks prove about them.
import type { Case, Cycle, Deadline, Duty, Pause } from './case.js';
import type { PauseKind } from './rule.js';

/** MET, MISSED: proven. OPEN: the deadline has not passed. UNDECIDABLE: it has, and the looks leave both possible. */
export const VERDICTS = ['MET', 'MISSED', 'OPEN', 'UNDECIDABLE'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Ms from one instant to another while no pause of these kinds holds the clock; 0 if `toMs` is not later. `pauses` by their beginning. */
export function runningMs(
  fromMs: number,
  toMs: number,
  pauses: readonly Pause[],
  kinds: readonly PauseKind[],
): number {
  let ran = 0;
  let cursor = fromMs;
  for (const pause of pauses) {
    if (pause.fromMs >= toMs) break;
    const end = pause.toMs ?? Infinity;
    if (end <= cursor || !kinds.includes(pause.kind)) continue;
    if (pause.fromMs > cursor) ran += pause.fromMs - cursor;
    cursor = end;
    if (cursor >= toMs) return ran;
  }
  return ran + Math.max(0, toMs - cursor);
}

/** When the deadline passes, in ms since 1970 (UTC); null while a pause without an end holds it. `pauses` by their beginning. */
export function dueMs(
  startMs: number,
  { limitMs, pausedBy }: Pick<Deadline, 'limitMs' | 'pausedBy'>,
  pauses: readonly Pause[],
): number | null {
  let left = limitMs;
  let cursor = startMs;
  for (const pause of pauses) {
    const end = pause.toMs ?? Infinity;
    if (end <= cursor || !pausedBy.includes(pause.kind)) continue;
    const free = Math.max(0, pause.fromMs - cursor);
    if (left <= free) break;
    left -= free;
    if (pause.toMs === null) return null;
    cursor = pause.toMs;
  }
  return cursor + left;
}

/**
 * How long the content stayed up, in ms of one clock: longer than `lowerMs` and at most `upperMs`, null
 * where nobody has seen it down; `openMs` is the time up to the date of the figure. Equal ends: known exactly.
 */
export interface Stay {
  readonly lowerMs: number;
  readonly upperMs: number | null;
  readonly openMs: number;
}

/** Content last seen up at the limit itself came down after it: missed. */
export function judgeStay({ lowerMs, upperMs, openMs }: Stay, limitMs: number): Verdict {
  if (upperMs !== null && upperMs <= limitMs) return 'MET';
  if (lowerMs >= limitMs) return 'MISSED';
  return upperMs === null && openMs <= limitMs ? 'OPEN' : 'UNDECIDABLE';
}

/**
 * From a start until the content was down, as far as was seen up to `asOfMs`. What is seen up later than
 * that was up at `asOfMs`, too: within a cycle it is down only once.
 */
export function stayOf(
  start: { readonly earliestMs: number; readonly latestMs: number },
  { lastSeenUpMs, firstSeenDownMs }: Pick<Cycle, 'lastSeenUpMs' | 'firstSeenDownMs'>,
  asOfMs: number,
  pauses: readonly Pause[],
  kinds: readonly PauseKind[],
): Stay {
  const up = lastSeenUpMs === null ? start.latestMs : Math.min(lastSeenUpMs, asOfMs);
  const lowerMs = runningMs(start.latestMs, up, pauses, kinds);
  const openMs = Math.max(lowerMs, runningMs(start.latestMs, asOfMs, pauses, kinds));
  if (firstSeenDownMs === null || firstSeenDownMs > asOfMs) return { lowerMs, upperMs: null, openMs };
  const upperMs = runningMs(start.earliestMs, firstSeenDownMs, pauses, kinds);
  return { lowerMs: Math.min(lowerMs, upperMs), upperMs, openMs };
}

/** Compliance with one deadline, derived from what was seen. Claims do not enter. */
export function judgeDeadline(
  { pauses }: Pick<Case, 'pauses'>,
  cycle: Cycle,
  { start }: Pick<Duty, 'start'>,
  deadline: Deadline,
  asOfMs: number,
): Verdict {
  return judgeStay(stayOf(start, cycle, asOfMs, pauses, deadline.pausedBy), deadline.limitMs);
}
