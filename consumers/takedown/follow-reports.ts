// What freshly landed reports change in cases that somebody has acted on: a range of every partition after the other.
import { REPORTS_TOPIC } from '../../log/topics.js';
import { selectProgress } from '../../store/queries/kept-cases.js';
import { keepReported } from './keep-reported.js';
import { retractReports } from './retract-reports.js';
import type { WatchingCases } from './watch-cases.js';

/** Offsets of one range. */
const RECORDS_AT_ONCE = 50_000;

/**
 * Goes on from `case_progress` to what has landed. A range counts as done only after all that follows from it is
 * durable: whoever was stopped in between does it again.
 */
export async function followReports(deps: WatchingCases, revoked: AbortSignal): Promise<void> {
  const { log, group, select, reportsEpoch: epoch } = deps;
  const committed = await log.committed(group, REPORTS_TOPIC);
  const done = await selectProgress(select, 'reports', epoch);
  for (const [partition, landed] of committed.entries()) {
    const end = landed?.offset ?? 0;
    let from = (done.get(partition) ?? -1) + 1;
    while (from < end && !revoked.aborted) {
      const to = Math.min(from + RECORDS_AT_ONCE, end);
      const range = { epoch, partition, from, to };
      await retractReports(deps, range);
      await keepReported(deps, range);
      from = to;
    }
  }
}
