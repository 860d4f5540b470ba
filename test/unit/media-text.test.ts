import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsSignature, looksLikeMedia } from '../../gateway/media-text.js';

/** Bytes without pattern, as compressed media has them. */
const noise = (length: number, seed = ''): Buffer =>
  createHash('shake256', { outputLength: length }).update(seed).digest();
const hex = (length: number, seed: string): string => noise(length, seed).toString('hex');
const wrap = (text: string, width: number, end: string): string =>
  (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(end);
const list = (length: number, entry: (i: number) => string): string =>
  Array.from({ length }, (_, i) => entry(i)).join('\n');

const jpeg = Buffer.concat([Buffer.from('ffd8ffe000104a46494600', 'hex'), noise(500)]).toString('base64');

describe('text that carries media', () => {
  it.each([
    ['a data URI', 'data:image/png;base64,iVBORw0KGgo='],
    ['a data URI in a sentence', 'see "data:image/gif;base64,R0lGOD" for the picture'],
    ['a data URI in capitals', 'DATA:Image/PNG;BASE64,iVBOR'],
    ['a data URI without a type', 'data:;base64,AAAA'],
    ['a data URI without base64', 'data:text/html,<p>x</p>'],
    ['a data URI in the query of a URL', 'https://lachan-demo-1.vn/?u=data:image/png;base64,AAAA'],
    ['a percent-encoded data URI', 'https://lachan-demo-1.vn/?u%3Ddata%3Aimage%2Fpng%3Bbase64%2CAAAA'],
    ['a data URI in the path of a URL', 'https://lachan-demo-1.vn/data:image/png;base64,AAAA'],
    ['512 characters of base64', noise(384).toString('base64')],
    ['512 characters of base64 for URLs', noise(384).toString('base64url')],
    ['base64 within a sentence', `here it is: ${noise(600).toString('base64')} (end)`],
    ['base64 behind a line of text', `Content-Transfer-Encoding: base64\n\n${noise(600).toString('base64')}`],
    ['base64 in lines of 76', wrap(noise(600).toString('base64'), 76, '\r\n')],
    ['base64 in lines of 64, indented', wrap(noise(600).toString('base64'), 64, '\n    ')],
    ['base64 in lines of 60, joined by spaces', wrap(noise(600).toString('base64'), 60, ' ')],
    ['1,024 digits of hexadecimal', hex(512, '')],
    ['a JPEG in the query of a URL', `https://lachan-demo-1.vn/?picture=${jpeg}`],
    ['a percent-encoded JPEG in a URL', `https://lachan-demo-1.vn/?p=${encodeURIComponent(jpeg)}`],
    ['base64 after a URL', `https://lachan-demo-1.vn/x ${noise(600).toString('base64')}`],
  ])('is recognised: %s', (_, text) => {
    expect(looksLikeMedia(text)).toBe(true);
  });

  it('is recognised for any bytes of 384 and more, however its lines are wrapped', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 2200 }),
        fc.string(),
        fc.constantFrom(60, 64, 76, 4000),
        fc.constantFrom('\n', '\r\n', ' ', '\n\t'),
        (length, seed, width, end) => {
          expect(looksLikeMedia(wrap(noise(length, seed).toString('base64'), width, end))).toBe(true);
        },
      ),
    );
  });

  it('is recognised by its first bytes in JPEG, PNG, GIF, WebP, MP4, Matroska and PDF', () => {
    const beginnings = [
      'ffd8ffe000104a464946',
      'ffd8ffdb00430001',
      '89504e470d0a1a0a0000',
      '474946383961',
      '524946460000000057454250',
      '000000186674797069736f6d',
      '00000020667479706d703432',
      '1a45dfa3934282886d',
      '255044462d312e37',
    ];
    for (const beginning of beginnings) {
      expect(holdsSignature(Buffer.from(beginning, 'hex').toString('base64'))).toBe(true);
    }
  });
});

describe('ordinary text', () => {
  const token = noise(900, 'token').toString('base64');
  it.each([
    ['nothing', ''],
    ['a sentence', 'Nội dung xâm hại trẻ em được phát hiện bởi bộ lọc tự động.'],
    ['a long text in Vietnamese', 'Tài khoản này gửi ảnh không phù hợp cho trẻ em. '.repeat(60)],
    ['a long text in English', 'The account sent 12 messages to minors in 2026. '.repeat(60)],
    ['prose with a colon behind data', 'the data: 5 images, 3 videos'],
    ['a word that only ends in data', 'metadata:image/png,image/gif'],
    ['a URL with a port', 'https://lachan-demo-1.vn:8443/data/image/png,1'],
    ['a SHA-512 in hexadecimal', hex(64, '')],
    ['a PhotoDNA digest in hexadecimal', hex(144, '')],
    ['40 SHA-256 digests, one per line', list(40, (i) => hex(32, String(i)))],
    [
      '40 SHA-256 digests in mixed case',
      list(40, (i) => (i % 2 === 0 ? hex(32, String(i)) : hex(32, String(i)).toUpperCase())),
    ],
    ['40 identifiers of 44 characters', list(40, (i) => noise(33, String(i)).toString('base64url'))],
    ['40 SHA-256 digests in base64', list(40, (i) => noise(32, String(i)).toString('base64'))],
    [
      '80 identifiers of 30 characters between commas',
      Array.from({ length: 80 }, (_, i) => noise(22, String(i)).toString('base64url')).join(','),
    ],
    ['60 UUIDs', list(60, (i) => hex(16, String(i)).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))],
    [
      '30 short URLs',
      list(30, (i) => `https://lachan-demo-1.vn/v/${noise(30, String(i)).toString('base64url')}`),
    ],
    ['a URL signed by a storage service', `https://media.example/a.jpg?X-Amz-Security-Token=${token}`],
    ['the same, percent-encoded', `https://media.example/a.jpg?token=${encodeURIComponent(token)}`],
    ['a sentence with a signed URL', `see https://media.example/a?t=${token} and tell us`],
    ['a long path of words', `https://lachan-demo-1.vn/${'a-very-long-title-of-a-page/'.repeat(40)}`],
    ['a cry', 'A'.repeat(2900)],
    ['rows of dashes and digits', `${'-'.repeat(1500)}\n${'1234567890'.repeat(150)}`],
    ['words without spaces', 'HaHaHaHiHiHi'.repeat(200)],
  ])('is not taken for media: %s', (_, text) => {
    expect(looksLikeMedia(text)).toBe(false);
  });

  it('is read once, however often it nearly is a data URI', () => {
    expect(looksLikeMedia('data:'.repeat(200_000))).toBe(false);
    expect(looksLikeMedia('data%3a'.repeat(200_000))).toBe(false);
    expect(looksLikeMedia('http://'.repeat(200_000))).toBe(false);
  });
});
