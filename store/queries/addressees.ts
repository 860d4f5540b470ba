// Who answers for which locations.
import { textOf, type Select } from './select.js';

export const HOLDING_KINDS = ['DOMAIN', 'ASN', 'CIDR', 'NOTICE_KEY'] as const;
export type HoldingKind = (typeof HOLDING_KINDS)[number];

/** What a provider holds: a domain in ASCII, the number of a network, a range of addresses, or its public key (PEM). */
export interface Holding {
  readonly kind: HoldingKind;
  readonly value: string;
  readonly providerId: string;
  /** UTC, `YYYY-MM-DD hh:mm:ss.sss`. */
  readonly addedAt: string;
}

/** What is held now, oldest first: where two hold the same, the last one counts. */
export async function selectHoldings(select: Select): Promise<readonly Holding[]> {
  const rows = await select(`
    SELECT kind, value, provider_id, toString(added_at) AS added
    FROM addressees FINAL WHERE removed_at IS NULL ORDER BY added_at, kind, value, provider_id`);
  return rows.map((row) => {
    const kind = HOLDING_KINDS.find((known) => known === row['kind']);
    if (kind === undefined) throw new TypeError('a holding of an unknown kind');
    return {
      kind,
      value: textOf(row, 'value'),
      providerId: textOf(row, 'provider_id'),
      addedAt: textOf(row, 'added'),
    };
  });
}
