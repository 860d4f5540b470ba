// When a deadline is said to be breached. Compliance is never read from here but from what was seen.
import type { Case, Claim, Cycle, Deadline, Duty } from './case.js';
import { dueMs, judgeDeadline } from './clocks.js';

/** The claim of this provider that we had seen by `atMs` and that no look had disputed by then. */
export function standingClaim(cycle: Cycle, addressee: string, atMs: number): Claim | undefined {
  return cycle.claims.find(
    (claim) =>
      claim.addressee === addressee &&
      claim.observedAtMs <= atMs &&
      (claim.disputedAtMs === null || claim.disputedAtMs > atMs),
  );
}

/**
 * When a bell rings for the deadline; null while it does not. An undisputed claim made in time (by our clock)
 * keeps it silent until a look disputes it: silence is no proof, and the figures count none.
 */
export function breachedAtMs(
  state: Pick<Case, 'pauses'>,
  cycle: Cycle,
  duty: Pick<Duty, 'start' | 'addressee'>,
  deadline: Deadline,
  asOfMs: number,
): number | null {
  const due = dueMs(duty.start.latestMs, deadline, state.pauses);
  if (due === null || asOfMs <= due || cycle.leavesCohort) return null;
  if (cycle.endedAtMs !== null && cycle.endedAtMs <= due) return null;
  if (judgeDeadline(state, cycle, duty, deadline, asOfMs) === 'MET') return null;
  const inTime = standingClaim(cycle, duty.addressee, due);
  if (inTime === undefined) return due;
  const { disputedAtMs } = inTime;
  return disputedAtMs === null || disputedAtMs > asOfMs ? null : disputedAtMs;
}
