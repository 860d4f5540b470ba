// Ranges of IP addresses with one number each, in sorted typed arrays. Knows addresses; never what the numbers mean.
import { isIpv4 } from '../../schemas/ip-address.js';

const INITIAL_CAPACITY = 1024;

/**
 * Finds the number of the range an address lies in. Addresses are four words as `parseIp` gives
 * them. Takes 8 bytes for each IPv4 boundary, 20 for each IPv6 boundary.
 */
export class IpRanges {
  readonly #v4 = new Boundaries(1);
  readonly #v6 = new Boundaries(4);

  /**
   * Adds the range from `first` to `last` (both inclusive, both of the same family) with a `value` of
   * 1 to 2^32-1. Within a family ranges come in ascending order; one that begins inside the range
   * before it cuts that range off there. False, and nothing is added, when the order is broken or
   * `last` precedes `first`.
   */
  add(first: Uint32Array, last: Uint32Array, value: number): boolean {
    const boundaries = isIpv4(first) ? this.#v4 : this.#v6;
    return isIpv4(first) === isIpv4(last) && boundaries.add(first, last, value);
  }

  /** The value of the range that holds the address; 0 when none does. */
  find(words: Uint32Array): number {
    return (isIpv4(words) ? this.#v4 : this.#v6).find(words);
  }

  /** Gives back the memory that was reserved for further ranges. */
  seal(): this {
    this.#v4.resize();
    this.#v6.resize();
    return this;
  }
}

/** Where values change: from start `i` up to start `i + 1` the value is `values[i]`. Compares the last `width` words. */
class Boundaries {
  #starts: Uint32Array;
  #values: Uint32Array;
  #count = 0;
  readonly #end = new Uint32Array(4);

  constructor(readonly width: 1 | 4) {
    this.#starts = new Uint32Array(INITIAL_CAPACITY * width);
    this.#values = new Uint32Array(INITIAL_CAPACITY);
  }

  add(first: Uint32Array, last: Uint32Array, value: number): boolean {
    this.#end.set(last);
    const endless = !this.#increment(this.#end);
    const empty = !endless && compare(first, this.#end) >= 0;
    const previous = this.#values[this.#count - 1] === 0 ? this.#count - 2 : this.#count - 1;
    if (empty || (previous >= 0 && this.#compare(previous, first) >= 0)) return false;
    this.#set(first, value);
    if (!endless) this.#set(this.#end, 0);
    return true;
  }

  find(words: Uint32Array): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(middle, words) <= 0) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#values[low - 1] ?? 0);
  }

  resize(capacity: number = this.#count): void {
    const starts = new Uint32Array(capacity * this.width);
    const values = new Uint32Array(capacity);
    starts.set(this.#starts.subarray(0, this.#count * this.width));
    values.set(this.#values.subarray(0, this.#count));
    this.#starts = starts;
    this.#values = values;
  }

  /** From `words` on the value is `value`; boundaries at or after it give way. */
  #set(words: Uint32Array, value: number): void {
    while (this.#count > 0 && this.#compare(this.#count - 1, words) >= 0) this.#count--;
    if ((this.#count === 0 ? 0 : this.#values[this.#count - 1]) === value) return;
    if (this.#count === this.#values.length) this.resize(this.#count * 2);
    for (let w = 0; w < this.width; w++) {
      this.#starts[this.#count * this.width + w] = words[4 - this.width + w] ?? 0;
    }
    this.#values[this.#count++] = value;
  }

  #compare(index: number, words: Uint32Array): number {
    for (let w = 0; w < this.width; w++) {
      const difference = (this.#starts[index * this.width + w] ?? 0) - (words[4 - this.width + w] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The next address; false when there is none in the family. */
  #increment(words: Uint32Array): boolean {
    for (let w = 3; w >= 4 - this.width; w--) {
      words[w] = ((words[w] ?? 0) + 1) >>> 0;
      if (words[w] !== 0) return true;
    }
    return false;
  }
}

function compare(a: Uint32Array, b: Uint32Array): number {
  for (let w = 0; w < 4; w++) {
    const difference = (a[w] ?? 0) - (b[w] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The last address of the network that begins at `first` and fixes the first `bits` of 128. */
export function lastOf(first: Uint32Array, bits: number): Uint32Array {
  return first.map((word, w) => {
    const fixed = Math.min(32, Math.max(0, bits - w * 32));
    return fixed === 32 ? word : (word | (0xffffffff >>> fixed)) >>> 0;
  });
}
