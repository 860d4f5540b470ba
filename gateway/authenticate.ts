// Who is calling: a bearer token against the registry of providers. Only hashes of tokens are kept.
import { hash } from 'node:crypto';
import type { Environment } from '../schemas/vocabulary.js';
import { selectCredentials } from '../store/queries/providers.js';
import type { Select } from '../store/queries/select.js';
import { openRefreshed } from './refreshed.js';

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
  const callers = await openRefreshed(() => readRegistry(select));
  return {
    authenticate: (authorization) => holderOf(authorization, callers.current()),
    refresh: () => callers.refresh(),
  };
}

/** Whose token the header holds. `holders`: by `tokenHash`. */
export function holderOf<Holder>(
  authorization: string | undefined,
  holders: ReadonlyMap<string, Holder>,
): Holder | undefined {
  const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? undefined : holders.get(tokenHash(token));
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
