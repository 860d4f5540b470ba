import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CANONICAL_REFUSALS,
  canonicalise,
  PUBLIC_SUFFIX_VERSION,
  type CanonicalRefusal,
  type CanonicalUrl,
} from '../../gateway/canonicalise.js';

function canonical(text: string): CanonicalUrl {
  const result = canonicalise(text);
  if (result.kind === 'refused') throw new Error(`refused: ${result.reason}`);
  return result;
}

describe('one location has one form', () => {
  it.each([
    ['scheme and host in capitals', 'HTTPS://Lachan-Demo-1.VN/X', 'https://lachan-demo-1.vn/X'],
    ['the default port', 'http://lachan-demo-1.vn:80/x', 'http://lachan-demo-1.vn/x'],
    ['another port stays', 'http://lachan-demo-1.vn:8080/x', 'http://lachan-demo-1.vn:8080/x'],
    ['dots in the path', 'https://lachan-demo-1.vn/a/./b/../c', 'https://lachan-demo-1.vn/a/c'],
    ['no path', 'https://lachan-demo-1.vn', 'https://lachan-demo-1.vn/'],
    ['space around', '  https://lachan-demo-1.vn/x \n', 'https://lachan-demo-1.vn/x'],
    ['a line broken inside', 'https://lachan-demo-1.vn/a\r\nb', 'https://lachan-demo-1.vn/ab'],
    ['backslashes', 'https:\\\\lachan-demo-1.vn\\x', 'https://lachan-demo-1.vn/x'],
    ['a fragment', 'https://lachan-demo-1.vn/x#part', 'https://lachan-demo-1.vn/x'],
    ['an empty fragment', 'https://lachan-demo-1.vn/x#', 'https://lachan-demo-1.vn/x'],
    ['a second hash sign', 'https://lachan-demo-1.vn/x#a#b', 'https://lachan-demo-1.vn/x'],
    ['an encoded hash sign is no fragment', 'https://lachan-demo-1.vn/%23x', 'https://lachan-demo-1.vn/%23x'],
    ['an empty query stays', 'https://lachan-demo-1.vn/x?', 'https://lachan-demo-1.vn/x?'],
    ['the order of a query stays', 'https://lachan-demo-1.vn/?b=1&a=2', 'https://lachan-demo-1.vn/?b=1&a=2'],
    ['user and password', 'https://user:secret@lachan-demo-1.vn/x', 'https://lachan-demo-1.vn/x'],
    ['a user alone', 'https://user@lachan-demo-1.vn/x', 'https://lachan-demo-1.vn/x'],
    ['a password alone', 'https://:secret@lachan-demo-1.vn/x', 'https://lachan-demo-1.vn/x'],
    ['empty credentials', 'https://:@lachan-demo-1.vn/x', 'https://lachan-demo-1.vn/x'],
    ['at signs in a password', 'https://u:p@s@lachan-demo-1.vn/@x', 'https://lachan-demo-1.vn/@x'],
    [
      'an at sign in the path',
      'https://lachan-demo-1.vn/@user?m=a@b',
      'https://lachan-demo-1.vn/@user?m=a@b',
    ],
    ['credentials and fragment', 'http://u:p@lachan-demo-1.vn?q#@f', 'http://lachan-demo-1.vn/?q'],
    ['letters beyond ASCII', 'https://lachan-demo-1.vn/ảnh', 'https://lachan-demo-1.vn/%E1%BA%A3nh'],
    ['a trailing dot of the host stays', 'https://lachan-demo-1.vn./x', 'https://lachan-demo-1.vn./x'],
  ])('%s', (_, text, url) => {
    expect(canonical(text).url).toBe(url);
  });

  it('is its own canonical form', () => {
    const url = fc.webUrl({ withFragments: true, withQueryParameters: true });
    fc.assert(
      fc.property(url, (text) => {
        const once = canonical(text);
        expect(canonical(once.url)).toEqual(once);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what is no web address is refused', () => {
  const refused: readonly [string, CanonicalRefusal['reason']][] = [
    ['', 'NOT_A_URL'],
    ['lachan-demo-1.vn/x', 'NOT_A_URL'],
    ['//lachan-demo-1.vn/x', 'NOT_A_URL'],
    ['/x', 'NOT_A_URL'],
    ['https://', 'NOT_A_URL'],
    ['https://?q', 'NOT_A_URL'],
    ['https://user@/x', 'NOT_A_URL'],
    ['https://lachan demo.vn/', 'NOT_A_URL'],
    ['https://lachan-demo-1.vn:65536/', 'NOT_A_URL'],
    ['https://192.0.2.256/', 'NOT_A_URL'],
    ['https://[2001:db8::1/', 'NOT_A_URL'],
    ['https://[2001:db8::1%25eth0]/', 'NOT_A_URL'],
    ['ftp://lachan-demo-1.vn/x', 'NOT_HTTP'],
    ['file:///x', 'NOT_HTTP'],
    ['data:image/png;base64,AAAA', 'NOT_HTTP'],
    ['javascript:x', 'NOT_HTTP'],
    ['mailto:x@lachan-demo-1.vn', 'NOT_HTTP'],
    ['blob:https://lachan-demo-1.vn/x', 'NOT_HTTP'],
    ['lachan-demo-1.vn:8080/x', 'NOT_HTTP'],
  ];

  it.each(refused)('%j: %s', (text, reason) => {
    expect(canonicalise(text)).toEqual({ kind: 'refused', reason });
  });

  it('for every reason of the closed list', () => {
    expect(new Set(refused.map(([, reason]) => reason))).toEqual(new Set(CANONICAL_REFUSALS));
  });

  it('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void canonicalise(text)));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void canonicalise(`http://${text}`)));
  });
});

describe('what the host tells', () => {
  const none = { registrableDomain: '', isVnDomain: false, ip: '' };
  it.each<[string, Omit<CanonicalUrl, 'kind' | 'url'>]>([
    [
      'lachan-demo-1.vn',
      { ...none, host: 'lachan-demo-1.vn', registrableDomain: 'lachan-demo-1.vn', isVnDomain: true },
    ],
    [
      'a.b.lachan-demo-1.com.vn:8443',
      {
        ...none,
        host: 'a.b.lachan-demo-1.com.vn',
        registrableDomain: 'lachan-demo-1.com.vn',
        isVnDomain: true,
      },
    ],
    [
      'x.lachan-demo-1.hanoi.vn',
      {
        ...none,
        host: 'x.lachan-demo-1.hanoi.vn',
        registrableDomain: 'lachan-demo-1.hanoi.vn',
        isVnDomain: true,
      },
    ],
    [
      'www.lachan-demo-1.vn.',
      { ...none, host: 'www.lachan-demo-1.vn.', registrableDomain: 'lachan-demo-1.vn', isVnDomain: true },
    ],
    [
      'www.lachan-demo-trẻ-em.vn',
      {
        ...none,
        host: 'www.xn--lachan-demo-tr-em-qz7i.vn',
        registrableDomain: 'xn--lachan-demo-tr-em-qz7i.vn',
        isVnDomain: true,
      },
    ],
    [
      'lachan-demo-1.vn.example',
      { ...none, host: 'lachan-demo-1.vn.example', registrableDomain: 'vn.example' },
    ],
    [
      'lachan-demo-1-vn.example',
      { ...none, host: 'lachan-demo-1-vn.example', registrableDomain: 'lachan-demo-1-vn.example' },
    ],
    [
      'lachan_demo.example',
      { ...none, host: 'lachan_demo.example', registrableDomain: 'lachan_demo.example' },
    ],
    ['vn', { ...none, host: 'vn', isVnDomain: true }],
    ['com.vn', { ...none, host: 'com.vn', isVnDomain: true }],
    ['com.vn.', { ...none, host: 'com.vn.', isVnDomain: true }],
    ['lachandemovn', { ...none, host: 'lachandemovn' }],
    ['localhost', { ...none, host: 'localhost' }],
    ['.', { ...none, host: '.' }],
    ['..', { ...none, host: '..' }],
    ['a..lachan-demo-1.vn', { ...none, host: 'a..lachan-demo-1.vn', isVnDomain: true }],
    ['lachan-demo-1.vn..', { ...none, host: 'lachan-demo-1.vn..' }],
    ['192.0.2.7:8080', { ...none, host: '192.0.2.7', ip: '192.0.2.7' }],
    ['192.0.2.7.', { ...none, host: '192.0.2.7', ip: '192.0.2.7' }],
    ['0xC0.0.02.7', { ...none, host: '192.0.2.7', ip: '192.0.2.7' }],
    ['3221225991', { ...none, host: '192.0.2.7', ip: '192.0.2.7' }],
    ['[2001:DB8:0:0::7]:8080', { ...none, host: '[2001:db8::7]', ip: '2001:db8::7' }],
    ['[::ffff:192.0.2.7]', { ...none, host: '[::ffff:c000:207]', ip: '::ffff:c000:207' }],
    [
      '1-192.0.2.7.lachan-demo-1.vn',
      {
        ...none,
        host: '1-192.0.2.7.lachan-demo-1.vn',
        registrableDomain: 'lachan-demo-1.vn',
        isVnDomain: true,
      },
    ],
  ])('%s', (authority, told) => {
    const { host, registrableDomain, isVnDomain, ip } = canonical(`https://u:p@${authority}/x`);
    expect({ host, registrableDomain, isVnDomain, ip }).toEqual(told);
  });

  it('says which public suffix list it used', () => {
    expect(PUBLIC_SUFFIX_VERSION).toMatch(/^tldts \d+\.\d+\.\d+$/);
  });
});
