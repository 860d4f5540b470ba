// Writing who answers for which locations: the newest version of a row counts.
import { createHash } from 'node:crypto';
import type { Holding } from './queries/addressees.js';
import type { Store } from './store.js';

/** Times in milliseconds since 1970; `removedAtMs` null while it is held. */
export interface HoldingChange extends Omit<Holding, 'addedAt'> {
  readonly addedAtMs: number;
  readonly removedAtMs: number | null;
}

/** All of them at once; durable and visible when it resolves. */
export async function writeHoldings(store: Store, changes: readonly HoldingChange[]): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ kind, value, providerId, addedAtMs, removedAtMs }) => {
    const version = removedAtMs ?? addedAtMs;
    return `${JSON.stringify([kind, value, providerId, addedAtMs, removedAtMs, version])}\n`;
  });
  const block = rows.join('');
  await store.insert({
    table: 'addressees',
    columns: ['kind', 'value', 'provider_id', 'added_at', 'removed_at', 'version'],
    rows: Buffer.from(block),
    rowCount: rows.length,
    token: `holdings:${createHash('sha256').update(block).digest('hex')}`,
  });
}
