// From a case to what each published clock counts. Every figure names its clock, its n and how many are open.
import type { Case, Cycle, Duty } from '../case.js';
import { stayOf, type Stay } from '../clocks.js';
import { spanOfTime } from '../instants.js';
import type { PauseKind } from '../rule.js';

export const CLOCKS = [
  /** Content made public → seen down. Runs on during a hold. */
  'exposure',
  /** Case opened → assessed. */
  'report_to_assessed',
  /** Notice → the addressee's first claim, by our clock. Says nothing about the content. */
  'notice_to_claimed',
  /** Notice → seen down. */
  'notice_to_verified',
  /** Report or reappearance → seen down. */
  'report_to_verified',
  /** First claim of a cycle → seen down. */
  'claim_to_verified',
  /** Seen down → seen up again at this location. */
  'verified_to_reappeared',
] as const;
export type ClockName = (typeof CLOCKS)[number];

/** One run of a clock. */
export interface Spell extends Stay {
  readonly cycle: number;
  /** Who had to act: of the clocks that begin with a notice; else empty. */
  readonly addressee: string;
  /** By which cohorts are chosen. */
  readonly startMs: number;
}

const HOLD: readonly PauseKind[] = ['HOLD'];
const NEVER: readonly PauseKind[] = [];

/**
 * The runs of a clock in this case that began by `asOfMs`, as far as was seen by then. Cycles that had left
 * the cohort by then (not illegal, retracted, reinstated before it was down) are not among them: see
 * `leftCohort`.
 */
export function spellsOf(state: Case, clock: ClockName, asOfMs: number): readonly Spell[] {
  return state.cycles
    .filter((cycle) => cycle.status !== 'UNREPORTED' && !hasLeft(cycle, asOfMs))
    .flatMap((cycle) => ofCycle(state, cycle, clock, asOfMs))
    .filter(({ startMs }) => startMs <= asOfMs);
}

/** How many cycles had left the cohort by `asOfMs`: published beside every figure. */
export function leftCohort(state: Case, asOfMs: number): number {
  return state.cycles.filter((cycle) => hasLeft(cycle, asOfMs)).length;
}

function hasLeft({ leavesCohort, endedAtMs }: Cycle, asOfMs: number): boolean {
  return leavesCohort && endedAtMs !== null && endedAtMs <= asOfMs;
}

function ofCycle(state: Case, cycle: Cycle, clock: ClockName, asOfMs: number): readonly Spell[] {
  const notices = cycle.duties.filter(({ trigger }) => trigger === 'NOTICE_ISSUED');
  const untilDown = (start: Duty['start'], kinds: readonly PauseKind[], addressee = ''): Spell => ({
    ...stayOf(start, cycle, asOfMs, state.pauses, kinds),
    cycle: cycle.number,
    addressee,
    startMs: start.earliestMs,
  });
  const untilKnown = (start: Duty['start'], end: Duty['start'] | null, addressee = ''): Spell => {
    // What ends the clock is its own fact, known as exactly as its time; until then nothing is known.
    const down = end === null ? null : end.latestMs;
    const looks = { lastSeenUpMs: end === null ? asOfMs : end.earliestMs, firstSeenDownMs: down };
    return {
      ...stayOf(start, looks, asOfMs, state.pauses, HOLD),
      cycle: cycle.number,
      addressee,
      startMs: start.earliestMs,
    };
  };
  switch (clock) {
    case 'exposure': {
      if (cycle.number > 1 || state.contentCreatedAt === null) return [];
      return [untilDown(spanOfTime(state.contentCreatedAt), NEVER)];
    }
    case 'report_to_verified':
      return cycle.openedBy === 'NOTICE' ? [] : [untilDown(cycle.opened, HOLD)];
    case 'report_to_assessed':
      return cycle.openedBy === 'REPORT' ? [untilKnown(cycle.opened, cycle.assessed)] : [];
    case 'notice_to_verified':
      return notices.map(({ start, addressee }) => untilDown(start, HOLD, addressee));
    case 'notice_to_claimed':
      return notices.map(({ start, addressee }) => {
        const claim = cycle.claims.find((each) => each.addressee === addressee);
        return untilKnown(start, claim === undefined ? null : at(claim.observedAtMs), addressee);
      });
    case 'claim_to_verified': {
      const [claim] = cycle.claims;
      return claim === undefined ? [] : [untilDown(at(claim.observedAtMs), HOLD, claim.addressee)];
    }
    case 'verified_to_reappeared': {
      const { firstSeenDownMs } = cycle;
      if (firstSeenDownMs === null) return [];
      const next = state.cycles.find(({ number }) => number === cycle.number + 1);
      return [untilKnown(at(firstSeenDownMs), next === undefined ? null : next.opened)];
    }
  }
}

const at = (ms: number): Duty['start'] => ({ earliestMs: ms, latestMs: ms });
