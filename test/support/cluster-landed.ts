// The proof at the end of a fault test on a cluster, and what only an operator may do to its store.
import { expect } from 'vitest';
import type { TestLachanCluster } from './cluster.js';
import { recordOf, textOf } from './lachan-process.js';

const LANDED_MS = 180_000;

/**
 * Waits until all has landed: the accepted reports stand in the table exactly once, and no other unless `mayBe` says
 * that it may (also once); the table, the totals and the hosts tell the same; the audit holds. Resolves with the rows
 * by outcome.
 */
export async function expectClusterLandedOnce(
  cluster: TestLachanCluster,
  accepted: Iterable<string>,
  mayBe: (reportId: string) => boolean = () => false,
): Promise<Readonly<Record<string, number>>> {
  const waited = ['--format', 'json', '--wait-ms', String(LANDED_MS)];
  expect(await cluster.json('query', 'counts', ...waited)).toMatchObject({ conflicts: 0, dead_letters: 0 });
  expect(await cluster.json('audit', '--json')).toMatchObject({ ok: true, problems: [] });
  const ids = await cluster.select(`SELECT report_id FROM records WHERE outcome = 'REPORT'`);
  const landed = ids.map((row) => textOf(row['report_id']));
  const there = new Set(landed);
  const expected = new Set(accepted);
  expect(landed.length).toBe(there.size);
  expect([...expected].filter((id) => !there.has(id))).toEqual([]);
  expect(landed.filter((id) => !expected.has(id) && !mayBe(id))).toEqual([]);
  const inTable = await cluster.select(
    'SELECT outcome, toString(count()) AS n FROM records GROUP BY outcome ORDER BY outcome',
  );
  const inView = await cluster.select(
    'SELECT outcome, toString(sum(records)) AS n FROM record_totals GROUP BY outcome ORDER BY outcome',
  );
  expect(inView).toEqual(inTable);
  const hosts = await cluster.select('SELECT toString(sum(reports)) AS n FROM host_totals');
  expect(hosts).toEqual([{ n: String(landed.length) }]);
  return Object.fromEntries(inTable.map((row) => [textOf(row['outcome']), Number(row['n'])]));
}

/** Statements for the store, one after the other. */
export async function tellStore(
  { store }: TestLachanCluster,
  ...statements: readonly string[]
): Promise<void> {
  for (const body of statements) {
    const answer = await fetch(`${store.url}/?database=lachan`, { method: 'POST', body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
  }
}

/** Rows of the landing table, whatever became of them. */
export async function rowsIn(cluster: TestLachanCluster, where = 'true'): Promise<number> {
  const [row = {}] = await cluster.select(`SELECT toString(count()) AS n FROM records WHERE ${where}`);
  return Number(recordOf(row)['n']);
}
