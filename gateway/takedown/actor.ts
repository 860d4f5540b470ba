// Who says that something happened to a case.
import type { Environment } from '../../schemas/vocabulary.js';
import type { Operator } from '../authenticate-operator.js';
import type { Caller } from '../authenticate.js';

export interface Actor {
  readonly role: 'PROVIDER' | 'OPERATOR' | 'VERIFIER';
  /** Provider id or operator id. */
  readonly id: string;
  readonly environment: Environment;
  /** Whether it may record histories. */
  readonly mayImport: boolean;
}

export function providerActor({ providerId, environment }: Caller): Actor {
  return { role: 'PROVIDER', id: providerId, environment, mayImport: false };
}

export function operatorActor({ operatorId, environment, role, mayImport }: Operator): Actor {
  return { role, id: operatorId, environment, mayImport };
}
