import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyedHash, HASH_DOMAINS, type HashDomain, type KeyedHash } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';

const keyOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const keyed = createKeyedHash(new Secret(keyOf(1)));

const hexOf = (hash: KeyedHash, of: HashDomain, ...list: readonly (string | Uint8Array)[]): string =>
  hash.of(of, ...list).toString('hex');

const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
const parts = fc.array(part, { maxLength: 5 });
const domain = fc.constantFrom<HashDomain>(...Object.values(HASH_DOMAINS));

/** SHA-256 over key, domain byte, and each part behind its length in four bytes; the first 16 bytes. */
function documented(key: Uint8Array, of: HashDomain, list: readonly (string | Uint8Array)[]): string {
  const whole = createHash('sha256').update(key).update(Uint8Array.of(of));
  for (const one of list) {
    const bytes = Buffer.from(one);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    whole.update(length).update(bytes);
  }
  return whole.digest('hex').slice(0, 32);
}

describe('the keyed hash', () => {
  it('is SHA-256 over key, domain and parts with their lengths, cut to 16 bytes', () => {
    fc.assert(
      fc.property(domain, parts, (of, list) => {
        const expected = documented(keyOf(1), of, list);
        expect(keyed.of(of, ...list).toString('hex')).toBe(expected);
      }),
    );
  });

  it('never agrees for lists of parts that differ only in where they are cut', () => {
    const text = fc.string({ minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.nat({ max: 8 }), { maxLength: 4 }).map((list) => list.toSorted((a, b) => a - b));
    const cutUp = (whole: string, at: readonly number[]): string[] =>
      [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length));
    fc.assert(
      fc.property(text, cuts, cuts, domain, (whole, one, other, of) => {
        const a = cutUp(whole, one);
        const b = cutUp(whole, other);
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(hexOf(keyed, of, ...a)).not.toBe(hexOf(keyed, of, ...b));
      }),
    );
  });

  it.each([
    [[], ['']],
    [['a'], ['a', '']],
    [
      ['', 'a'],
      ['a', ''],
    ],
    [['ab'], ['a', 'b']],
    [['\0\0\0\u0001a'], ['a']],
    [['\0\0\0\u0001', 'a'], ['\0\0\0\u0001a']],
  ])('tells %j from %j', (a, b) => {
    expect(hexOf(keyed, HASH_DOMAINS.recordKey, ...a)).not.toBe(hexOf(keyed, HASH_DOMAINS.recordKey, ...b));
  });

  it('never agrees between domains', () => {
    const domains = Object.values(HASH_DOMAINS);
    fc.assert(
      fc.property(parts, (list) => {
        expect(new Set(domains.map((of) => hexOf(keyed, of, ...list))).size).toBe(domains.length);
      }),
    );
  });

  it('of another key is another', () => {
    const other = createKeyedHash(new Secret(keyOf(2)));
    fc.assert(
      fc.property(domain, parts, (of, list) => {
        expect(hexOf(other, of, ...list)).not.toBe(hexOf(keyed, of, ...list));
      }),
    );
  });

  it('takes parts of any length, and short ones after them', () => {
    const long = 'ữ'.repeat(3_000_000);
    for (const list of [[long, 'x', Buffer.from(long)], ['x'], ['a'.repeat(4_063)], ['a'.repeat(4_064)]]) {
      expect(hexOf(keyed, HASH_DOMAINS.payloadDigest, ...list)).toBe(
        documented(keyOf(1), HASH_DOMAINS.payloadDigest, list),
      );
    }
  });

  it('does not change what it has returned when it is asked again', () => {
    const first = keyed.of(HASH_DOMAINS.recordKey, 'a');
    const asItWas = first.toString('hex');
    keyed.of(HASH_DOMAINS.recordKey, 'b');
    expect(first.toString('hex')).toBe(asItWas);
  });

  it.each([0, 16, 31, 33])('is not made from a key of %i bytes', (length) => {
    expect(() => createKeyedHash(new Secret(new Uint8Array(length)))).toThrow(RangeError);
  });
});
