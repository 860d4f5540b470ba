// Cases that somebody has acted on, as rows: folded from all their events whenever one comes. Rows are written at least
// once; those of the most events count, so that to fold again, or to be late, changes nothing.
import type { Environment } from '../../schemas/vocabulary.js';
import { selectStoredCases, selectVerdicts } from '../../store/queries/kept-cases.js';
import type { Select } from '../../store/queries/select.js';
import type { Block } from '../../store/store.js';
import type { CaseKey } from '../../takedown/case.js';
import type { Rule } from '../../takedown/rule.js';
import { CASE_COLUMNS, caseRow } from './case-row.js';
import { fewEvents, foldCases } from './fold-cases.js';
import { insertRows } from './insert-rows.js';
import { verdictRows, VERDICT_COLUMNS } from './verdict-rows.js';
import { voidRows, VOID_COLUMNS } from './void-runs.js';

/** `select` and `insert` go on until the store answers, and reject once the partition is lost. */
export interface KeepingCases {
  readonly select: Select;
  readonly insert: (block: Block) => Promise<void>;
  readonly rules: readonly Rule[];
  readonly nowMs: () => number;
}

/** Up to and with which offset of a topic the cases are kept. */
export interface CaseProgress {
  readonly topic: 'reports' | 'takedowns';
  readonly epoch: number;
  readonly partition: number;
  readonly to: number;
}

const CASES_AT_ONCE = 1_000;

/**
 * Folds the cases and writes their rows, and then `progress`. A case without events is left out. Rejects as `select`
 * and `insert` do.
 */
export async function keepCases(
  deps: KeepingCases,
  touched: Iterable<CaseKey>,
  progress?: CaseProgress,
): Promise<void> {
  for (const [environment, keys] of byEnvironment(touched)) {
    for (let from = 0; from < keys.length; from += CASES_AT_ONCE) {
      for await (const some of fewEvents(deps.select, environment, keys.slice(from, from + CASES_AT_ONCE))) {
        await keepSome(deps, environment, some);
      }
    }
  }
  if (progress === undefined) return;
  const { topic, epoch, partition, to } = progress;
  const nowMs = deps.nowMs();
  const columns = ['topic', 'log_epoch', 'log_partition', 'to_offset', 'at'];
  await insertRows(deps, 'case_progress', columns, [[topic, epoch, partition, to, nowMs]], nowMs);
}

async function keepSome(
  deps: KeepingCases,
  environment: Environment,
  keys: readonly string[],
): Promise<void> {
  let left = keys;
  while (left.length > 0) {
    const kept = await foldCases(deps, environment, left);
    const nowMs = deps.nowMs();
    const rows = kept.map(({ state, ...first }) => caseRow(state, first, nowMs));
    await insertRows(deps, 'cases', CASE_COLUMNS, rows, nowMs);
    const stored = await selectVerdicts(deps.select, environment, left);
    const verdicts = kept.flatMap(({ state, verdicts: given }) =>
      verdictRows(state, given, stored.get(state.locationKey) ?? new Map()),
    );
    await insertRows(deps, 'event_verdicts', VERDICT_COLUMNS, verdicts, nowMs);
    // Whoever knows more may have looked for verdicts to take back, and for runs to make void, before these were there.
    const newest = await selectStoredCases(deps.select, environment, left);
    const states = kept.map(({ state }) => state);
    for (const [table, rows] of voidRows(states, newest)) {
      await insertRows(deps, table, VOID_COLUMNS, rows, nowMs);
    }
    left = states
      .filter(({ locationKey, eventCount }) => (newest.get(locationKey)?.version ?? 0) > eventCount)
      .map(({ locationKey }) => locationKey);
  }
}

export function byEnvironment(keys: Iterable<CaseKey>): ReadonlyMap<Environment, readonly string[]> {
  const found = new Map<Environment, Set<string>>();
  for (const { environment, locationKey } of keys) {
    const of = found.get(environment);
    if (of === undefined) found.set(environment, new Set([locationKey]));
    else of.add(locationKey);
  }
  return new Map([...found].map(([environment, of]) => [environment, [...of]]));
}
