// Who acts for the authority: a registry of its own, so that no provider's token passes for an operator's.
import type { Environment } from '../schemas/vocabulary.js';
import { selectOperators, type OperatorRole } from '../store/queries/operators.js';
import type { Select } from '../store/queries/select.js';
import { holderOf } from './authenticate.js';
import { openRefreshed } from './refreshed.js';

/** The operator behind a call, and the world its credential belongs to. */
export interface Operator {
  readonly operatorId: string;
  readonly environment: Environment;
  /** VERIFIER: looks whether content is still there, and nothing else. */
  readonly role: OperatorRole;
  /** Whether it may record histories with the times of whoever kept them. */
  readonly mayImport: boolean;
}

/** As `Authenticator`. */
export interface OperatorAuthenticator {
  authenticate(authorization: string | undefined): Operator | undefined;
  refresh(): Promise<void>;
}

/** Resolves when the registry has been read once. */
export async function openOperatorAuthenticator(select: Select): Promise<OperatorAuthenticator> {
  const operators = await openRefreshed(() => readRegistry(select));
  return {
    authenticate: (authorization) => holderOf(authorization, operators.current()),
    refresh: () => operators.refresh(),
  };
}

async function readRegistry(select: Select): Promise<ReadonlyMap<string, Operator>> {
  const credentials = await selectOperators(select);
  return new Map(
    credentials
      .filter(({ revokedAt }) => revokedAt === '')
      .map(({ credentialHash, operatorId, environment, role, mayImport }) => [
        credentialHash,
        { operatorId, environment, role, mayImport },
      ]),
  );
}
