// The keyed hashes behind every key, digest and token. Keys and tokens: SHA-256 over (key, domain, parts), cut to 16
// bytes. Secret-prefix hashing with a cut result is a sound pseudo-random function (Coron et al., "Merkle-Damgård
// Revisited", 2005: "chop-MD"); HMAC costs five times as much here. Digests: SipHash, for they are many and short.
// docs/decisions/0003 has the figures.
import { hash } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { Beginnings } from './beginnings.js';
import type { Secret } from './secret.js';
import { SipHash } from './sip-hash.js';

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
  takedownEvent: 9,
  takedownDigest: 10,
} as const;
export type HashDomain = (typeof HASH_DOMAINS)[keyof typeof HASH_DOMAINS];

/** Hashes parts so that no two different lists of parts read the same: each is preceded by its length. */
export interface KeyedHash {
  /** 16 bytes. */
  of(domain: HashDomain, ...parts: readonly (string | Uint8Array)[]): Buffer;
  /** Begins a list of parts for `into`. */
  begin(): void;
  /** One part more. */
  add(part: string | Uint8Array): void;
  /** The hash of the parts added so far, into the 16 bytes of `target` at `at`; more parts may follow. */
  into(domain: HashDomain, target: Uint8Array, at: number): void;
  /** Of the fields of a report; its key is `of(fieldDigest)`. */
  readonly fields: SipHash;
  /** Of a whole report; its key is `of(payloadDigest)`. */
  readonly payload: SipHash;
}

const KEY_BYTES = 32;
/** Of each hash. */
export const HASH_BYTES = 16;
/** Enough for the keys of nearly every report. */
const SCRATCH_BYTES = 4_096;

/** `key`: 32 bytes, the same in every gateway and for as long as the records are kept. */
export function createKeyedHash(key: Secret<Uint8Array>): KeyedHash {
  return new Sha256Parts(key.reveal());
}

class Sha256Parts implements KeyedHash {
  readonly fields: SipHash;
  readonly payload: SipHash;
  #scratch = Buffer.alloc(SCRATCH_BYTES);
  #beginnings = new Beginnings(this.#scratch);
  #end = 0;

  constructor(secret: Uint8Array) {
    if (secret.length !== KEY_BYTES) throw new RangeError(`the identity key must have ${KEY_BYTES} bytes`);
    this.#scratch.set(secret);
    this.fields = new SipHash(this.of(HASH_DOMAINS.fieldDigest));
    this.payload = new SipHash(this.of(HASH_DOMAINS.payloadDigest));
  }

  of(domain: HashDomain, ...parts: readonly (string | Uint8Array)[]): Buffer {
    this.begin();
    for (const part of parts) this.add(part);
    const result = Buffer.allocUnsafe(HASH_BYTES);
    this.into(domain, result, 0);
    return result;
  }

  begin(): void {
    this.#end = KEY_BYTES + 1;
  }

  add(part: string | Uint8Array): void {
    const isText = typeof part === 'string';
    this.#makeRoom(this.#end + 4 + part.length * (isText ? 3 : 1));
    const scratch = this.#scratch;
    const at = this.#end + 4;
    const length = isText ? writeText(scratch, part, at) : part.length;
    if (!isText) scratch.set(part, at);
    writeLength(scratch, length, at - 4);
    this.#end = at + length;
  }

  into(domain: HashDomain, target: Uint8Array, at: number): void {
    this.#scratch[KEY_BYTES] = domain;
    // A text as result is several times as fast as a Buffer in Node 20.
    const text = hash('sha256', this.#beginnings.of(this.#end), 'binary');
    for (let i = 0; i < HASH_BYTES; i += 1) target[at + i] = text.charCodeAt(i);
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#scratch.length) return;
    const larger = Buffer.alloc(needed * 2);
    larger.set(this.#scratch);
    this.#scratch = larger;
    this.#beginnings = new Beginnings(larger);
  }
}

/** Writes UTF-8 and returns its length. Nearly every text here is short and ASCII: a call of the runtime costs more. */
function writeText(target: Buffer, text: string, at: number): number {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return target.write(text, at, 'utf8');
    target[at + i] = unit;
  }
  return text.length;
}

function writeLength(target: Buffer, length: number, at: number): void {
  target[at] = length >>> 24;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
}
