// The keys of the embedded setting: made at the first start, read afterwards. The authority's private key is
// written outside the data directory and never read again by `start`.
import { createPublicKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createKeyedHash, type KeyedHash } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';
import type { DataDirectory } from './data-directory.js';

export interface Keys {
  readonly keyed: KeyedHash;
  readonly authorityKey: KeyObject;
  /** Where the private half was written just now; undefined when the keys were there already. */
  readonly madePrivateKey: string | undefined;
}

const RSA_BITS = 3072;

/** Reads the keys, or makes them. Throws when only one of them is there: a new one would orphan what the other made. */
export async function openKeys(directory: DataDirectory, authorityKeyDir: string): Promise<Keys> {
  const hasIdentity = existsSync(directory.identityKey);
  const hasAuthority = existsSync(directory.authorityPublicKey);
  if (hasIdentity !== hasAuthority) {
    const missing = hasIdentity ? directory.authorityPublicKey : directory.identityKey;
    throw new Error(`${missing} is missing, though the other key is there: restore it from a backup`);
  }
  const madePrivateKey = hasIdentity ? undefined : await makeKeys(directory, authorityKeyDir);
  return {
    keyed: readIdentityKey(directory),
    authorityKey: createPublicKey(readFileSync(directory.authorityPublicKey)),
    madePrivateKey,
  };
}

/** The keyed hash of this data directory. Throws when the key is not there or not whole. */
export function readIdentityKey(directory: DataDirectory): KeyedHash {
  const text = readFileSync(directory.identityKey, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${directory.identityKey} does not hold an identity key`);
  return createKeyedHash(new Secret(Buffer.from(text, 'hex')));
}

async function makeKeys(directory: DataDirectory, authorityKeyDir: string): Promise<string> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const privateFile = join(authorityKeyDir, 'authority-private.pem');
  // The private half first: sealed reports whose key was never written down would be lost for ever.
  writeOnce(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeOnce(directory.authorityPublicKey, publicKey.export({ type: 'spki', format: 'pem' }));
  writeOnce(directory.identityKey, `${randomBytes(32).toString('hex')}\n`);
  return privateFile;
}

function writeOnce(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode: 0o600, flag: 'wx', flush: true });
}
