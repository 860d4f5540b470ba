// Dead letters come one by one. A flood of them is a fault of ours, like a version that cannot read what another one
// writes: better to stop than to drain the log into them.
import type { Decoded } from './decode.js';
import { LandingFault } from './land.js';

export class FloodGuard {
  #inARow = 0;

  constructor(private readonly maxInARow: number) {}

  /** Counts on from batch to batch; throws `LandingFault` when more than `maxInARow` follow one another. */
  watch(batch: readonly Decoded[]): void {
    for (const { outcome } of batch) {
      this.#inARow = outcome === 'DEAD_LETTER' ? this.#inARow + 1 : 0;
      if (this.#inARow > this.maxInARow) {
        throw new LandingFault(
          `more than ${this.maxInARow} records in a row cannot be read: ` +
            'start a version that reads them, or accept them as dead letters with a higher --max-dead-letters-in-a-row',
        );
      }
    }
  }
}
