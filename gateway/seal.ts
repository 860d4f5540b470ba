// Sealing: what nobody but the authority may read leaves the gateway only as a box. Format of a box: version (1
// byte, 1), key id (8), nonce (12), ciphertext, tag (16); AES-256-GCM, NIST SP 800-38D.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  type KeyObject,
  randomBytes,
  publicEncrypt,
  constants,
} from 'node:crypto';

import { Buffer } from 'node:buffer';
import { Beginnings } from './beginnings.js';
import type { DataKeyRecord } from '../schemas/report-record.js';
import { Secret } from './secret.js';

const VERSION = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

/** Far below the 2^32 messages after which one key must not be used with GCM. */
export const MAX_SEALS_PER_KEY = 2 ** 28;

/** Seals values under one short-lived data key. */
export interface Sealer {
  readonly createdAtMs: number;
  /** How many values were sealed so far. */
  readonly seals: number;
  /**
   * Writes a box of `boxBytes(value)` bytes into `target` at `at`. Binds it to its report, revision and field: moved
   * elsewhere it does not open.
   */
  sealInto(
    target: Buffer,
    at: number,
    authorityReportId: Uint8Array,
    revision: number,
    field: string,
    value: string,
  ): void;
}

/** A new data key: a sealer, and the record that must be durable in the log before its first use. */
export function createDataKey(
  authorityKey: KeyObject,
  nowMs: number,
): { readonly sealer: Sealer; readonly record: DataKeyRecord } {
  const key = randomBytes(32);
  const keyId = randomBytes(KEY_ID_BYTES);
  return {
    sealer: createSealer(new Secret(key), keyId, nowMs),
    record: {
      keyId,
      wrappedKey: publicEncrypt(
        { key: authorityKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        key,
      ),
      publicKeyFingerprint: publicKeyFingerprint(authorityKey),
      createdAtMs: nowMs,
    },
  };
}

/** SHA-256 of the key's SubjectPublicKeyInfo. */
export function publicKeyFingerprint(authorityKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(authorityKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function createSealer(dataKey: Secret<Uint8Array>, keyId: Buffer, createdAtMs: number): Sealer {
  let seals = 0;
  // As bytes: a key object costs a fifth more with each value.
  const key = dataKey.reveal();
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header.set(keyId, 1);
  const nonce = header.subarray(1 + KEY_ID_BYTES);
  return {
    createdAtMs,
    get seals() {
      return seals;
    },
    sealInto(target, at, authorityReportId, revision, field, value) {
      seals += 1;
      if (seals > MAX_SEALS_PER_KEY)
        throw new Error('data key used up: it should have been replaced long ago');
      // The key is new and used by this process alone, so a counter never repeats.
      nonce.writeUInt32BE(seals, NONCE_BYTES - 4);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(associatedData(header, authorityReportId, revision, field));
      const text = cipher.update(value, 'utf8');
      cipher.final();
      const tag = cipher.getAuthTag();
      for (let i = 0; i < HEADER_BYTES; i += 1) target[at + i] = header[i] ?? 0;
      target.set(text, at + HEADER_BYTES);
      for (let i = 0; i < TAG_BYTES; i += 1) target[at + HEADER_BYTES + text.length + i] = tag[i] ?? 0;
    },
  };
}

/** How long the box of `value` is. */
export function boxBytes(value: string): number {
  return HEADER_BYTES + Buffer.byteLength(value) + TAG_BYTES;
}

/** What a box says about itself without being opened; undefined when it is none. */
export function keyIdOf(box: Uint8Array): Buffer | undefined {
  if (box.length < HEADER_BYTES + TAG_BYTES || box[0] !== VERSION) return undefined;
  return Buffer.from(box.subarray(1, 1 + KEY_ID_BYTES));
}

/** Opens a box with its data key; undefined when it was altered or belongs to another report, revision or field. */
export function openBox(
  dataKey: Secret<Uint8Array>,
  box: Uint8Array,
  authorityReportId: Uint8Array,
  revision: number,
  field: string,
): string | undefined {
  if (keyIdOf(box) === undefined) return undefined;
  const cipher = createDecipheriv(
    'aes-256-gcm',
    dataKey.reveal(),
    box.subarray(1 + KEY_ID_BYTES, HEADER_BYTES),
    { authTagLength: TAG_BYTES },
  );
  cipher.setAAD(associatedData(box, authorityReportId, revision, field));
  cipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
  const text = cipher.update(box.subarray(HEADER_BYTES, box.length - TAG_BYTES));
  try {
    cipher.final();
  } catch {
    return undefined;
  }
  return text.toString('utf8');
}

const BOUND_TO_BYTES = 1 + KEY_ID_BYTES + 16 + 4;
/** Room for the longest path of the contract. Only good until the next call: the cipher has read it by then. */
const associated = Buffer.alloc(BOUND_TO_BYTES + 64);
const associatedBeginnings = new Beginnings(associated);

/** Version and key id (the beginning of `header`), and where the value belongs. The nonce is part of the cipher itself. */
function associatedData(
  header: Uint8Array,
  authorityReportId: Uint8Array,
  revision: number,
  field: string,
): Buffer {
  for (let i = 0; i <= KEY_ID_BYTES; i += 1) associated[i] = header[i] ?? 0;
  associated.set(authorityReportId, 1 + KEY_ID_BYTES);
  associated.writeUInt32BE(revision, 1 + KEY_ID_BYTES + 16);
  const written = associated.write(field, BOUND_TO_BYTES, 'latin1');
  if (written !== field.length) throw new RangeError('a field path longer than any of the contract');
  return associatedBeginnings.of(BOUND_TO_BYTES + written);
}
