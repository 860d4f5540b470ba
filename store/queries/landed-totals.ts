// The cheap side of the audit: how much has landed, by the table and by its view. Asks no row.
import { numberOf, type Select } from './select.js';

export interface LandedTotals {
  /** Rows of the landing table. */
  readonly tableRows: number;
  /** What the totals have counted of them. */
  readonly viewRows: number;
}

/** A row is in the table before it is in a view: so the view is asked first, and never counts more. */
export async function selectLandedTotals(select: Select): Promise<LandedTotals> {
  const [view = {}] = await select('SELECT sum(records) AS n FROM record_totals');
  const [table = {}] = await select('SELECT count() AS n FROM records');
  return { tableRows: numberOf(table, 'n'), viewRows: numberOf(view, 'n') };
}
