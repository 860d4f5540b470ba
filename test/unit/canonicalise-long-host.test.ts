import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';

/** Different ideographs: the name that takes longest to be turned into ASCII. */
const ideographs = (count: number): string =>
  Array.from({ length: count }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join('');
const kindOf = (url: string): string => canonicalise(url).kind;

describe('a host that is longer than any name can be', () => {
  it.each([
    ['in another script', `https://${ideographs(257)}/`],
    ['behind an address', `https://lachan-demo-1.vn@${ideographs(257)}/`],
    ['behind blanks and backslashes', ` https:\t\\\\\n/${ideographs(257)}`],
    ['without slashes', `https:${ideographs(257)}`],
    ['percent-encoded', `https://${encodeURIComponent(ideographs(257))}/`],
    ['in ASCII', `https://${'a.'.repeat(4_000)}vn/`],
    ['with a port', `https://${ideographs(253)}:8443/`],
  ])('is refused before it is read: %s', (_, url) => {
    expect(canonicalise(url)).toEqual({ kind: 'refused', reason: 'NOT_A_URL' });
  });

  it.each([
    ['a long path', `https://lachan-demo-1.vn/${ideographs(2_000)}`],
    ['a long query', `https://lachan-demo-1.vn?${ideographs(2_000)}`],
    ['a long fragment', `https://lachan-demo-1.vn#${ideographs(2_000)}`],
    ['long credentials', `https://${ideographs(500)}:x@lachan-demo-1.vn/`],
    ['a name of 253 characters', `https://${'a234567.'.repeat(31)}vn.vn/${'x'.repeat(300)}`],
    ['a name in another script', `https://${ideographs(40)}.vn/${'x'.repeat(300)}`],
    ['the same percent-encoded', `https://${encodeURIComponent(ideographs(40))}.vn/${'x'.repeat(300)}`],
  ])('is not what a URL has with %s', (_, url) => {
    expect(kindOf(url)).toBe('canonical');
  });
});
