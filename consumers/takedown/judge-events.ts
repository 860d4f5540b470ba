// The same event of a case sent again is a duplicate, the same id with another content a conflict; an actor who had seen
// another version of the case than it has when the event comes is outdated. In the order of the log, and only by what
// stands before in the same partition: a batch landed again gets the same verdicts.
import type { Before } from '../../store/queries/known-keys.js';
import { caseName, selectCasesBefore } from '../../store/queries/case-events.js';
import type { Select } from '../../store/queries/select.js';
import { NOT_ACTS } from '../../takedown/fold.js';
import type { Checked, RepeatedReplay } from '../refuse-repeated-replays.js';
import type { DeadEvent, DecodedEvent, ReadEvent } from './decode-event.js';

/** One per record of the batch, in order. */
export type JudgedEvent = TakenEvent | DeadEvent | RepeatedReplay;

export interface TakenEvent extends Omit<ReadEvent, 'outcome'> {
  readonly outcome: 'EVENT' | 'DUPLICATE' | 'CONFLICT';
  /** Of an EVENT: its actor had seen another version of the case. */
  readonly isOutdated: boolean;
}

/** What a case was before an event: its version, and digests by event key. */
interface Seen {
  acts: number;
  readonly digests: Map<string, string>;
}

/** `before`: where the batch begins; only what stands before it is asked of the store. Rejects with the store's fault. */
export async function judgeEvents(
  batch: readonly Checked<DecodedEvent>[],
  select: Select,
  before: Before,
): Promise<readonly JudgedEvent[]> {
  const asked = batch.flatMap((entry) =>
    entry.outcome === 'READ'
      ? [{ environment: entry.record.environment, locationKey: entry.locationKey, eventKey: entry.eventKey }]
      : [],
  );
  const landed = await selectCasesBefore(select, before, asked, [...NOT_ACTS]);
  const cases = new Map<string, Seen>();
  return batch.map((entry): JudgedEvent => {
    if (entry.outcome !== 'READ') return entry;
    const name = caseName(entry.record.environment, entry.locationKey);
    let seen = cases.get(name);
    if (seen === undefined) {
      const { acts = 0, digests } = landed.get(name) ?? {};
      cases.set(name, (seen = { acts, digests: new Map(digests) }));
    }
    return judge(entry, seen);
  });
}

/** Adds what it judges to `seen`. */
function judge(entry: ReadEvent, seen: Seen): TakenEvent {
  const { eventKey, digest, isAct, record } = entry;
  const earlier = seen.digests.get(eventKey);
  if (earlier !== undefined) {
    return { ...entry, outcome: earlier === digest ? 'DUPLICATE' : 'CONFLICT', isOutdated: false };
  }
  const isOutdated = record.seenVersion !== null && record.seenVersion !== seen.acts;
  seen.digests.set(eventKey, digest);
  if (isAct && !isOutdated) seen.acts += 1;
  return { ...entry, outcome: 'EVENT', isOutdated };
}
