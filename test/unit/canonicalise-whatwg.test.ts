import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';

/** `expected`: the canonical URL or the host, or why it is refused. */
interface Case {
  readonly input: string;
  readonly expected: string;
  readonly actual: string;
  /** Of IDNA tests: the rules of UTS 46 which the name breaks. */
  readonly comment: string;
}

interface UrlTest {
  readonly input: string;
  readonly base: string | null;
  readonly failure?: true;
  readonly href: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
}

interface HostTest {
  readonly input: string;
  readonly output: string | null;
  readonly comment?: string;
}

/** The reason the standard's refusals have here. */
const REFUSED = 'NOT_A_URL';
const urlTests = fixture<UrlTest>('urltestdata.json');
const absolute = urlTests.filter(({ base }) => base === null);

const urls = absolute.map((test): Case => {
  const expected = test.failure ? REFUSED : isHttp(test) ? withoutFragmentAndCredentials(test) : 'NOT_HTTP';
  return { input: test.input, expected, actual: urlOf(test.input), comment: '' };
});

// IDNA tests as web-platform-tests runs them: encoded, so that what would end a host reaches the host parser;
// through bytes, because half a surrogate pair cannot be encoded.
const hosts = [
  ...fixture<HostTest>('toascii.json').map((test) => hostCase(test, test.input)),
  ...fixture<HostTest>('IdnaTestV2.json')
    .filter(({ input }) => input !== '')
    .map((test) => hostCase(test, encodeURIComponent(Buffer.from(test.input).toString()))),
];

/**
 * Node 20 and 22 parse with Ada 2.9, which knows the rules of Unicode 15.0 and the URL standard of
 * 2023. Node 24 (Ada 4) has no deviation.
 */
const ADA_2 = process.versions['ada']?.startsWith('2.') === true;

/** Of the names which the test data takes. */
const DEVIATIONS: readonly { readonly reason: string; readonly of: (test: Case) => boolean }[] = [
  {
    reason: 'The standard now takes hosts of ASCII as they are; Ada 2.9 refuses labels that break IDNA.',
    of: ({ input, comment }) =>
      isAscii(input) &&
      /(^|; )[A-Z]\d(;|$)/.test(comment) &&
      // Broken in a way that Ada 2.9 does not look at either.
      !['xn--xn--a--gua.pt', 'xn--xn---epa', 'xn--ASCII-', 'xn--unicode-.org'].includes(input),
  },
  {
    reason: 'The same, where the test data does not name a rule of IDNA.',
    of: ({ input }) =>
      [
        'http://a.b.c.xn--pokxncvks',
        'http://10.0.0.xn--pokxncvks',
        'http://a.b.c.XN--pokxncvks',
        'http://a.b.c.Xn--pokxncvks',
        'http://10.0.0.XN--pokxncvks',
        'http://10.0.0.xN--pokxncvks',
        'https://xn--/',
        'file://xn--/p',
        'xn--a',
        'xn--a.xn--zca',
        'xn--ls8h=',
        'xn--1ug.example',
        'xn--a-yoc',
        'xn--zn7c.com',
        'xn--0.com',
      ].includes(input),
  },
  {
    reason: 'The same, for ideographs that came with Unicode 17.',
    of: ({ input }) =>
      input === 'xn--20-9802c.xn--0w5a.xn--1-eg4e.' ||
      input === 'xn--9-i0j5967eg3qz.ss' ||
      /[\u{323B0}-\u{33479}]/u.test(input),
  },
  {
    reason: 'Refused up to Unicode 15.1, mapped to their small or plain letters since Unicode 16.',
    of: ({ input }) =>
      /[\u04C0\u10A0-\u10C5\u2132\u2183\u{2F868}\u{2F874}\u{2F91F}\u{2F95F}\u{2F9BF}]/u.test(input),
  },
  {
    reason: 'Refused up to Unicode 15.1, ignored since Unicode 16.',
    of: ({ input }) =>
      /[\u115F\u1160\u17B4\u17B5\u180E\u2061-\u2063\u206A-\u206F\u3164\uFFA0\u{1D173}-\u{1D17A}]/u.test(
        input,
      ),
  },
  {
    reason:
      'Capital sharp s became ss up to Unicode 15.0, ß since 15.1: the only letter that led to another host.',
    of: ({ input }) => input.includes('\u1E9E'),
  },
];

const known = ADA_2 ? DEVIATIONS : [];

function deviates(test: Case, { of }: (typeof DEVIATIONS)[number]): boolean {
  return test.expected !== REFUSED && of(test);
}

describe('the test data of the URL standard', () => {
  it('is all there', () => {
    expect([absolute.length, hosts.length]).toEqual([555, 2757]);
  });

  it.each([
    ['absolute URLs', urls],
    ['hosts', hosts],
  ])('%s are taken, changed and refused as it says, but for the deviations listed', (_, cases) => {
    const deviating = cases.filter(({ actual, expected }) => actual !== expected).map(label);
    const listed = cases.filter((test) => known.some((deviation) => deviates(test, deviation))).map(label);
    expect(deviating).toEqual(listed);
  });

  it.each(known)('a deviation still holds: $reason', (deviation) => {
    expect([...urls, ...hosts].filter((test) => deviates(test, deviation))).not.toEqual([]);
  });

  it('serialised URLs of the web are their own canonical form, but for fragment and credentials', () => {
    const web = urlTests.filter((test) => !test.failure && isHttp(test) && !test.href.includes('xn--'));
    expect(web.length).toBeGreaterThan(200);
    expect(web.map(({ href }) => urlOf(href))).toEqual(web.map(withoutFragmentAndCredentials));
    expect(web.map(({ href }) => hostOf(href))).toEqual(web.map(({ hostname }) => hostname));
  });
});

function hostCase({ input, output, comment = '' }: HostTest, written: string): Case {
  return { input, expected: output ?? REFUSED, actual: hostOf(`https://${written}/x`), comment };
}

function urlOf(text: string): string {
  const result = canonicalise(text);
  return result.kind === 'canonical' ? result.url : result.reason;
}

function hostOf(text: string): string {
  const result = canonicalise(text);
  return result.kind === 'canonical' ? result.host : result.reason;
}

function isHttp({ protocol }: UrlTest): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

function withoutFragmentAndCredentials({ href, username, password }: UrlTest): string {
  const secret = password === '' ? '' : `:${password}`;
  const credentials = username + secret === '' ? '' : `${username}${secret}@`;
  return href.replace(/#.*$/s, '').replace(`//${credentials}`, '//');
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function label({ input, expected, actual }: Case): string {
  return `${JSON.stringify(input)}: ${actual} instead of ${expected}`;
}

/** Entries that are mere text are comments. */
function fixture<T>(name: string): T[] {
  const url = new URL(`../fixtures/whatwg-url/${name}`, import.meta.url);
  const entries = JSON.parse(readFileSync(url, 'utf8')) as (T | string)[];
  return entries.filter((entry): entry is T => typeof entry !== 'string');
}
