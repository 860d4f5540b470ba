// The registry of providers and their credentials.
import { ENVIRONMENTS, type Environment } from '../../schemas/vocabulary.js';
import { textOf, type Select } from './select.js';

/** One credential of a provider. */
export interface Credential {
  /** SHA-256 of the token, hex. */
  readonly credentialHash: string;
  readonly providerId: string;
  readonly name: string;
  readonly environment: Environment;
  /** UTC, `YYYY-MM-DD hh:mm:ss.sss`. */
  readonly createdAt: string;
  /** Empty while it is valid. */
  readonly revokedAt: string;
}

/** All credentials, revoked ones too, oldest first. */
export async function selectCredentials(select: Select): Promise<readonly Credential[]> {
  const rows = await select(`
    SELECT credential_hash, provider_id, name, environment,
      toString(created_at) AS created, ifNull(toString(revoked_at), '') AS revoked
    FROM providers FINAL ORDER BY created_at, credential_hash`);
  return rows.map((row) => {
    const environment = ENVIRONMENTS.find((known) => known === row['environment']);
    if (environment === undefined) throw new TypeError('a credential of an unknown environment');
    return {
      credentialHash: textOf(row, 'credential_hash'),
      providerId: textOf(row, 'provider_id'),
      name: textOf(row, 'name'),
      environment,
      createdAt: textOf(row, 'created'),
      revokedAt: textOf(row, 'revoked'),
    };
  });
}
