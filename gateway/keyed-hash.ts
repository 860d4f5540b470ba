// The keyed hash behind every key, digest and token: SHA-256 over (key, domain, parts), cut to at most 16 bytes.
// Secret-prefix hashing with a cut result is a sound pseudo-random function (Coron et al., "Merkle-Damgård
// Revisited", 2005: "chop-MD"); HMAC costs five times as much here. docs/decisions/0003 has the figures.
import { hash } from 'node:crypto';
import { Buffer } from 'node:buffer';
import type { Secret } from './secret.js';

/** What a hash is for: hashes of different domains never agree. */
export const HASH_DOMAINS = {
  authorityReportId: 1,
  recordKey: 2,
  locationOfUrl: 3,
  locationOfContentId: 4,
  payloadDigest: 5,
  fieldDigest: 6,
  sealedToken: 7,
  partitionKey: 8,
} as const;
export type HashDomain = (typeof HASH_DOMAINS)[keyof typeof HASH_DOMAINS];

/** Hashes parts so that no two different lists of parts read the same: each is preceded by its length. */
export interface KeyedHash {
  /** 16 bytes. */
  of(domain: HashDomain, ...parts: readonly (string | Uint8Array)[]): Buffer;
  /** The same 16 bytes as 32 hexadecimal digits: cheaper, where only some of them are needed. */
  hex(domain: HashDomain, ...parts: readonly (string | Uint8Array)[]): string;
}

const KEY_BYTES = 32;

/** `key`: 32 bytes, the same in every gateway and for as long as the records are kept. */
export function createKeyedHash(key: Secret<Uint8Array>): KeyedHash {
  let scratch = Buffer.alloc(4096);
  const secret = key.reveal();
  if (secret.length !== KEY_BYTES) throw new RangeError(`the identity key must have ${KEY_BYTES} bytes`);
  scratch.set(secret, 0);

  const room = (needed: number): void => {
    if (needed <= scratch.length) return;
    const larger = Buffer.alloc(needed * 2);
    larger.set(scratch);
    scratch = larger;
  };

  const hashed = (domain: HashDomain, parts: readonly (string | Uint8Array)[]): string => {
    scratch[KEY_BYTES] = domain;
    let at = KEY_BYTES + 1;
    for (const part of parts) {
      if (typeof part === 'string') {
        room(at + 4 + part.length * 3);
        const written = scratch.write(part, at + 4, 'utf8');
        scratch.writeUInt32BE(written, at);
        at += 4 + written;
      } else {
        room(at + 4 + part.length);
        scratch.writeUInt32BE(part.length, at);
        scratch.set(part, at + 4);
        at += 4 + part.length;
      }
    }
    // A text as result is several times as fast as a Buffer in Node 20.
    return hash('sha256', scratch.subarray(0, at), 'hex').slice(0, 32);
  };
  return {
    of: (domain, ...parts) => Buffer.from(hashed(domain, parts), 'hex'),
    hex: (domain, ...parts) => hashed(domain, parts),
  };
}
