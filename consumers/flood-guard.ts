// Dead letters come one by one. A flood of them is a fault of ours, like a version that cannot read what another one
// writes: better to stop than to drain the log into them. Depends only on the records before, so a batch judged again
// gets the same verdict. Replays count neither way: whoever replays has asked for what comes.
import { formatPosition, type PositionTopic } from '../schemas/log-position.js';
import type { DeadLettersBefore } from '../store/queries/floods.js';
import type { Decoded } from './decode.js';
import { LandingFault } from './land.js';

/** The share is taken of so many records; a partition that has fewer counts as if the rest could be read. */
export const FLOOD_WINDOW = 10_000;

export interface FloodLimits {
  /** More dead letters one after the other are a flood. */
  readonly maxInARow: number;
  /** More dead letters among the last 10,000 records are one too, in percent; 100: never. */
  readonly maxSharePercent: number;
}

/** What counts of a decoded record. */
export type Watched = Pick<Decoded, 'outcome' | 'offset' | 'replayOf'>;

/** Landing stops before the batch, with all of it still in the log. The message says how to go on. */
export class FloodFault extends LandingFault {}

export class FloodGuard {
  readonly #most: number;
  /** By offset: 1 for a dead letter. */
  readonly #window = new Uint8Array(FLOOD_WINDOW);
  #inWindow = 0;
  #inARow: number;

  /** `acceptedTo`: dead letters up to and with this offset do not count. `before`: those that stand before the first batch. */
  constructor(
    private readonly limits: FloodLimits,
    private readonly acceptedTo = -1,
    before: DeadLettersBefore = { inARow: 0, offsets: [] },
  ) {
    this.#most = (limits.maxSharePercent * FLOOD_WINDOW) / 100;
    this.#inARow = before.inARow;
    for (const offset of before.offsets) this.#window[offset % FLOOD_WINDOW] = 1;
    this.#inWindow = before.offsets.length;
  }

  /** Counts on from batch to batch. Returns what makes the batch a flood, undefined when nothing does. */
  watch(batch: readonly Watched[]): string | undefined {
    for (const { outcome, offset, replayOf } of batch) {
      const at = offset % FLOOD_WINDOW;
      const isDead = outcome === 'DEAD_LETTER' && replayOf === '' && offset > this.acceptedTo;
      this.#inWindow += Number(isDead) - (this.#window[at] ?? 0);
      this.#window[at] = Number(isDead);
      if (!isDead) {
        if (outcome === 'READ' && replayOf === '') this.#inARow = 0;
        continue;
      }
      this.#inARow += 1;
      if (this.#inARow > this.limits.maxInARow)
        return `more than ${this.limits.maxInARow} records in a row cannot be read`;
      if (this.#inWindow > this.#most)
        return `more than ${this.limits.maxSharePercent} % of the last ${FLOOD_WINDOW} records cannot be read`;
    }
    return undefined;
  }
}

/** `from`: where landing stopped. `last`: the last offset that the log holds now. */
export function floodFault(
  { name, topic }: { readonly name: PositionTopic; readonly topic: string },
  flood: string,
  from: { readonly epoch: number; readonly partition: number; readonly offset: number },
  last: number,
): FloodFault {
  const position = formatPosition({ ...from, topic: name, offset: last });
  return new FloodFault(
    `${topic} partition ${from.partition}: ${flood}. Nothing is lost: all from offset ${from.offset} on waits in the log. ` +
      'Start a version that reads it; or let what waits now land, with dead letters that can be replayed later: ' +
      `start again with --accept-dead-letters-to ${position}`,
  );
}
