// A set that may claim to know a key it has never seen, but never forgets one. Only its "no" is believed.

const BITS_PER_KEY = 16;
/** With 16 bits a key, 8 probes: about 6 false claims in 10,000 (Bloom 1970; Mitzenmacher & Upfal, §5.5). */
const PROBES = 8;

/** Keys are 16 bytes of a keyed hash: any four of them serve as a hash value. */
export class BloomFilter {
  readonly #bits: Uint32Array;
  readonly #mask: number;

  constructor(capacity: number) {
    const bits = 2 ** Math.ceil(Math.log2(Math.max(capacity * BITS_PER_KEY, 64)));
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  add(a: number, b: number, c: number): void {
    let at = a;
    for (let i = 0; i < PROBES; i += 1) {
      const bit = (at & this.#mask) >>> 0;
      const word = bit >>> 5;
      this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (bit & 31));
      at = (at + (b | 1) + Math.imul(i, c)) >>> 0;
    }
  }

  mayHave(a: number, b: number, c: number): boolean {
    let at = a;
    for (let i = 0; i < PROBES; i += 1) {
      const bit = (at & this.#mask) >>> 0;
      if (((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      at = (at + (b | 1) + Math.imul(i, c)) >>> 0;
    }
    return true;
  }
}
