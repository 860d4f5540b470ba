// Runs of clocks that a fold with more events no longer has.
import { RUN_TABLES, type RunTable, type StoredCase } from '../../store/queries/kept-cases.js';
import type { Case } from '../../takedown/case.js';
import { dashed, pausesOf } from './case-row.js';

export const VOID_COLUMNS: readonly string[] = ['location_key', 'environment', 'n', 'version', 'is_void'];

/** How many rows the views of `cases` make of a case. */
const RUNS: Readonly<Record<RunTable, (state: Case) => number>> = {
  case_cycles: ({ cycles }) => cycles.length,
  case_notices: ({ cycles }) => cycles.reduce((sum, { duties }) => sum + duties.length, 0),
  case_deadlines: ({ cycles }) =>
    cycles
      .flatMap(({ duties }) => duties)
      .reduce((sum, { deadlines }) => sum + new Set(deadlines.map(pausesOf)).size, 0),
};

/** Rows for each table that make void what is `stored` beyond the runs of these cases. */
export function voidRows(
  kept: readonly Case[],
  stored: ReadonlyMap<string, StoredCase>,
): readonly (readonly [RunTable, readonly (readonly unknown[])[]])[] {
  return RUN_TABLES.map((table) => {
    const rows = kept.flatMap((state) => {
      const from = RUNS[table](state) + 1;
      const beyond = Math.max(0, (stored.get(state.locationKey)?.runs[table] ?? 0) - from + 1);
      return Array.from({ length: beyond }, (_, i) => {
        return [dashed(state.locationKey), state.environment, from + i, state.eventCount, true];
      });
    });
    return [table, rows];
  });
}
