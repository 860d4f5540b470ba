// Keys of cases as the store gives them.
import { ENVIRONMENTS } from '../../schemas/vocabulary.js';
import type { KeptKey } from '../../store/queries/kept-cases.js';
import type { CaseKey } from '../../takedown/case.js';

/** Throws `TypeError` for a world that nothing of ours writes. */
export function caseKey({ environment, locationKey }: KeptKey): CaseKey {
  const known = ENVIRONMENTS.find((one) => one === environment);
  if (known === undefined) throw new TypeError('a case of an unknown world');
  return { environment: known, locationKey };
}

export function caseKeys(keys: readonly KeptKey[]): readonly CaseKey[] {
  return keys.map(caseKey);
}
