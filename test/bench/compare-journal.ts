// Whether the rows are exactly those of the reports that were accepted.
import type { JournalRange } from './number-plan.js';

export interface Promised {
  /** Receipts that said ACCEPTED. */
  readonly acceptances: number;
  readonly journal: readonly JournalRange[];
}

/** Rows by outcome, and those of reports by range of their numbers, as the journal has them. */
export interface Stored {
  readonly reports: number;
  readonly duplicates: number;
  /** Conflicts and dead letters: the generator sends none. */
  readonly others: number;
  readonly ranges: readonly { readonly rows: number; readonly distinct: number; readonly sum: number }[];
}

export interface Difference {
  /** Accepted reports, or accepted repeats of them, that have no row. */
  readonly lost: number;
  /** Rows too many: a report that stands twice, a repeat counted twice, or what was never accepted. */
  readonly doubled: number;
}

export function compare({ acceptances, journal }: Promised, stored: Stored): Difference {
  const repeats = acceptances - journal.reduce((sum, { accepted }) => sum + accepted, 0);
  let lost = Math.max(0, repeats - stored.duplicates);
  let doubled = Math.max(0, stored.duplicates - repeats) + stored.others;
  let inRanges = 0;
  journal.forEach(({ accepted, sum }, i) => {
    const found = stored.ranges[i] ?? { rows: 0, distinct: 0, sum: 0 };
    inRanges += found.rows;
    lost += Math.max(0, accepted - found.distinct);
    doubled += found.rows - found.distinct + Math.max(0, found.distinct - accepted);
    // As many as were accepted, once each, but not the same ones.
    if (found.distinct === accepted && found.rows === accepted && found.sum !== sum) {
      lost += 1;
      doubled += 1;
    }
  });
  return { lost, doubled: doubled + stored.reports - inRanges };
}
