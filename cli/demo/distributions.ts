// Real distributions, without their names: data/SOURCE.md says where they come from.
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { Category } from '@lachan/sdk';

const YEAR = '2022';

export interface Distributions {
  /** How much each of the demonstration's providers reports, largest first. */
  readonly providerWeights: readonly number[];
  readonly categories: readonly { readonly category: Category; readonly weight: number }[];
  /** The share of reports about what had been reported before. */
  readonly duplicateShare: number;
  /** Requests of a real web log as (host, page), numbers only: its skew is what matters. */
  readonly visits: readonly { readonly host: number; readonly page: number }[];
}

const CATEGORY_OF: Readonly<Record<string, Category>> = {
  'child pornography': Category.CSAM,
  'misleading words/images online': Category.MISLEADING_CONTENT,
  'online enticement of children': Category.GROOMING,
  'child sex trafficking': Category.CHILD_SEX_TRAFFICKING,
  'obscene material sent to a child': Category.OBSCENE_TO_CHILD,
  'misleading domain name': Category.MISLEADING_DOMAIN,
  'child sexual molestation': Category.CONTACT_ABUSE,
  'child sex tourism': Category.CHILD_SEX_TOURISM,
};

export function loadDistributions(providers: number): Distributions {
  const contents = rowsOf('ocse-report-contents.csv').filter((row) => row['year'] === YEAR);
  const quantity = (category: string, label: string): number => {
    const row = contents.find((found) => found['category'] === category && found['label'] === label);
    if (row === undefined)
      throw new Error(`ocse-report-contents.csv has no ${category}, ${label} for ${YEAR}`);
    return numberIn(row['quantity']);
  };
  return {
    providerWeights: rowsOf('ncmec-reports-by-provider.csv')
      .filter((row) => row['year'] === YEAR && !(row['provider'] ?? '').includes('Total'))
      .map((row) => numberIn(row['reports_received']))
      .sort((a, b) => b - a)
      .slice(0, providers),
    categories: Object.entries(CATEGORY_OF).map(([label, category]) => ({
      category,
      weight: quantity('kind of exploitation', label),
    })),
    duplicateShare: 1 - quantity('reports', 'with unique photos/videos') / quantity('reports', 'total'),
    visits: rowsOf('weblog-trace.csv').map((row) => ({
      host: Number((row['client'] ?? '').slice(1)),
      page: Number((row['path'] ?? '').slice(1)),
    })),
  };
}

/** The rows of a file of this folder's data, by column. */
export function rowsOf(file: string): readonly Readonly<Record<string, string>>[] {
  const rows: unknown[] = parse(readFileSync(new URL(`./data/${file}`, import.meta.url)), { columns: true });
  return rows.map((row) => Object.fromEntries(Object.entries(row ?? {}).map(([k, v]) => [k, String(v)])));
}

function numberIn(text: string | undefined): number {
  return Number((text ?? '').replaceAll(',', ''));
}
