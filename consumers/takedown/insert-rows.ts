// Rows that may be written again: never swallowed as a copy, unless it is one.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Block } from '../../store/store.js';

/** Nothing when there are no rows. The token is of the content and the time: newer content never has an older one's. */
export async function insertRows(
  { insert }: { readonly insert: (block: Block) => Promise<void> },
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  nowMs: number,
): Promise<void> {
  if (rows.length === 0) return;
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const token = `${table}:${nowMs}:${createHash('sha256').update(bytes).digest('hex')}`;
  await insert({ table, columns, rows: bytes, rowCount: rows.length, token });
}
