import { readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';

const list = fixture('psl/public_suffix_list.dat');
const icannRules = rulesBetween('===BEGIN ICANN DOMAINS===', '===END ICANN DOMAINS===');
const privateRules = rulesBetween('===BEGIN PRIVATE DOMAINS===', '===END PRIVATE DOMAINS===');
const ruleSet = new Set(icannRules);
const academicDomains = fixture('academic-domains/academic-domains.csv')
  .split('\n')
  .slice(1)
  .map((line) => line.split(',')[0] ?? '')
  .filter((domain) => domain !== '');

describe("the public suffix list's own test vectors", () => {
  const vectors = [
    ...fixture('psl/test_psl.txt').matchAll(/^checkPublicSuffix\('([^']+)', (?:null|'([^']+)')\);/gm),
  ].map(([, host = '', domain = '']) => ({ host, domain: domain === '' ? '' : domainToASCII(domain) }));

  /** Rules of the private section, which is not used: their suffix is the registrable domain. */
  const DEVIATIONS = new Map([
    ['uk.com', 'uk.com'],
    ['example.uk.com', 'uk.com'],
    ['b.example.uk.com', 'uk.com'],
    ['a.b.example.uk.com', 'uk.com'],
  ]);

  it('are all there (one without a host aside)', () => {
    expect(vectors.length).toBe(77);
  });

  it('agree, but for the rules of the private section', () => {
    const deviating = vectors.filter(({ host, domain }) => registrableDomain(host) !== domain);
    expect(new Map(deviating.map(({ host }) => [host, registrableDomain(host)]))).toEqual(DEVIATIONS);
  });
});

describe('the rules of the ICANN section (list of 2026-08-19)', () => {
  it('give each suffix no registrable domain, and each name under it its own', () => {
    const deviating = icannRules.filter((rule) => {
      const suffix = rule.replace(/^\*/, 'lachan-demo-any').replace(/^!/, '');
      return ['', 'lachan-demo-1.', 'b.lachan-demo-1.', 'a.b.lachan-demo-1.'].some(
        (labels) => registrableDomain(labels + suffix) !== byTheList(labels + suffix),
      );
    });
    expect(deviating).toEqual([]);
  });

  it('are the only ones: a private suffix is as good as any other name', () => {
    const suffixes = privateRules.map((rule) => rule.replace(/^\*/, 'lachan-demo-any').replace(/^!/, ''));
    expect(suffixes.length).toBeGreaterThan(3000);
    expect(suffixes.map((suffix) => registrableDomain(`a.b.${suffix}`))).toEqual(
      suffixes.map((suffix) => byTheList(`a.b.${suffix}`)),
    );
  });

  it('know the provinces and the second levels of .vn', () => {
    const vn = icannRules.filter((rule) => rule.endsWith('.vn'));
    expect(vn).toEqual(expect.arrayContaining(['com.vn', 'edu.vn', 'gov.vn', 'id.vn', 'io.vn', 'hanoi.vn']));
    expect(vn.length).toBeGreaterThan(70);
    expect(vn.map((suffix) => registrableDomain(`www.lachan-demo-1.${suffix}`))).toEqual(
      vn.map((suffix) => `lachan-demo-1.${suffix}`),
    );
  });
});

describe('real domain names', () => {
  it('have the registrable domain that the list gives them', () => {
    expect(academicDomains.length).toBe(4167);
    expect(academicDomains.map((domain) => registrableDomain(`www.${domain}`))).toEqual(
      academicDomains.map((domain) => byTheList(`www.${domain}`)),
    );
  });

  it('are known as Vietnamese by their top-level domain alone', () => {
    const vn = academicDomains.filter((domain) => canonical(domain).isVnDomain);
    expect(vn).toEqual(academicDomains.filter((domain) => /\.vn$/i.test(domain)));
    expect(vn.length).toBe(170);
  });
});

function canonical(host: string) {
  const result = canonicalise(`http://${host}/`);
  if (result.kind === 'refused') throw new Error(`${host} was refused`);
  return result;
}

function registrableDomain(host: string): string {
  return canonical(host).registrableDomain;
}

/** The algorithm of publicsuffix.org in its plainest form: the longest rule wins, exceptions first, `*` if none. */
function byTheList(host: string): string {
  const labels = domainToASCII(host).split('.');
  const has = (rule: string): boolean => ruleSet.has(rule);
  let suffixLength = 1;
  for (let i = 0; i < labels.length; i++) {
    const name = labels.slice(i).join('.');
    const parent = labels.slice(i + 1).join('.');
    if (has(`!${name}`)) {
      suffixLength = labels.length - i - 1;
      break;
    }
    if (has(name) || has(`*.${parent}`)) {
      suffixLength = labels.length - i;
      break;
    }
  }
  return labels.length > suffixLength ? labels.slice(-suffixLength - 1).join('.') : '';
}

function rulesBetween(begin: string, end: string): string[] {
  const section = list.slice(list.indexOf(begin), list.indexOf(end));
  const lines = section
    .split('\n')
    .filter((line) => line !== '' && !line.includes('//') && !line.includes('==='));
  return lines.map((line) => {
    const [, mark = '', name = ''] = /^(!|\*\.)?(\S+)/.exec(line) ?? [];
    return mark + domainToASCII(name);
  });
}

function fixture(path: string): string {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');
}
