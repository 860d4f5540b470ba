// What a partition has seen: record keys with the digest that landed first. Exact for the newest keys, within a
// budget; of older ones it only knows that they may have been there, and the store is asked.
import { BloomFilter } from './bloom-filter.js';

/** SAME and OTHER compare the digest; MAYBE: too old to be held, ask the store before deciding. */
export type Verdict = 'NEW' | 'SAME' | 'OTHER' | 'MAYBE';

const WORDS = 6;
const MAX_LOAD = 0.7;

/** Open addressing over 24 bytes a key: four words of key, two of digest. A key of only zeros cannot occur (2^-128). */
class Generation {
  count = 0;
  #slots: Uint32Array;
  #mask: number;

  constructor(slots: number) {
    this.#slots = new Uint32Array(slots * WORDS);
    this.#mask = slots - 1;
  }

  /** The word index at which the key stands, or minus one minus the free place where it would. */
  find(a: number, b: number, c: number, d: number): number {
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS;
      const first = this.#slots[at];
      if (
        first === a &&
        this.#slots[at + 1] === b &&
        this.#slots[at + 2] === c &&
        this.#slots[at + 3] === d
      ) {
        return at;
      }
      if (
        first === 0 &&
        this.#slots[at + 1] === 0 &&
        this.#slots[at + 2] === 0 &&
        this.#slots[at + 3] === 0
      ) {
        return -1 - at;
      }
    }
  }

  hasDigest(at: number, e: number, f: number): boolean {
    return this.#slots[at + 4] === e && this.#slots[at + 5] === f;
  }

  put(a: number, b: number, c: number, d: number, e: number, f: number): void {
    if (this.count + 1 > (this.#mask + 1) * MAX_LOAD) this.#grow();
    const at = -1 - this.find(a, b, c, d);
    this.#slots[at] = a;
    this.#slots[at + 1] = b;
    this.#slots[at + 2] = c;
    this.#slots[at + 3] = d;
    this.#slots[at + 4] = e;
    this.#slots[at + 5] = f;
    this.count += 1;
  }

  addAllTo(filter: BloomFilter): void {
    for (let at = 0; at < this.#slots.length; at += WORDS) {
      const [a, b, c, d] = [this.#slots[at], this.#slots[at + 1], this.#slots[at + 2], this.#slots[at + 3]];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      filter.add(a ?? 0, b ?? 0, c ?? 0);
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    this.count = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      const a = old[at] ?? 0;
      const b = old[at + 1] ?? 0;
      const c = old[at + 2] ?? 0;
      const d = old[at + 3] ?? 0;
      if (a !== 0 || b !== 0 || c !== 0 || d !== 0) this.put(a, b, c, d, old[at + 4] ?? 0, old[at + 5] ?? 0);
    }
  }
}

/** Holds the newest `maxExactKeys` exactly (at least half of them at any time), at 24 bytes a slot. */
export class KnownKeys {
  readonly #half: number;
  #current = new Generation(1024);
  #previous = new Generation(1024);
  readonly #older: BloomFilter[] = [];
  #forgotten = false;

  constructor(options: { readonly maxExactKeys: number; readonly maxFilters: number }) {
    this.#half = Math.max(1, Math.floor(options.maxExactKeys / 2));
    this.maxFilters = options.maxFilters;
  }

  private readonly maxFilters: number;

  /** Decides about a record and, when it is NEW, remembers it. `key`: 16 bytes, `digest`: 8 bytes. */
  judge(key: Uint8Array, digest: Uint8Array): Verdict {
    const a = word(key, 0);
    const b = word(key, 4);
    const c = word(key, 8);
    const d = word(key, 12);
    const e = word(digest, 0);
    const f = word(digest, 4);
    let at = this.#current.find(a, b, c, d);
    if (at >= 0) return this.#current.hasDigest(at, e, f) ? 'SAME' : 'OTHER';
    at = this.#previous.find(a, b, c, d);
    if (at >= 0) return this.#previous.hasDigest(at, e, f) ? 'SAME' : 'OTHER';
    if (this.#forgotten || this.#older.some((filter) => filter.mayHave(a, b, c))) return 'MAYBE';
    this.#remember(a, b, c, d, e, f);
    return 'NEW';
  }

  /** Remembers a key with the digest that landed first; used for loading and after the store was asked. */
  remember(key: Uint8Array, digest: Uint8Array): void {
    const [a, b, c, d] = [word(key, 0), word(key, 4), word(key, 8), word(key, 12)];
    if (this.#current.find(a, b, c, d) >= 0 || this.#previous.find(a, b, c, d) >= 0) return;
    this.#remember(a, b, c, d, word(digest, 0), word(digest, 4));
  }

  #remember(a: number, b: number, c: number, d: number, e: number, f: number): void {
    if (this.#current.count >= this.#half) {
      if (this.#previous.count > 0) {
        // Past the last filter everything unknown may have been there: slower, never wrong.
        if (this.#older.length >= this.maxFilters) this.#forgotten = true;
        else {
          const filter = new BloomFilter(this.#previous.count);
          this.#previous.addAllTo(filter);
          this.#older.push(filter);
        }
      }
      this.#previous = this.#current;
      this.#current = new Generation(1024);
    }
    this.#current.put(a, b, c, d, e, f);
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}
