import { constants, createPublicKey, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createDataKey,
  keyIdOf,
  MAX_SEALS_PER_KEY,
  openBox,
  publicKeyFingerprint,
} from '../../gateway/seal.js';
import { Secret } from '../../gateway/secret.js';
import { boxOf } from '../support/gateway-records.js';

const authority = generateKeyPairSync('rsa', { modulusLength: 2048 });
const NOW_MS = 1_790_000_000_000;

const unwrap = (wrappedKey: Uint8Array, oaepHash = 'sha256'): Buffer =>
  privateDecrypt(
    { key: authority.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash },
    wrappedKey,
  );

const { sealer, record } = createDataKey(authority.publicKey, NOW_MS);
const dataKey = new Secret<Uint8Array>(unwrap(record.wrappedKey));

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
const place = fc.record({
  report: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  revision: fc.integer({ min: 0, max: 0xffff_ffff }),
  field: fc.constantFrom(
    ...['locations[0].url', 'locations[1].url', 'additional_info', 'subjects[0].account'],
  ),
});
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never;

const sealAt = ({ report, revision, field }: Place, value: string): Uint8Array =>
  boxOf(sealer, report, revision, field, value);
const openAt = (box: Uint8Array, { report, revision, field }: Place, key = dataKey): string | undefined =>
  openBox(key, box, report, revision, field);
const somewhere: Place = { report: new Uint8Array(16).fill(9), revision: 2, field: 'additional_info' };

describe('a sealed value', () => {
  it('is read again with the data key, whatever its characters', () => {
    fc.assert(
      fc.property(place, text, (where, value) => {
        expect(openAt(sealAt(where, value), where)).toBe(value);
      }),
    );
    const vietnamese = 'Trẻ em được bảo vệ 🛡️ – 保護\r\n\t';
    expect(openAt(sealAt(somewhere, vietnamese), somewhere)).toBe(vietnamese);
  });

  it('does not stand in its box', () => {
    fc.assert(
      fc.property(place, fc.string({ unit: 'grapheme', minLength: 4 }), (where, value) => {
        expect(Buffer.from(sealAt(where, value)).includes(value)).toBe(false);
      }),
    );
  });

  it('does not open in another report, revision or field', () => {
    fc.assert(
      fc.property(place, place, text, (where, elsewhere, value) => {
        const box = sealAt(where, value);
        fc.pre(JSON.stringify(where) !== JSON.stringify(elsewhere));
        expect(openAt(box, elsewhere)).toBeUndefined();
        expect(openAt(box, { ...where, report: elsewhere.report })).toBe(
          Buffer.from(where.report).equals(elsewhere.report) ? value : undefined,
        );
      }),
    );
    const box = sealAt(somewhere, 'x');
    expect(openAt(box, { ...somewhere, revision: 3 })).toBeUndefined();
    expect(openAt(box, { ...somewhere, field: 'urgency_reason' })).toBeUndefined();
  });

  it('does not open when any byte of its box was changed, left out or added', () => {
    const box = sealAt(somewhere, 'https://lachan-demo-1.vn/đường-dẫn');
    for (let at = 0; at < box.length; at += 1) {
      for (const flip of [1, 0x80, 0xff]) {
        const altered = Uint8Array.from(box, (byte, i) => (i === at ? byte ^ flip : byte));
        expect(openAt(altered, somewhere)).toBeUndefined();
      }
      expect(openAt(box.slice(0, at), somewhere)).toBeUndefined();
    }
    expect(openAt(Uint8Array.from([...box, 0]), somewhere)).toBeUndefined();
  });

  it('does not open with another data key', () => {
    const other = createDataKey(authority.publicKey, NOW_MS);
    const otherKey = new Secret<Uint8Array>(unwrap(other.record.wrappedKey));
    expect(openAt(sealAt(somewhere, 'x'), somewhere, otherKey)).toBeUndefined();
    expect(other.record.keyId).not.toEqual(record.keyId);
  });

  it('names the key of its box', () => {
    expect(keyIdOf(sealAt(somewhere, 'x'))).toEqual(Buffer.from(record.keyId));
    expect(keyIdOf(new Uint8Array(36))).toBeUndefined();
    expect(keyIdOf(new Uint8Array())).toBeUndefined();
  });

  it('is in another box each time, under a nonce that was never used with this key', () => {
    const fresh = createDataKey(authority.publicKey, NOW_MS).sealer;
    const { report, revision, field } = somewhere;
    const boxes = Array.from({ length: 5_000 }, () => boxOf(fresh, report, revision, field, 'the same'));
    const nonces = new Set(boxes.map((box) => box.toString('hex', 9, 21)));
    expect(nonces.size).toBe(boxes.length);
    expect(fresh.seals).toBe(boxes.length);
    expect(new Set(boxes.map((box) => box.toString('hex', 21))).size).toBe(boxes.length);
  });
});

describe('a data key', () => {
  it('opens only with the private key of the authority, by RSA-OAEP with SHA-256', () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(unwrap(record.wrappedKey)).toHaveLength(32);
    expect(() => unwrap(record.wrappedKey, 'sha1')).toThrow();
    expect(() =>
      privateDecrypt({ key: stranger.privateKey, oaepHash: 'sha256' }, record.wrappedKey),
    ).toThrow();
  });

  it('says when it was made and which private key opens it', () => {
    expect(record.createdAtMs).toBe(NOW_MS);
    expect(sealer.createdAtMs).toBe(NOW_MS);
    expect(record.publicKeyFingerprint).toEqual(publicKeyFingerprint(createPublicKey(authority.privateKey)));
    expect(record.publicKeyFingerprint).toHaveLength(32);
  });

  it('may seal far less often than a counter of 32 bits would allow', () => {
    expect(MAX_SEALS_PER_KEY).toBeLessThan(2 ** 32);
  });
});
