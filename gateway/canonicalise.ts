import { createRequire } from 'node:module';
import { getDomain } from 'tldts';
import { isIp } from '../schemas/ip-address.js';

/** A URL in the one form in which locations are compared, and what is derived from it before it is sealed. */
export interface CanonicalUrl {
  readonly kind: 'canonical';
  /** The WHATWG serialisation without fragment and credentials; http or https. */
  readonly url: string;
  /** As it stands in `url`, without port: ASCII; IPv6 in brackets; a trailing dot is kept. */
  readonly host: string;
  /**
   * The public suffix and one label more, by the ICANN section of the public suffix list, without
   * trailing dot. Empty when there is none: an address, a public suffix itself, `localhost`, a host
   * with an empty label.
   */
  readonly registrableDomain: string;
  /** Whether the top-level domain is .vn. */
  readonly isVnDomain: boolean;
  /** The host when it is an IP address: IPv4 dotted, IPv6 as RFC 5952 writes it (no dotted tail) and without brackets; else empty. */
  readonly ip: string;
}

/** Closed list of why a URL is refused. */
export const CANONICAL_REFUSALS = [
  /** The WHATWG URL standard cannot parse it as an absolute URL, or its host is longer than any name. */
  'NOT_A_URL',
  /** Another scheme than http and https. */
  'NOT_HTTP',
] as const;

export interface CanonicalRefusal {
  readonly kind: 'refused';
  readonly reason: (typeof CANONICAL_REFUSALS)[number];
}

/** Which public suffix list the registrable domains come from. */
export const PUBLIC_SUFFIX_VERSION = `tldts ${tldtsVersion()}`;

const NOT_A_URL: CanonicalRefusal = { kind: 'refused', reason: 'NOT_A_URL' };
const NOT_HTTP: CanonicalRefusal = { kind: 'refused', reason: 'NOT_HTTP' };

/** The host is parsed already. A suffix of the private section belongs to one operator, who answers for what is under it. */
const SUFFIX_OPTIONS = {
  allowPrivateDomains: false,
  detectIp: false,
  extractHostname: false,
  mixedInputs: false,
  validateHostname: false,
};

/** Parses an absolute URL as the WHATWG URL standard does (the runtime's version of it). Pure. */
export function canonicalise(text: string): CanonicalUrl | CanonicalRefusal {
  if (text.length > MAX_NAME && hasOverlongHost(text)) return NOT_A_URL;
  let parsed: URL;
  try {
    parsed = new URL(text);
  } catch {
    return NOT_A_URL;
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return NOT_HTTP;
  const host = parsed.hostname;
  const ip = host.startsWith('[') ? host.slice(1, -1) : isIp(host) ? host : '';
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return {
    kind: 'canonical',
    url: withoutFragmentAndCredentials(parsed),
    host,
    registrableDomain: ip === '' ? registrableDomain(name) : '',
    isVnDomain: name === 'vn' || name.endsWith('.vn'),
    ip,
  };
}

/** In characters. A name of the DNS has 253 at most; the standard asks for a little more. */
const MAX_NAME = 256;
/** Of a character of such a name, percent-encoded: three bytes of UTF-8. */
const MAX_PER_CHARACTER = 9;
const AUTHORITY = /^[^:]*:[/\\\s]*([^/\\?#]*)/;
const ASCII = /^\p{ASCII}*$/u;

/** A name in another script takes time by the square of its length: hundreds of long ones would hold up everybody. */
function hasOverlongHost(text: string): boolean {
  const authority = AUTHORITY.exec(text)?.[1] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return host.length > (ASCII.test(host) ? MAX_NAME * MAX_PER_CHARACTER : MAX_NAME);
}

/** Cut from the serialisation: the parts put together again would lose an empty query's question mark. */
function withoutFragmentAndCredentials(parsed: URL): string {
  const { href } = parsed;
  const fragment = href.indexOf('#');
  const end = fragment < 0 ? href.length : fragment;
  if (parsed.username === '' && parsed.password === '') return href.slice(0, end);
  const authority = parsed.protocol.length + 2;
  return href.slice(0, authority) + href.slice(href.indexOf('@', authority) + 1, end);
}

function registrableDomain(name: string): string {
  const hasEmptyLabel = name.startsWith('.') || name.endsWith('.') || name.includes('..');
  return hasEmptyLabel ? '' : (getDomain(name, SUFFIX_OPTIONS) ?? '');
}

function tldtsVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('tldts/package.json');
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  throw new Error('The package tldts names no version.');
}
