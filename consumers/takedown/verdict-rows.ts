// What became of events that did not simply apply, as rows of `event_verdicts`.
import type { StoredVerdict } from '../../store/queries/kept-cases.js';
import type { Case, EventVerdict } from '../../takedown/case.js';
import { dashed } from './case-row.js';

export const VERDICT_COLUMNS: readonly string[] = [
  'environment',
  'location_key',
  'event_key',
  'effect',
  'reason',
  'version',
];

/** Those that differ from what is `stored`, where nothing stands for APPLIED. */
export function verdictRows(
  { environment, locationKey, eventCount }: Case,
  verdicts: readonly EventVerdict[],
  stored: ReadonlyMap<string, StoredVerdict>,
): readonly (readonly unknown[])[] {
  const rows: unknown[][] = [];
  for (const verdict of verdicts) {
    const { eventId, effect } = verdict;
    const reason = verdict.effect === 'REFUSED' ? verdict.reason : '';
    const before = stored.get(eventId) ?? APPLIED;
    if (before.effect === effect && before.reason === reason) continue;
    rows.push([environment, dashed(locationKey), dashed(eventId), effect, reason, eventCount]);
  }
  return rows;
}

const APPLIED: StoredVerdict = { effect: 'APPLIED', reason: '' };
