import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BloomFilter } from '../../consumers/bloom-filter.js';

/** Three words of a hash of the n-th key of a series, as the filter gets them. */
function wordsOf(series: string, n: number): [number, number, number] {
  const hash = createHash('sha256').update(`${series}-${n}`).digest();
  return [hash.readUInt32BE(0), hash.readUInt32BE(4), hash.readUInt32BE(8)];
}

const word = fc.integer({ min: 0, max: 0xffff_ffff });

describe('a Bloom filter', () => {
  it('never denies a key that it was given, whatever keys they are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word), { maxLength: 500 }), (keys) => {
        const filter = new BloomFilter(keys.length);
        for (const key of keys) filter.add(...key);
        expect(keys.every((key) => filter.mayHave(...key))).toBe(true);
      }),
    );
  });

  it('never denies a key also when it was given more than it was made for', () => {
    const filter = new BloomFilter(10);
    for (let n = 0; n < 1_000; n += 1) filter.add(...wordsOf('many', n));
    for (let n = 0; n < 1_000; n += 1) expect(filter.mayHave(...wordsOf('many', n))).toBe(true);
  });

  it('that is empty denies every key', () => {
    const filter = new BloomFilter(1_000);
    for (let n = 0; n < 1_000; n += 1) expect(filter.mayHave(...wordsOf('none', n))).toBe(false);
  });

  // 65,536 keys leave the bits rounded up to a power of two at exactly 16 a key: the least there is.
  it.each([1_000, 30_000, 65_536])('full with %i keys claims fewer than 5 of 1,000 others', (capacity) => {
    const filter = new BloomFilter(capacity);
    for (let n = 0; n < capacity; n += 1) filter.add(...wordsOf('there', n));
    const others = 100_000;
    let claimed = 0;
    for (let n = 0; n < others; n += 1) if (filter.mayHave(...wordsOf('elsewhere', n))) claimed += 1;
    expect(claimed / others).toBeLessThan(0.005);
  });
});
