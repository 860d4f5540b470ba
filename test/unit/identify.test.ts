import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorityReportId, identify } from '../../gateway/identify.js';
import { createKeyedHash } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';
import { uuidText } from '../../gateway/uuid-text.js';
import { ENVIRONMENTS } from '../../schemas/vocabulary.js';

const keyed = createKeyedHash(new Secret(new Uint8Array(32).fill(7)));
const sameKeyElsewhere = createKeyedHash(new Secret(new Uint8Array(32).fill(7)));
const otherKey = createKeyedHash(new Secret(new Uint8Array(32).fill(8)));

const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 4 });
const who = fc.record({
  environment: fc.constantFrom(...ENVIRONMENTS),
  provider: name,
  reportId: name,
  revision: fc.integer({ min: 0, max: 0xffff_ffff }),
});
type Who = typeof who extends fc.Arbitrary<infer T> ? T : never;

const idOf = ({ environment, provider, reportId }: Who, hash = keyed): string =>
  uuidText(authorityReportId(hash, environment, provider, reportId));
const keysOf = ({ environment, provider, reportId, revision }: Who, hash = keyed) => {
  const identity = identify(hash, environment, provider, reportId, revision);
  return {
    id: uuidText(identity.authorityReportId),
    key: Buffer.from(identity.recordKey).toString('hex'),
  };
};
/** `one` with some of its parts as in `other`. */
const pairs = fc
  .tuple(who, who, fc.subarray(['environment', 'provider', 'reportId', 'revision'] as const))
  .map(([one, other, taken]) => {
    const changed = { ...one, ...Object.fromEntries(taken.map((part) => [part, other[part]])) };
    const differing = taken.filter((part) => changed[part] !== one[part]);
    return { one, changed, differing };
  });

describe("the authority's id of a report", () => {
  it('is a UUID of version 8', () => {
    fc.assert(
      fc.property(who, (one) => {
        expect(idOf(one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('is the same from every gateway and for every revision', () => {
    fc.assert(
      fc.property(who, fc.nat(), (one, revision) => {
        expect(keysOf({ ...one, revision }, sameKeyElsewhere).id).toBe(idOf(one));
        expect(keysOf(one).id).toBe(idOf(one));
      }),
    );
  });

  it('is another for another environment, provider or report id', () => {
    fc.assert(
      fc.property(pairs, ({ one, changed, differing }) => {
        expect(idOf(one) === idOf(changed)).toBe(differing.every((part) => part === 'revision'));
      }),
    );
  });

  it('cannot be found without the key', () => {
    fc.assert(
      fc.property(who, (one) => {
        expect(idOf(one, otherKey)).not.toBe(idOf(one));
      }),
    );
  });
});

describe('the key of a record', () => {
  it('is the same from every gateway', () => {
    fc.assert(
      fc.property(who, (one) => {
        expect(keysOf(one, sameKeyElsewhere)).toEqual(keysOf(one));
      }),
    );
  });

  it('is another for another environment, provider, report id or revision', () => {
    fc.assert(
      fc.property(pairs, ({ one, changed, differing }) => {
        expect(keysOf(one).key === keysOf(changed).key).toBe(differing.length === 0);
      }),
    );
    const one = { environment: 'TEST', provider: 'a', reportId: 'r', revision: 1 } as const;
    expect(keysOf(one).key).not.toBe(keysOf({ ...one, reportId: 'r1', revision: 0 }).key);
    expect(keysOf(one).key).not.toBe(keysOf({ ...one, environment: 'PRODUCTION' }).key);
  });

  it('has 16 bytes that say nothing of the id', () => {
    fc.assert(
      fc.property(who, (one) => {
        const { id, key } = keysOf(one);
        expect(key).toHaveLength(32);
        expect(key).not.toBe(id.replaceAll('-', ''));
      }),
    );
  });
});

describe('a UUID as text', () => {
  it('stands in groups of 8, 4, 4, 4 and 12 digits', () => {
    const bytes = Buffer.from('000102030405060708090a0b0c0d0eff', 'hex');
    expect(uuidText(bytes)).toBe('00010203-0405-0607-0809-0a0b0c0d0eff');
  });
});
