// The rules of single texts: how long, of which characters, and never media. Lengths count UTF-16 code units.
import { Rule } from '@lachan/proto/report-service';
import { isIp } from '../schemas/ip-address.js';
import { looksLikeMedia } from './media-text.js';
import { fault, type Fault, type Findings } from './violation.js';

/** From 1 on: the text must be given. From 0 on: it may be empty. */
export type Lengths = readonly [min: number, max: number];

/** What a text field may hold; made once per field. */
export interface TextRule {
  readonly lengths: Lengths;
  /** By code below 128: 1 where it is allowed. */
  readonly ascii: Uint8Array;
  /** Whether everything from U+00A0 on is allowed too. A text without has no room for a data URI. */
  readonly unicode: boolean;
  readonly missing: Fault;
  readonly length: Fault;
  readonly form: Fault;
}

export const media = fault(Rule.MEDIA, 'Encoded media has no place in a report: give locations and digests.');

/** Printable text in one line. */
export function line(lengths: Lengths): TextRule {
  return textRule(lengths, ' -~', true, 'Well-formed Unicode without control characters and line ends.');
}

/** Printable text with tabs and line ends. */
export function prose(lengths: Lengths): TextRule {
  const form = 'Well-formed Unicode without control characters other than tab and line ends.';
  return textRule(lengths, '\t\n\r -~', true, form);
}

/** Text of a set of ASCII characters, written as in a regular expression: `A-Za-z0-9_-`. */
export function token(lengths: Lengths, set: string): TextRule {
  return textRule(lengths, set, false, `Only characters of [${set}].`);
}

function textRule(lengths: Lengths, set: string, unicode: boolean, form: string): TextRule {
  const [min, max] = lengths;
  const member = new RegExp(`[${set}]`);
  const ascii = Uint8Array.from({ length: 128 }, (_, code) =>
    member.test(String.fromCharCode(code)) ? 1 : 0,
  );
  const wanted = min === max ? `Exactly ${max}` : min === 0 ? `At most ${max}` : `${min} to ${max}`;
  return {
    lengths,
    ascii,
    unicode,
    missing: fault(Rule.REQUIRED, `Must be given: ${wanted.toLowerCase()} characters.`),
    length: fault(Rule.LENGTH, `${wanted} characters.`),
    form: fault(Rule.FORMAT, form),
  };
}

/**
 * More of them on one letter are no language; UAX #15 calls text with at most 30 "stream-safe". To sort thousands takes
 * time by the square of their number.
 */
const TOO_MANY_MARKS = /\p{M}{31}/u;
const marks = fault(Rule.FORMAT, 'At most 30 combining marks on one letter.');

/** Checks one text. What is beyond the limit of length is not read. */
export function checkText(found: Findings, parent: string, name: string, rule: TextRule, text: string): void {
  const [min, max] = rule.lengths;
  if (text === '') {
    if (min > 0) found.add(parent, name, rule.missing);
    return;
  }
  if (text.length < min || text.length > max) found.add(parent, name, rule.length);
  if (!isAllowed(text, rule)) found.add(parent, name, rule.form);
  if (!rule.unicode) return;
  const read = text.slice(0, max);
  if (looksLikeMedia(read)) found.add(parent, name, media);
  if (TOO_MANY_MARKS.test(read)) found.add(parent, name, marks);
}

function isAllowed(text: string, rule: TextRule): boolean {
  const end = Math.min(text.length, rule.lengths[1]);
  for (let i = 0; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (rule.ascii[code] !== 1) return false;
    } else {
      if (!rule.unicode || code < 0xa0) return false;
      if (code < 0xd800 || code > 0xdfff) continue;
      const next = text.charCodeAt(i + 1);
      if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
      i += 1;
    }
  }
  return true;
}

const notAnAddress = fault(Rule.FORMAT, 'An IPv4 or IPv6 address without zone, port or prefix length.');

/** An IP address, where one is given. */
export function checkAddress(found: Findings, parent: string, name: string, text: string): void {
  if (text !== '' && !isIp(text)) found.add(parent, name, notAnAddress);
}

const MAX_LANGUAGE_TAG = 35;
const longTag = fault(Rule.LENGTH, `At most ${MAX_LANGUAGE_TAG} characters.`);
const notATag = fault(Rule.FORMAT, 'A language tag of BCP 47, as in "vi" or "en-GB".');

/** A language tag, where one is given. Whether its subtags are registered is not asked. */
export function checkLanguage(found: Findings, name: string, text: string): void {
  if (text.length > MAX_LANGUAGE_TAG) found.add('', name, longTag);
  else if (text !== '' && !LANGUAGE_TAG.test(text)) found.add('', name, notATag);
}

/** RFC 5646: language, script, region, variants, extensions, private use; without the tags of before 2001. */
const LANGUAGE_TAG =
  /^(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?$|^x(?:-[a-z\d]{1,8})+$/i;
