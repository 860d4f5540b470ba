// Which reports are sent, and which were accepted: numbers from 0 up, a share of them sent a second time.
import { seededRandom } from '../../cli/demo/random.js';

/** How far back a repeated report may lie. */
const REPEAT_WITHIN = 20_000;

/** Numbers in the order in which they are sent. The same seed gives the same plan. */
export class NumberPlan {
  #next = 0;
  readonly #random;

  constructor(
    private readonly duplicateShare: number,
    seed: number,
  ) {
    this.#random = seededRandom(seed);
  }

  /** How many different reports have been handed out. */
  get distinct(): number {
    return this.#next;
  }

  /** The next batch. Its first report is always a new one. */
  take(count: number): Float64Array {
    const numbers = new Float64Array(count);
    for (let i = 0; i < count; i += 1) {
      const again = i > 0 && this.#random() < this.duplicateShare;
      numbers[i] = again
        ? this.#next - 1 - Math.floor(this.#random() * Math.min(this.#next, REPEAT_WITHIN))
        : this.#next++;
    }
    return numbers;
  }
}

/** Numbers with from <= number < to, of which `accepted` were accepted at least once; `sum` adds those up, exactly. */
export interface JournalRange {
  readonly from: number;
  readonly to: number;
  readonly accepted: number;
  readonly sum: number;
}

const NUMBERS_IN_RANGE = 2_000_000;

/** What the gateway accepted: a bit for each number, and counts. */
export class Journal {
  /** Receipts that said ACCEPTED, repeated reports counted each time. */
  acceptances = 0;
  rejections = 0;
  readonly #bits: Uint8Array;

  constructor(readonly capacity: number) {
    this.#bits = new Uint8Array(Math.ceil(capacity / 8));
  }

  accept(number: number): void {
    if (number >= this.capacity) throw new RangeError('more reports than were planned');
    this.acceptances += 1;
    this.#bits[number >> 3] = (this.#bits[number >> 3] ?? 0) | (1 << (number & 7));
  }

  ranges(): readonly JournalRange[] {
    const ranges: JournalRange[] = [];
    for (let from = 0; from < this.capacity; from += NUMBERS_IN_RANGE) {
      const to = Math.min(from + NUMBERS_IN_RANGE, this.capacity);
      let accepted = 0;
      let sum = 0;
      for (let number = from; number < to; number += 1) {
        if ((((this.#bits[number >> 3] ?? 0) >> (number & 7)) & 1) === 0) continue;
        accepted += 1;
        sum += number;
      }
      ranges.push({ from, to, accepted, sum });
    }
    return ranges;
  }
}
