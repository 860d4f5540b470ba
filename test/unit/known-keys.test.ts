import { setTimeout as sleep } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KnownKeys, type Verdict } from '../../consumers/known-keys.js';

const keyOf = (n: number): Buffer => createHash('md5').update(`key ${n}`).digest();
const digestOf = (n: number): Buffer => createHash('md5').update(`digest ${n}`).digest().subarray(0, 8);

/** Keys that differ in one word only, and share the place where the search for them begins. */
const closeKeyOf = (n: number): Buffer => {
  const key = Buffer.alloc(16, 7);
  key.writeUInt32BE(n + 1, 12);
  return key;
};

/**
 * What must be told of a key by one who has seen everything, and what may be told instead: MAYBE, when
 * the key is not among the newest `exact` ones.
 */
function acceptable(
  seen: ReadonlyMap<number, number>,
  key: number,
  digest: number,
  exact: number,
): Verdict[] {
  const first = seen.get(key);
  const truth: Verdict = first === undefined ? 'NEW' : first === digest ? 'SAME' : 'OTHER';
  const age = [...seen.keys()].reverse().indexOf(key);
  const isExact = first !== undefined && age < exact;
  if (isExact) return [truth];
  return first === undefined && seen.size <= exact
    ? ['NEW']
    : first === undefined
      ? ['NEW', 'MAYBE']
      : [truth, 'MAYBE'];
}

const step = fc.record({ key: fc.nat({ max: 60 }), digest: fc.nat({ max: 2 }) });

describe('known keys', () => {
  it.each([
    ['keys far apart', keyOf],
    ['keys close together', closeKeyOf],
  ])('tell of every record what one tells who has seen everything, or ask: %s', (_, toKey) => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 4 }),
        (steps, maxExactKeys, maxFilters) => {
          const known = new KnownKeys({ maxExactKeys, maxFilters });
          const seen = new Map<number, number>();
          const exact = Math.max(1, Math.floor(maxExactKeys / 2));
          for (const { key, digest } of steps) {
            const verdict = known.judge(toKey(key), digestOf(digest));
            expect(acceptable(seen, key, digest, exact)).toContain(verdict);
            // Whoever gets MAYBE asks the store, and has a new key remembered.
            if (verdict === 'MAYBE' && !seen.has(key)) known.remember(toKey(key), digestOf(digest));
            if (!seen.has(key)) seen.set(key, digest);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('that were loaded tell the same as those that were judged', () => {
    const judged = new KnownKeys({ maxExactKeys: 100, maxFilters: 3 });
    const loaded = new KnownKeys({ maxExactKeys: 100, maxFilters: 3 });
    for (let n = 0; n < 170; n += 1) {
      judged.judge(keyOf(n), digestOf(n));
      loaded.remember(keyOf(n), digestOf(n));
    }
    for (let n = 0; n < 400; n += 1) {
      expect(loaded.judge(keyOf(n), digestOf(n % 2))).toBe(judged.judge(keyOf(n), digestOf(n % 2)));
    }
  });

  it('keep the digest that came first', () => {
    const known = new KnownKeys({ maxExactKeys: 100, maxFilters: 1 });
    known.remember(keyOf(1), digestOf(1));
    known.remember(keyOf(1), digestOf(2));
    expect(known.judge(keyOf(1), digestOf(2))).toBe('OTHER');
    expect(known.judge(keyOf(1), digestOf(3))).toBe('OTHER');
    expect(known.judge(keyOf(1), digestOf(1))).toBe('SAME');
  });

  it('do not depend on where the bytes of a key lie', () => {
    const known = new KnownKeys({ maxExactKeys: 100, maxFilters: 1 });
    const shared = Buffer.concat([Buffer.alloc(3), keyOf(1), digestOf(1)]);
    expect(known.judge(shared.subarray(3, 19), shared.subarray(19, 27))).toBe('NEW');
    shared.fill(0);
    expect(known.judge(Uint8Array.from(keyOf(1)), Uint8Array.from(digestOf(1)))).toBe('SAME');
  });

  it('ask about every key that they do not hold, once there were more than they keep filters for', () => {
    const known = new KnownKeys({ maxExactKeys: 20, maxFilters: 1 });
    for (let n = 0; n < 200; n += 1) known.remember(keyOf(n), digestOf(n));
    for (let n = 0; n < 150; n += 1) expect(known.judge(keyOf(n), digestOf(n))).toBe('MAYBE');
    for (let n = 200; n < 250; n += 1) expect(known.judge(keyOf(n), digestOf(n))).toBe('MAYBE');
    expect(known.judge(keyOf(199), digestOf(199))).toBe('SAME');
  });

  it('call hardly any new key MAYBE while the filters last', () => {
    const known = new KnownKeys({ maxExactKeys: 2_000, maxFilters: 8 });
    let asked = 0;
    for (let n = 0; n < 9_000; n += 1) if (known.judge(keyOf(n), digestOf(n)) === 'MAYBE') asked += 1;
    expect(asked).toBeLessThan(9_000 * 8 * 0.005);
  });

  it('hold 50,000 keys exactly in 24 bytes for each of the places of two tables, and no more', async () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new TypeError('no garbage collection on demand');
    const arrayBytes = (): number => {
      Reflect.apply(collect, undefined, []);
      return process.memoryUsage().arrayBuffers;
    };
    // Buffers are freed on another thread, some time after they were collected.
    let before = arrayBytes();
    for (let same = 0; same < 5;) {
      await sleep(20);
      const now = arrayBytes();
      same = now === before ? same + 1 : 0;
      before = now;
    }
    const known = new KnownKeys({ maxExactKeys: 50_000, maxFilters: 4 });
    for (let n = 0; n < 120_000; n += 1) known.remember(keyOf(n), digestOf(n));
    // 25,000 keys fill at most 0.7 of a table, whose size is a power of two: 65,536 places. What went before
    // them is in filters of 16 bits a key, rounded up to a power of two as well: 65,536 bytes each.
    const stated = 2 * 65_536 * 24 + 4 * 65_536;
    await expect.poll(() => arrayBytes() - before, { timeout: 10_000 }).toBeLessThan(stated + 500_000);
    expect(known.judge(keyOf(119_999), digestOf(119_999))).toBe('SAME');
    expect(known.judge(keyOf(95_000), digestOf(0))).toBe('OTHER');
  });
});
