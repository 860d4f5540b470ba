// The registry of operators: who works at the authority, with which credentials.
import { ENVIRONMENTS, type Environment } from '../../schemas/vocabulary.js';
import { textOf, type Select } from './select.js';

export const OPERATOR_ROLES = ['OPERATOR', 'VERIFIER'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** One credential of an operator. */
export interface OperatorCredential {
  /** SHA-256 of the token, hex. */
  readonly credentialHash: string;
  readonly operatorId: string;
  readonly name: string;
  readonly environment: Environment;
  readonly role: OperatorRole;
  readonly mayImport: boolean;
  /** UTC, `YYYY-MM-DD hh:mm:ss.sss`. */
  readonly createdAt: string;
  /** Empty while it is valid. */
  readonly revokedAt: string;
}

/** All credentials, revoked ones too, oldest first. */
export async function selectOperators(select: Select): Promise<readonly OperatorCredential[]> {
  const rows = await select(`
    SELECT credential_hash, operator_id, name, environment, role, may_import,
      toString(created_at) AS created, ifNull(toString(revoked_at), '') AS revoked
    FROM operators FINAL ORDER BY created_at, credential_hash`);
  return rows.map((row) => {
    const environment = ENVIRONMENTS.find((known) => known === row['environment']);
    const role = OPERATOR_ROLES.find((known) => known === row['role']);
    if (environment === undefined || role === undefined)
      throw new TypeError('a credential of an unknown environment or role');
    return {
      credentialHash: textOf(row, 'credential_hash'),
      operatorId: textOf(row, 'operator_id'),
      name: textOf(row, 'name'),
      environment,
      role,
      mayImport: row['may_import'] === true,
      createdAt: textOf(row, 'created'),
      revokedAt: textOf(row, 'revoked'),
    };
  });
}
