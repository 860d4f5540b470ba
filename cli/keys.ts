// The identity key and the authority's keys as files: made once, read at every start, never overwritten.
import { createPublicKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createKeyedHash, type KeyedHash } from '../gateway/keyed-hash.js';
import { Secret } from '../gateway/secret.js';

/** Both in one directory of their own. */
export interface KeyFiles {
  readonly identityKey: string;
  readonly authorityPublicKey: string;
}

const RSA_BITS = 3072;
/** An authority may bring a key of its own, that much shorter. */
const LEAST_RSA_BITS = 2048;

export function keyFilesIn(directory: string): KeyFiles {
  return {
    identityKey: join(directory, 'identity.key'),
    authorityPublicKey: join(directory, 'authority-public.pem'),
  };
}

/** The keyed hash under the identity key. Throws when the key is not there or not whole. */
export function readIdentityKey(file: string): KeyedHash {
  const text = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${file} does not hold an identity key`);
  return createKeyedHash(new Secret(Buffer.from(text, 'hex')));
}

/** What reports are sealed to. Throws when it is not there, or no RSA key that is long enough. */
export function readAuthorityKey(file: string): KeyObject {
  const text = readFileSync(file, 'utf8');
  // The public half could be made of it; the private one must not be here.
  if (text.includes('PRIVATE KEY')) {
    throw new Error(`${file} holds a private key: take it to the authority, and give the public half here`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new Error(`${file} does not hold a public key in PEM`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < LEAST_RSA_BITS) {
    throw new Error(`${file} does not hold an RSA key of ${LEAST_RSA_BITS} bits or more`);
  }
  return key;
}

/** Makes all three keys and returns where the private one was written. Throws when one of the files is there already. */
export async function makeKeys(files: KeyFiles, authorityKeyDir: string): Promise<string> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const privateFile = join(authorityKeyDir, 'authority-private.pem');
  if (existsSync(privateFile)) {
    throw new Error(
      `${privateFile} is there already, though its other half is not. ` +
        'If making the keys was broken off, remove the file; if the key is in use, give another --authority-key-dir',
    );
  }
  // The private half first: sealed reports whose key was never written down would be lost for ever.
  writeOnce(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  // The others in one step: whoever is broken off leaves both or none.
  const directory = dirname(files.identityKey);
  const draft = `${directory}.new`;
  rmSync(draft, { recursive: true, force: true });
  writeOnce(
    join(draft, basename(files.authorityPublicKey)),
    publicKey.export({ type: 'spki', format: 'pem' }),
  );
  writeOnce(join(draft, basename(files.identityKey)), `${randomBytes(32).toString('hex')}\n`);
  renameSync(draft, directory);
  return privateFile;
}

function writeOnce(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode: 0o600, flag: 'wx', flush: true });
}
