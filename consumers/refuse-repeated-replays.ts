// A dead letter is replayed once. Whoever replays takes none that has been; this is for two who replay at the same time.
// Depends only on the records before it in its partition, like every verdict.
import type { Before } from '../store/queries/known-keys.js';
import { selectReplayed } from '../store/queries/dead-letters.js';
import type { Select } from '../store/queries/select.js';
import type { Decoded } from './decode.js';
import type { LandedTopic } from './landed-topics.js';

/** One per record of the batch, in order. */
export type Checked<T = Decoded> = T | RepeatedReplay;

/** Another replay of the same dead letter stands before it: lands as a duplicate, without a report. */
export interface RepeatedReplay {
  readonly outcome: 'REPEATED_REPLAY';
  readonly offset: number;
  readonly replayOf: string;
}

/** `before`: where the batch begins. Rejects with the store's fault; asks it nothing when no replay is in the batch. */
export async function refuseRepeatedReplays<T extends { readonly offset: number; readonly replayOf: string }>(
  { table }: LandedTopic,
  batch: readonly T[],
  select: Select,
  before: Before,
): Promise<readonly Checked<T>[]> {
  const replays = batch.filter(({ replayOf }) => replayOf !== '');
  if (replays.length === 0) return batch;
  const replayed = new Set(
    await selectReplayed(
      select,
      table,
      before,
      replays.map(({ replayOf }) => replayOf),
    ),
  );
  return batch.map((entry): Checked<T> => {
    const { offset, replayOf } = entry;
    if (replayOf === '') return entry;
    if (replayed.has(replayOf)) return { outcome: 'REPEATED_REPLAY', offset, replayOf };
    replayed.add(replayOf);
    return entry;
  });
}
