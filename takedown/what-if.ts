// "What if this rule had been in force": history judged under other rules, without touching what was decided.
import { foldCase } from './fold.js';
import type { CaseKey } from './case.js';
import { judgeDeadline, VERDICTS, type Verdict } from './clocks.js';
import type { TakedownEvent } from './event.js';
import type { Rule } from './rule.js';

export type VerdictCounts = Record<Verdict, number>;

export interface History {
  readonly key: CaseKey;
  readonly events: readonly TakedownEvent[];
}

/** Verdicts by id@version of the rule, as of `asOfMs`. Duties that began later and cycles that left the cohort do not count. */
export function whatIf(
  histories: Iterable<History>,
  rules: readonly Rule[],
  asOfMs: number,
): ReadonlyMap<string, VerdictCounts> {
  const counts = new Map<string, VerdictCounts>();
  for (const { key, events } of histories) {
    const state = foldCase(key, events, rules).case;
    for (const cycle of state.cycles) {
      if (cycle.leavesCohort && (cycle.endedAtMs ?? 0) <= asOfMs) continue;
      for (const duty of cycle.duties) {
        if (duty.start.earliestMs > asOfMs) continue;
        for (const deadline of duty.deadlines) {
          const verdict = judgeDeadline(state, cycle, duty, deadline, asOfMs);
          const ofRule = counts.get(deadline.rule) ?? noVerdicts();
          ofRule[verdict]++;
          counts.set(deadline.rule, ofRule);
        }
      }
    }
  }
  return counts;
}

export function noVerdicts(): VerdictCounts {
  const [met, missed, open, undecidable] = VERDICTS;
  return { [met]: 0, [missed]: 0, [open]: 0, [undecidable]: 0 };
}
