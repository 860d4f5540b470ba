// Writing the registry of operators: one row per credential, the newest version counts.
import type { Store } from './store.js';
import type { OperatorCredential } from './queries/operators.js';

/** Times in milliseconds since 1970; `revokedAtMs` null while the credential is valid. */
export interface OperatorChange extends Omit<OperatorCredential, 'createdAt' | 'revokedAt'> {
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

const COLUMNS = [
  'credential_hash',
  'operator_id',
  'name',
  'environment',
  'role',
  'may_import',
  'created_at',
  'revoked_at',
  'version',
];

/** Durable and visible when it resolves. */
export async function writeOperator(store: Store, change: OperatorChange): Promise<void> {
  const { credentialHash, operatorId, name, environment, role, mayImport, createdAtMs, revokedAtMs } = change;
  const version = revokedAtMs ?? createdAtMs;
  const row = [
    credentialHash,
    operatorId,
    name,
    environment,
    role,
    mayImport,
    createdAtMs,
    revokedAtMs,
    version,
  ];
  await store.insert({
    table: 'operators',
    columns: COLUMNS,
    rows: Buffer.from(`${JSON.stringify(row)}\n`),
    rowCount: 1,
    token: `operator:${credentialHash}:${version}`,
  });
}
