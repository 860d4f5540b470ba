// The rules of one fingerprint.
import {
  FingerprintAlgorithm,
  FingerprintAlgorithmSchema,
  FingerprintBasisSchema,
  type Fingerprint,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkText, media, token, type TextRule } from './check-text.js';
import { checkEnum, checkRequiredEnum, enumRule } from './check-value.js';
import { holdsSignature, MIN_ENCODED } from './media-text.js';
import { fault, type Findings } from './violation.js';

const algorithm = enumRule(FingerprintAlgorithmSchema);
const basis = enumRule(FingerprintBasisSchema);

const hexadecimal = (digits: number): TextRule => token([digits, digits], '0-9A-Fa-f');
const MAX_DIGEST = 4096;
/** Good for hexadecimal too. */
const base64 = token([1, MAX_DIGEST], 'A-Za-z0-9+/=');
const neverGood: TextRule = { ...base64, ascii: new Uint8Array(128) };

const digestRules = new Map<FingerprintAlgorithm, TextRule>([
  [FingerprintAlgorithm.MD5, hexadecimal(32)],
  [FingerprintAlgorithm.SHA1, hexadecimal(40)],
  [FingerprintAlgorithm.SHA256, hexadecimal(64)],
  [FingerprintAlgorithm.SHA512, hexadecimal(128)],
  [FingerprintAlgorithm.PDQ, hexadecimal(64)],
]);

const badQuality = fault(Rule.RANGE, '0 to 100.');

export function checkFingerprint(found: Findings, at: string, fingerprint: Fingerprint): void {
  checkRequiredEnum(found, at, 'algorithm', algorithm, fingerprint.algorithm);
  checkEnum(found, at, 'basis', basis, fingerprint.basis);
  if (fingerprint.quality !== undefined && fingerprint.quality > 100) found.add(at, 'quality', badQuality);
  checkDigest(found, at, digestRules.get(fingerprint.algorithm) ?? base64, fingerprint.value);
  if (fingerprint.$unknown !== undefined) found.addUnknown(at, fingerprint.$unknown);
}

function checkDigest(found: Findings, at: string, rule: TextRule, value: string): void {
  if (rule !== base64) {
    checkText(found, at, 'value', rule, value);
    return;
  }
  checkText(found, at, 'value', isWellPadded(value) ? base64 : neverGood, value);
  // A digest may be as long as a small picture is, so that only its beginning gives a picture away.
  if (value.length >= MIN_ENCODED && holdsSignature(value.slice(0, MAX_DIGEST)))
    found.add(at, 'value', media);
}

function isWellPadded(value: string): boolean {
  const padding = value.indexOf('=');
  return padding === -1 || /^={1,2}$/.test(value.slice(padding, padding + 3));
}
