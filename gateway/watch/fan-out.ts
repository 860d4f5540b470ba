// What was read of the store for all who watch, kept until the bound is reached: whoever is slower reads it again alone.
import { isSame, type Item, type Position } from './lanes.js';

/** One page of the log, for everybody in `audience`. */
export interface Slice {
  readonly from: Position;
  readonly to: Position;
  /** Names of the callers it was read for. */
  readonly audience: ReadonlySet<string>;
  /** By name, in order; callers without any are left out. */
  readonly items: ReadonlyMap<string, readonly Item[]>;
  readonly bytes: number;
}

export interface FanOutLimits {
  readonly maxBytes: number;
  readonly maxSlices: number;
}

/** Slices that follow each other without a gap, by number. */
export class FanOut {
  #slices: Slice[] = [];
  #first = 0;
  #bytes = 0;

  constructor(
    private readonly limits: FanOutLimits,
    private readonly start: Position,
  ) {}

  /** Up to where everything has been read. */
  get head(): Position {
    return this.#slices.at(-1)?.to ?? this.start;
  }

  /** The number of the slice that comes next. */
  get next(): number {
    return this.#first + this.#slices.length;
  }

  /** Bytes of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** `slice.from` is the head. The newest one is always kept. */
  add(slice: Slice): void {
    this.#slices.push(slice);
    this.#bytes += slice.bytes;
    const { maxBytes, maxSlices } = this.limits;
    while (this.#slices.length > 1 && (this.#bytes > maxBytes || this.#slices.length > maxSlices)) {
      this.#bytes -= this.#slices.shift()?.bytes ?? 0;
      this.#first += 1;
    }
  }

  /** A slice by its number: undefined for one that is to come or was forgotten. */
  at(number: number): Slice | undefined {
    return this.#slices[number - this.#first];
  }

  /** The number of the slice with which somebody at this position goes on; undefined: has to catch up first. */
  after(position: Position): number | undefined {
    if (isSame(position, this.head)) return this.next;
    const found = this.#slices.findIndex(({ from }) => isSame(from, position));
    return found < 0 ? undefined : this.#first + found;
  }
}
