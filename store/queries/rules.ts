// The legal clocks that were ever in force.
import { numberOf, textOf, type Select } from './select.js';

/** By id@version: what was written down last, as JSON. */
export async function selectRules(select: Select): Promise<ReadonlyMap<string, string>> {
  const rows = await select(
    `SELECT takedown_rules.rule AS name, argMax(takedown_rules.content, takedown_rules.recorded_at) AS text
     FROM takedown_rules GROUP BY name ORDER BY name`,
  );
  return new Map(rows.map((row) => [textOf(row, 'name'), textOf(row, 'text')]));
}

/** Whether any case has a deadline by now. */
export async function selectHasDeadlines(select: Select): Promise<boolean> {
  const [row = {}] = await select(
    'SELECT count() AS found FROM (SELECT 1 FROM cases WHERE notEmpty(deadline_rule) LIMIT 1)',
  );
  return numberOf(row, 'found') > 0;
}
