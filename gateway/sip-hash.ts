// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), a keyed pseudo-random function of 64
// bits for short inputs. Here it runs over the fields of a report, of which there are many and small ones: a call
// of the runtime's hash costs four times as much as the hashing (docs/performance.md).

/** The state after a prefix, in 32-bit halves: v0 to v3, low before high. */
type State = Int32Array;

const WORDS = 8;

/** Hashes what follows a prefix of whole 8-byte words, which is read once. Not for use by two at a time. */
export class SipHash {
  readonly #start: State;
  readonly #prefixed: State = new Int32Array(WORDS);
  #prefixLength = 0;

  /** `key`: 16 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== 16) throw new RangeError('the key of SipHash has 16 bytes');
    const [k0, k1, k2, k3] = [wordAt(key, 0), wordAt(key, 4), wordAt(key, 8), wordAt(key, 12)];
    this.#start = Int32Array.of(
      k0 ^ 0x70736575,
      k1 ^ 0x736f6d65,
      k2 ^ 0x6e646f6d,
      k3 ^ 0x646f7261,
      k0 ^ 0x6e657261,
      k1 ^ 0x6c796765,
      k2 ^ 0x79746573,
      k3 ^ 0x74656462,
    );
    this.#prefixed.set(this.#start);
  }

  /** All hashes from here on are of `bytes` and what is given to `of`; a whole number of 8-byte words. */
  prefix(bytes: Uint8Array): void {
    if (bytes.length % 8 !== 0) throw new RangeError('a prefix has whole words of 8 bytes');
    this.#prefixed.set(this.#start);
    absorb(this.#prefixed, bytes, 0, bytes.length, 0);
    this.#prefixLength = bytes.length;
  }

  /** Hashes `bytes` from `from` to `to`, after the prefix, into the 8 bytes of `target` at `at`, little-endian. */
  of(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
    absorb(this.#prefixed, bytes, from, to, this.#prefixLength, target, at);
  }
}

/**
 * One function, without calls in its loops and without branches on the data: state in local integers is what makes it
 * fast. Without a target the state goes on to be the prefix.
 */
function absorb(
  s: State,
  bytes: Uint8Array,
  from: number,
  to: number,
  before: number,
  target?: Uint8Array,
  into = 0,
): void {
  // Read from the typed array once each.
  let a = s[0] ?? 0;
  let A = s[1] ?? 0;
  let b = s[2] ?? 0;
  let B = s[3] ?? 0;
  let c = s[4] ?? 0;
  let C = s[5] ?? 0;
  let d = s[6] ?? 0;
  let D = s[7] ?? 0;
  let at = from;
  let m = 0;
  let M = 0;
  // Whole words, then the last one with the length in its highest byte, then four closing rounds.
  for (let step = 0, rounds = 2; step < 3;) {
    if (step === 0 && at + 8 <= to) {
      m = wordAt(bytes, at);
      M = wordAt(bytes, at + 4);
      at += 8;
    } else if (target === undefined) {
      break;
    } else if (step === 0) {
      step = 1;
      const rest = to - at;
      m = 0;
      M = (before + to - from) << 24;
      for (let i = 0; i < rest; i += 1) {
        const byte = bytes[at + i] ?? 0;
        if (i < 4) m |= byte << (i * 8);
        else M |= byte << (i * 8 - 32);
      }
    } else {
      step = 3;
      rounds = 4;
      m = 0;
      M = 0;
      c ^= 0xff;
    }
    d ^= m;
    D ^= M;
    for (let round = 0; round < rounds; round += 1) {
      // The carry of x + y into the high half: ((x & y) | ((x | y) & ~sum)) >>> 31.
      let t = (a + b) | 0;
      A = (A + B + (((a & b) | ((a | b) & ~t)) >>> 31)) | 0;
      a = t;
      t = (b << 13) | (B >>> 19);
      B = ((B << 13) | (b >>> 19)) ^ A;
      b = t ^ a;
      t = a;
      a = A;
      A = t;
      t = (c + d) | 0;
      C = (C + D + (((c & d) | ((c | d) & ~t)) >>> 31)) | 0;
      c = t;
      t = (d << 16) | (D >>> 16);
      D = ((D << 16) | (d >>> 16)) ^ C;
      d = t ^ c;
      t = (a + d) | 0;
      A = (A + D + (((a & d) | ((a | d) & ~t)) >>> 31)) | 0;
      a = t;
      t = (d << 21) | (D >>> 11);
      D = ((D << 21) | (d >>> 11)) ^ A;
      d = t ^ a;
      t = (c + b) | 0;
      C = (C + B + (((c & b) | ((c | b) & ~t)) >>> 31)) | 0;
      c = t;
      t = (b << 17) | (B >>> 15);
      B = ((B << 17) | (b >>> 15)) ^ C;
      b = t ^ c;
      t = c;
      c = C;
      C = t;
    }
    a ^= m;
    A ^= M;
  }
  if (target !== undefined) {
    putWord(target, into, a ^ b ^ c ^ d);
    putWord(target, into + 4, A ^ B ^ C ^ D);
  } else {
    s[0] = a;
    s[1] = A;
    s[2] = b;
    s[3] = B;
    s[4] = c;
    s[5] = C;
    s[6] = d;
    s[7] = D;
  }
}

/** Four bytes, little-endian, as a signed word. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function putWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word;
  target[at + 1] = word >>> 8;
  target[at + 2] = word >>> 16;
  target[at + 3] = word >>> 24;
}
