import { constants, createCipheriv, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import { openLocation } from '@lachan/sdk';
import { describe, expect, it } from 'vitest';
import { sealNotice } from '../../gateway/takedown/seal-notice.js';

const LOCATION_KEY = '0b0e7a52-3c1d-4f6a-9b8e-0123456789ab';
const CASE_BYTES = Buffer.from('0b0e7a523c1d4f6a9b8e0123456789ab', 'hex');
const URL_TEXT = 'https://lachan-demo-1.vn/bài/1';

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const { publicKey, privateKey } = pair();
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A box made from its description in docs/integrate.md alone. */
function boxOf(text: string, version = 1): Buffer {
  const dataKey = Buffer.alloc(32, 7);
  const nonce = Buffer.alloc(12, 9);
  const cipher = createCipheriv('aes-256-gcm', dataKey, nonce);
  cipher.setAAD(Buffer.concat([Buffer.from([version]), CASE_BYTES]));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const wrapped = publicEncrypt({ key: publicKey, ...padding }, dataKey);
  const length = Buffer.from([wrapped.length >> 8, wrapped.length & 0xff]);
  return Buffer.concat([Buffer.from([version]), length, wrapped, nonce, sealed, cipher.getAuthTag()]);
}

const noticeOf = (sealedLocation: Uint8Array, locationKey = LOCATION_KEY) => ({
  locationKey,
  sealedLocation,
});
const good = boxOf(JSON.stringify({ url: URL_TEXT }));

describe('opening the sealed location of a notice', () => {
  it.each([
    ['an address', { url: URL_TEXT }],
    ['a content id', { serviceName: 'videos', contentId: 'c-1' }],
  ])('gives %s that the gateway sealed', (_, location) => {
    const box = sealNotice(publicKey, CASE_BYTES, location);
    expect(openLocation(noticeOf(box), pem)).toEqual(location);
    expect(openLocation(noticeOf(new Uint8Array(box)), privateKey)).toEqual(location);
  });

  it('gives what was sealed by the description of the format', () => {
    expect(openLocation(noticeOf(good), Buffer.from(pem))).toEqual({ url: URL_TEXT });
  });

  it('gives nothing where the notice does not say', () => {
    expect(openLocation(noticeOf(new Uint8Array()), 'no key is needed')).toBeUndefined();
  });

  it.each<[string, Uint8Array, string?]>([
    ['a box beside another notice', good, '0b0e7a52-3c1d-4f6a-9b8e-0123456789ac'],
    ['a case that is no UUID', good, 'case-1'],
    ['another version', boxOf('{"url":"https://lachan-demo-1.vn/"}', 2)],
    ['a box of one byte', good.subarray(0, 1)],
    ['a box without its tag', good.subarray(0, -16)],
    [
      'a wrapped key that goes beyond the box',
      Buffer.concat([Buffer.from([1, 0xff, 0xff]), good.subarray(3)]),
    ],
    ['no JSON', boxOf('not JSON')],
    ['JSON of something else', boxOf('{"host":"lachan-demo-1.vn"}')],
    ['JSON of nothing', boxOf('null')],
  ])('throws for %s, and repeats nothing of it', (_, box, locationKey) => {
    expect(() => openLocation(noticeOf(box, locationKey), pem)).toThrow(
      new Error('the sealed location is not for this key and notice'),
    );
  });

  it('throws wherever one bit of the box is turned', () => {
    for (let at = 0; at < good.length; at++) {
      const box = Buffer.from(good);
      box[at]! ^= 0x10;
      expect(() => openLocation(noticeOf(box), privateKey)).toThrow('not for this key and notice');
    }
  });

  it("throws with another's key", () => {
    expect(() => openLocation(noticeOf(good), pair().privateKey)).toThrow('not for this key and notice');
  });

  it('throws for what is no private key, without repeating it', () => {
    expect(() => openLocation(noticeOf(good), 'secret words')).toThrow(
      new TypeError('the private key must be an RSA key in PEM, without a passphrase'),
    );
  });
});
