// The keys of the embedded setting: made at the first start, read afterwards. The authority's private key is
// written outside the data directory and never read again by `start`.
import { createPublicKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/**
 * Reads the keys; makes them at a first start, when nothing has been taken under others (`isNew`). Throws when one of
 * them is missing otherwise: a new one would orphan what the old one made.
 */
export async function openKeys(
  directory: DataDirectory,
  authorityKeyDir: string,
  isNew: boolean,
): Promise<Keys> {
  const missing = [directory.identityKey, directory.authorityPublicKey].filter((file) => !existsSync(file));
  if (missing.length === 1 || (missing.length > 0 && !isNew)) {
    throw new Error(`${missing.join(' and ')} is missing, though there was one: restore it from a backup`);
  }
  const madePrivateKey = missing.length === 0 ? undefined : await makeKeys(directory, authorityKeyDir);
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
  if (existsSync(privateFile)) {
    throw new Error(
      `${privateFile} is there already, though this data directory has no keys. ` +
        'If its first start was broken off, remove the file; if the key is in use, give another --authority-key-dir',
    );
  }
  // The private half first: sealed reports whose key was never written down would be lost for ever.
  writeOnce(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  // The others in one step: a start that is broken off leaves both or none.
  const keys = dirname(directory.identityKey);
  const draft = `${keys}.new`;
  rmSync(draft, { recursive: true, force: true });
  writeOnce(
    join(draft, basename(directory.authorityPublicKey)),
    publicKey.export({ type: 'spki', format: 'pem' }),
  );
  writeOnce(join(draft, basename(directory.identityKey)), `${randomBytes(32).toString('hex')}\n`);
  renameSync(draft, keys);
  return privateFile;
}

function writeOnce(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode: 0o600, flag: 'wx', flush: true });
}
