import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHash } from '../../gateway/sip-hash.js';
import { sipHashReference } from '../support/sip-hash-reference.js';

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
function hashOf(hash: SipHash, bytes: Uint8Array): string {
  const target = Buffer.alloc(8);
  hash.of(bytes, 0, bytes.length, target, 0);
  return target.toString('hex');
}

describe('SipHash', () => {
  // Appendix A of the paper prints a129ca6149be45e5 as a number; the reference code's vectors are its bytes.
  it.each([
    { length: 0, expected: '310e0edd47db6f72' },
    { length: 1, expected: 'fd67dc93c539f874' },
    { length: 15, expected: 'e545be4961ca29a1' },
  ])('of the first $length bytes under the key 00 to 0f is the published one', ({ length, expected }) => {
    expect(hashOf(new SipHash(counting(16)), counting(length))).toBe(expected);
    expect(sipHashReference(counting(16), counting(length)).toString('hex')).toBe(expected);
  });

  const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const prefix = fc
    .nat({ max: 3 })
    .chain((words) => fc.uint8Array({ minLength: words * 8, maxLength: words * 8 }));

  it('is the definition in the paper, whatever key, prefix and message', () => {
    fc.assert(
      fc.property(
        key,
        prefix,
        fc.array(fc.uint8Array({ maxLength: 300, size: 'max' }), { maxLength: 3 }),
        (k, before, messages) => {
          const hash = new SipHash(k);
          hash.prefix(before);
          for (const message of messages) {
            const expected = sipHashReference(k, Buffer.concat([before, message])).toString('hex');
            expect(hashOf(hash, message)).toBe(expected);
          }
        },
      ),
    );
  });

  it('is of a part of the bytes, and writes nothing but its 8 bytes', () => {
    const target = Buffer.alloc(12, 0xee);
    new SipHash(counting(16)).of(
      Buffer.concat([Buffer.from('ab'), counting(15), Buffer.from('c')]),
      2,
      17,
      target,
      2,
    );
    expect(target.toString('hex')).toBe('eeeee545be4961ca29a1eeee');
  });

  it('forgets the prefix before', () => {
    const hash = new SipHash(counting(16));
    hash.prefix(counting(8));
    hash.prefix(new Uint8Array());
    expect(hashOf(hash, counting(15))).toBe('e545be4961ca29a1');
  });

  it.each([0, 8, 15, 17, 32])('is not made from a key of %i bytes', (length) => {
    expect(() => new SipHash(counting(length))).toThrow(RangeError);
  });

  it('takes no prefix of broken words', () => {
    expect(() => new SipHash(counting(16)).prefix(counting(7))).toThrow(RangeError);
  });
});
