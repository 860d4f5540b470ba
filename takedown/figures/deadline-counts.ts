// Compliance with a limit: met, missed, undecidable and open, counted apart.
import { judgeStay } from '../clocks.js';
import type { StayCount } from './risk-table.js';

export interface DeadlineCounts {
  readonly limitMs: number;
  readonly n: number;
  readonly met: number;
  readonly missed: number;
  readonly undecidable: number;
  readonly open: number;
}

/** One per limit, in their order. The four add up to n. */
export function deadlineCounts(
  stays: Iterable<StayCount>,
  limitsMs: readonly number[],
): readonly DeadlineCounts[] {
  const counts = limitsMs.map((limitMs) => ({ limitMs, n: 0, met: 0, missed: 0, undecidable: 0, open: 0 }));
  for (const stay of stays) {
    for (const each of counts) {
      each.n += stay.count;
      switch (judgeStay(stay, each.limitMs)) {
        case 'MET':
          each.met += stay.count;
          break;
        case 'MISSED':
          each.missed += stay.count;
          break;
        case 'OPEN':
          each.open += stay.count;
          break;
        case 'UNDECIDABLE':
          each.undecidable += stay.count;
          break;
      }
    }
  }
  return counts;
}
