// The guard of one partition against floods, as the rows before leave it.
import type { Log } from '../log/log.js';
import type { Before } from '../store/queries/known-keys.js';
import { selectAcceptedTo, selectDeadLettersBefore } from '../store/queries/floods.js';
import type { Select } from '../store/queries/select.js';
import { FLOOD_WINDOW, floodFault, FloodGuard, type Watched } from './flood-guard.js';
import type { LandedTopic } from './landed-topics.js';

export interface FloodOptions {
  readonly log: Pick<Log, 'extents'>;
  /** So many dead letters one after the other stop the partition; 1,000 when left out. */
  readonly maxDeadLettersInARow?: number;
  /** More dead letters among the last 10,000 records stop the partition, in percent; 50 when left out. */
  readonly maxDeadLetterShare?: number;
  /** Told how many records of a batch cannot be read, each time the batch is judged. */
  readonly onDeadLetters?: (count: number) => void;
}

const MAX_DEAD_LETTERS_IN_A_ROW = 1_000;
const MAX_DEAD_LETTER_SHARE = 50;

/** Watches one batch after the other. The answer rejects with `FloodFault` when one is a flood. */
export async function openFloodGuard(
  of: LandedTopic,
  select: Select,
  before: Before,
  { log, maxDeadLettersInARow, maxDeadLetterShare, onDeadLetters }: FloodOptions,
): Promise<(batch: readonly Watched[], from: Before) => Promise<void>> {
  const { epoch, partition } = before;
  const acceptedTo = await selectAcceptedTo(select, of.name, epoch, partition);
  const flood = new FloodGuard(
    {
      maxInARow: maxDeadLettersInARow ?? MAX_DEAD_LETTERS_IN_A_ROW,
      maxSharePercent: maxDeadLetterShare ?? MAX_DEAD_LETTER_SHARE,
    },
    acceptedTo,
    await selectDeadLettersBefore(select, of.table, before, acceptedTo, FLOOD_WINDOW),
  );
  return async (batch, from) => {
    const dead = batch.reduce((count, { outcome }) => count + Number(outcome === 'DEAD_LETTER'), 0);
    if (dead > 0) onDeadLetters?.(dead);
    const tooMany = flood.watch(batch);
    if (tooMany === undefined) return;
    const end = (await log.extents(of.topic))[partition]?.end ?? 0;
    throw floodFault(of, tooMany, from, end - 1);
  };
}
