import { describe, expect, it } from 'vitest';

import { murmur2, partitionOf } from '../../log/murmur2.js';

describe('murmur2', () => {
  // From Apache Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Java computes', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it('chooses a partition that exists, for negative hashes as well', () => {
    for (let key = 0; key < 1_000; key += 1) {
      const partition = partitionOf(Buffer.from(String(key)), 12);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(12);
    }
  });
});
