// The parts of an XARF document that take more than a table to read.
import { isIP } from 'node:net';
import { DetectionMethod, FingerprintAlgorithm, Precision, type Category } from '@lachan/proto/report';
import { at } from './event-time.js';
import type { Members } from './read-members.js';
import * as values from './xarf-values.js';

const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?(Z|[+-]\d\d:\d\d)$/i;
const OWN_TAG = 'x-vn:';
/** Limits of the format, and of the contract's own fields. */
const MAX_TAGS = 20;
const MAX_TAG = 100;
const MAX_INFO = 3000;
const MAX_MORE_CATEGORIES = 8;

/** The names of our own categories that tags carry, and the other tags. */
export function tagsOf(xarf: Members): { own: Category[]; keywords: string[] } {
  const tags = xarf.texts('tags');
  if (tags.length > MAX_TAGS) xarf.fault('tags', 'TOO_MANY', `at most ${MAX_TAGS}`);
  const own = new Set<Category>();
  const keywords: string[] = [];
  for (const [i, tag] of tags.slice(0, MAX_TAGS).entries()) {
    if (tag.length > MAX_TAG) xarf.fault(`tags[${i}]`, 'LENGTH', `at most ${MAX_TAG} characters`);
    // The format writes tags in lower case.
    const category = tag.startsWith(OWN_TAG)
      ? values.OWN_CATEGORIES.get(tag.slice(OWN_TAG.length).toUpperCase())
      : undefined;
    if (category === undefined) keywords.push(tag);
    else if (own.size <= MAX_MORE_CATEGORIES) own.add(category);
  }
  return { own: [...own], keywords };
}

interface Digest {
  readonly algorithm: FingerprintAlgorithm;
  readonly value: string;
}

export function fingerprintsOf(xarf: Members, pass: (name: string, inside: string) => void): Digest[] {
  const hashes = xarf.members('hash_values');
  const found: Digest[] = [];
  for (const name of hashes?.names() ?? []) {
    const algorithm = values.HASHES.get(name);
    const value = algorithm === undefined ? undefined : hashes?.text(name);
    if (algorithm === undefined) pass(name, 'hash_values.');
    else if (value !== undefined) found.push({ algorithm, value });
  }
  return found;
}

export function matchOf(digests: readonly Digest[]): DetectionMethod {
  const perceptual =
    digests.length > 0 && digests.every((d) => d.algorithm === FingerprintAlgorithm.PHOTODNA);
  return perceptual ? DetectionMethod.HASH_PERCEPTUAL : DetectionMethod.HASH_EXACT;
}

/**
 * Of material, the source is the host; of exploitation, and wherever a port singles out one customer behind a shared
 * address, it is somebody's own connection, which must not stand in the open.
 */
export function sourceOf(
  xarf: Members,
  type: string,
): { hostIp: string; account: string; additionalInfo: string } {
  const source = xarf.required('source_identifier');
  const port = xarf.number('source_port');
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535))
    xarf.fault('source_port', 'RANGE', 'a whole number from 1 to 65535');
  const perpetrator = xarf.members('perpetrator_indicators');
  const addresses = perpetrator?.texts('ip_addresses') ?? [];
  const isHost = type === 'csam' && port === undefined && isIP(source) !== 0 && !addresses.includes(source);

  const lines = [
    ['description', xarf.text('description')],
    ['source_identifier', isHost ? undefined : source],
    ['source_port', port],
    ['ip_addresses', addresses.length === 0 ? undefined : addresses.join(' ')],
    ['pattern_of_behavior', perpetrator?.text('pattern_of_behavior')],
  ].flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${String(name)}: ${String(value)}`],
  );
  const additionalInfo = lines.join('\n');
  if (additionalInfo.length > MAX_INFO) {
    const longest = perpetrator === undefined ? 'description' : 'perpetrator_indicators';
    xarf.fault(longest, 'LENGTH', `at most ${MAX_INFO} characters of text about source and circumstances`);
  }
  return { hostIp: isHost ? source : '', account: perpetrator?.text('account_id') ?? '', additionalInfo };
}

export function instantOf(text: string): ReturnType<typeof at> | undefined {
  const [, day = '', time = '', fraction, zone = ''] = INSTANT.exec(text) ?? [];
  // Date.parse lets 30 February pass as 1 March.
  if (Number.isNaN(Date.parse(day)) || !new Date(day).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(`${day}T${time}.${fraction ?? '0'}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : at(ms, fraction === undefined ? Precision.SECOND : Precision.MS);
}
