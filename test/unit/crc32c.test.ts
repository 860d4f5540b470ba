import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc32c } from '../../log/crc32c.js';

/** Bit by bit, as the definition says. */
function byDefinition(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('CRC-32C', () => {
  it.each([
    ['the check value of the catalogue of CRCs', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
    ['32 zeros (RFC 3720, B.4)', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones (RFC 3720, B.4)', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['0 to 31 (RFC 3720, B.4)', Buffer.from(Array.from({ length: 32 }, (_, byte) => byte)), 0x46dd794e],
    ['31 to 0 (RFC 3720, B.4)', Buffer.from(Array.from({ length: 32 }, (_, byte) => 31 - byte)), 0x113fdb5c],
  ])('of %s is as published', (_, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  it('of any part of any bytes is that of the definition, wherever they begin', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (all, skip, left) => {
        const start = Math.min(skip, all.length);
        const end = Math.max(start, all.length - left);
        expect(crc32c(all, start, end)).toBe(byDefinition(all.subarray(start, end)));
        expect(crc32c(all.subarray(start, end))).toBe(byDefinition(all.subarray(start, end)));
      }),
    );
  });
});
