// Sealing of a location for whoever has to take it down: only the addressee's own private key opens it.
//
// Format of a box: version (1 byte, 1); length of the wrapped key (2 bytes, big endian); the wrapped key: 32 random
// bytes under RSA-OAEP with SHA-256 (RFC 8017, MGF1 with SHA-256, no label); nonce (12); ciphertext; tag (16).
// AES-256-GCM (NIST SP 800-38D) under those 32 bytes. Associated data: the version byte and the 16 bytes of the
// location_key, so that a box does not open beside another notice; the key itself is of one environment.
// Plaintext: JSON in UTF-8, either {"url": text} or {"serviceName": text, "contentId": text}.
//
// To open: split as above; refuse any other version and every length that does not fit; unwrap with the private key;
// decrypt with nonce, associated data and tag. One answer for whatever fails: the box is not for this key and notice.
import { Buffer } from 'node:buffer';
import { constants, createCipheriv, publicEncrypt, randomBytes, type KeyObject } from 'node:crypto';

/** What a notice says of where the content is: as sent, not as canonicalised. */
export type NoticeLocation =
  { readonly url: string } | { readonly serviceName: string; readonly contentId: string };

export const NOTICE_BOX_VERSION = 1;
const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** `addresseeKey`: an RSA public key. `locationKey`: 16 bytes. */
export function sealNotice(
  addresseeKey: KeyObject,
  locationKey: Uint8Array,
  location: NoticeLocation,
): Buffer {
  const key = randomBytes(DATA_KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const version = Buffer.from([NOTICE_BOX_VERSION]);
  const wrapped = publicEncrypt(
    { key: addresseeKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    key,
  );
  const wrappedLength = Buffer.alloc(2);
  wrappedLength.writeUInt16BE(wrapped.length);
  // A key of its own for each box, so any nonce will do.
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.concat([version, locationKey]));
  const text = Buffer.concat([cipher.update(JSON.stringify(location), 'utf8'), cipher.final()]);
  return Buffer.concat([version, wrappedLength, wrapped, nonce, text, cipher.getAuthTag()]);
}
