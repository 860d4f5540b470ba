// Opens what a notice says of where the content is: sealed to this platform's public key. The format stands in
// docs/integrate.md, "Open the sealed location".
import { constants, createDecipheriv, createPrivateKey, KeyObject, privateDecrypt } from 'node:crypto';
import type { Notice } from './notice.js';

/** Where the content is. */
export type NoticeLocation =
  { readonly url: string } | { readonly serviceName: string; readonly contentId: string };

const VERSION = 1;
const LENGTH_AT = 1;
const WRAPPED_AT = 3;
const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LOCATION_KEY = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * Where the content of a notice is; undefined when the notice does not say. `privateKey`: RSA, in PEM, or as a KeyObject,
 * which saves reading it each time. Throws when that is no key, or not the one the notice was sealed to: within a
 * handler, the notice is told again, and `onFault` hears of it.
 */
export function openLocation(
  notice: Pick<Notice, 'locationKey' | 'sealedLocation'>,
  privateKey: string | Uint8Array | KeyObject,
): NoticeLocation | undefined {
  if (notice.sealedLocation.length === 0) return undefined;
  const key = toKey(privateKey);
  const location = open(notice, key);
  if (location === undefined) throw new Error('the sealed location is not for this key and notice');
  return location;
}

function toKey(privateKey: string | Uint8Array | KeyObject): KeyObject {
  if (privateKey instanceof KeyObject) return privateKey;
  try {
    return createPrivateKey(typeof privateKey === 'string' ? privateKey : Buffer.from(privateKey));
  } catch {
    // The words of the cryptographic library tell an integrator nothing.
    throw new TypeError('the private key must be an RSA key in PEM, without a passphrase');
  }
}

/** One answer for whatever fails, so that nobody can probe with boxes of their own. */
function open(
  { locationKey, sealedLocation }: Pick<Notice, 'locationKey' | 'sealedLocation'>,
  privateKey: KeyObject,
): NoticeLocation | undefined {
  const box = Buffer.from(sealedLocation);
  if (box.length < WRAPPED_AT || box[0] !== VERSION || !LOCATION_KEY.test(locationKey)) return undefined;
  const nonceAt = WRAPPED_AT + box.readUInt16BE(LENGTH_AT);
  const textAt = nonceAt + NONCE_BYTES;
  const tagAt = box.length - TAG_BYTES;
  if (tagAt < textAt) return undefined;
  try {
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const dataKey = privateDecrypt({ key: privateKey, ...padding }, box.subarray(WRAPPED_AT, nonceAt));
    if (dataKey.length !== DATA_KEY_BYTES) return undefined;
    const cipher = createDecipheriv('aes-256-gcm', dataKey, box.subarray(nonceAt, textAt), {
      authTagLength: TAG_BYTES,
    });
    const caseBytes = Buffer.from(locationKey.replaceAll('-', ''), 'hex');
    cipher.setAAD(Buffer.concat([box.subarray(0, 1), caseBytes]));
    cipher.setAuthTag(box.subarray(tagAt));
    const text = Buffer.concat([cipher.update(box.subarray(textAt, tagAt)), cipher.final()]);
    return toLocation(JSON.parse(text.toString('utf8')));
  } catch {
    return undefined;
  }
}

function toLocation(found: unknown): NoticeLocation | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  if ('url' in found && typeof found.url === 'string') return { url: found.url };
  if (!('serviceName' in found && 'contentId' in found)) return undefined;
  const { serviceName, contentId } = found;
  if (typeof serviceName !== 'string' || typeof contentId !== 'string') return undefined;
  return { serviceName, contentId };
}
