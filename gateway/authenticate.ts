// Who is calling: a bearer token against the registry of providers. Only hashes of tokens are kept.
import { hash } from 'node:crypto';
import type { Environment } from '../schemas/vocabulary.js';
import { selectCredentials } from '../store/queries/providers.js';
import type { Select } from '../store/queries/select.js';

/** The provider behind a call, and the world its credential belongs to. */
export interface Caller {
  readonly providerId: string;
  readonly environment: Environment;
}

export interface Authenticator {
  /** The caller, or undefined when the header holds no token that is valid now. */
  authenticate(authorization: string | undefined): Caller | undefined;
  /**
   * Reads the registry anew: what was revoked before is refused once it resolves. Rejects with the store's fault;
   * the old registry stays in use.
   */
  refresh(): Promise<void>;
}

/** Resolves when the registry has been read once. */
export async function openAuthenticator(select: Select): Promise<Authenticator> {
  let callers = await readRegistry(select);
  let begun = 0;
  let newest = 0;
  return {
    authenticate(authorization) {
      const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/i.exec(authorization ?? '')?.[1];
      return token === undefined ? undefined : callers.get(tokenHash(token));
    },
    async refresh() {
      const reading = (begun += 1);
      const read = await readRegistry(select);
      // A reading that took longer than a later one may not know yet what was revoked.
      if (reading < newest) return;
      newest = reading;
      callers = read;
    },
  };
}

/** SHA-256, hex. Tokens are random and long, so a plain hash cannot be turned back. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex');
}

async function readRegistry(select: Select): Promise<ReadonlyMap<string, Caller>> {
  const credentials = await selectCredentials(select);
  return new Map(
    credentials
      .filter(({ revokedAt }) => revokedAt === '')
      .map(({ credentialHash, providerId, environment }) => [credentialHash, { providerId, environment }]),
  );
}
