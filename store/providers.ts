// Writing the registry of providers: one row per credential, the newest version counts.
import type { Store } from './store.js';
import type { Credential } from './queries/providers.js';

/** Times in milliseconds since 1970; `revokedAtMs` null while the credential is valid. */
export interface CredentialChange extends Omit<Credential, 'createdAt' | 'revokedAt'> {
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** Durable and visible when it resolves. */
export async function writeCredential(store: Store, change: CredentialChange): Promise<void> {
  const version = change.revokedAtMs ?? change.createdAtMs;
  const { credentialHash, providerId, name, environment, createdAtMs, revokedAtMs } = change;
  await store.insert({
    table: 'providers',
    columns: ['credential_hash', 'provider_id', 'name', 'environment', 'created_at', 'revoked_at', 'version'],
    rows: Buffer.from(
      `${JSON.stringify([credentialHash, providerId, name, environment, createdAtMs, revokedAtMs, version])}\n`,
    ),
    rowCount: 1,
    token: `credential:${credentialHash}:${version}`,
  });
}
