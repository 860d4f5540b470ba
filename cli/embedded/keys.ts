// The keys of the embedded setting: made at the first start, read afterwards. The authority's private key is
// written outside the data directory and never read again by `start`.
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { KeyedHash } from '../../gateway/keyed-hash.js';
import { makeKeys, readAuthorityKey, readIdentityKey } from '../keys.js';
import type { DataDirectory } from './data-directory.js';

export interface Keys {
  readonly keyed: KeyedHash;
  readonly authorityKey: KeyObject;
  /** Where the private half was written just now; undefined when the keys were there already. */
  readonly madePrivateKey: string | undefined;
}

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
    keyed: readIdentityKey(directory.identityKey),
    authorityKey: readAuthorityKey(directory.authorityPublicKey),
    madePrivateKey,
  };
}
