// Brings the store to the newest schema: numbered SQL files, applied in order, each once. Files are append-only
// from the first release on; every statement is safe to repeat, because a crash may stop half-way through a file.
import { readdirSync, readFileSync } from 'node:fs';
import { StoreFault, type Row, type Store } from './store.js';

/** Where the tables live: decides engines and clauses. The only place in which the settings differ. */
export type Deployment = 'single' | { readonly cluster: string };

const FOLDER = new URL('../schemas/clickhouse/', import.meta.url);

/** What is written in `{{…}}` in the SQL files. */
function substitute(sql: string, deployment: Deployment): string {
  const replicated = deployment !== 'single';
  const path = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";
  const engine = (kind: string, argument: string): string => {
    if (!replicated) return `${kind}(${argument})`;
    return `Replicated${kind}(${path}${argument === '' ? '' : `, ${argument}`})`;
  };
  return sql
    .replaceAll('{{ON_CLUSTER}}', replicated ? `ON CLUSTER '${deployment.cluster}'` : '')
    .replaceAll(/\{\{(\w*MergeTree)(?:\((\w*)\))?\}\}/g, (_, kind: string, argument?: string) =>
      engine(kind, argument ?? ''),
    )
    .replaceAll(
      '{{DURABLE}}',
      // Without a window the same token lands twice; without fsync an acknowledged block can vanish in a power cut.
      [
        replicated
          ? 'replicated_deduplication_window = 10000'
          : 'non_replicated_deduplication_window = 10000',
        ...(replicated ? ['replicated_deduplication_window_seconds = 604800'] : []),
        'fsync_after_insert = 1',
        'fsync_part_directory = 1',
        'min_rows_to_fsync_after_merge = 1',
      ].join(', '),
    );
}

/** One numbered file of the schema. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** The migrations in order, with the deployment's engines filled in. */
export function migrations(deployment: Deployment): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => ({
      name: file.replace(/\.sql$/, ''),
      statements: substitute(readFileSync(new URL(file, FOLDER), 'utf8'), deployment)
        .replaceAll(/^--.*$/gm, '')
        .split(/;\s*$/m)
        .map((statement) => statement.trim())
        .filter((statement) => statement !== ''),
    }));
}

/** Of the engine: the table does not exist. */
const UNKNOWN_TABLE = '60';

/** Names of the migrations that the store has not had; asks, and changes nothing. */
export async function missingMigrations(store: Pick<Store, 'select'>): Promise<readonly string[]> {
  let rows: readonly Row[];
  try {
    rows = await store.select('SELECT DISTINCT name FROM schema_migrations');
  } catch (error) {
    if (!(error instanceof StoreFault) || error.engineCode !== UNKNOWN_TABLE) throw error;
    rows = [];
  }
  const done = new Set(rows.map((row) => row['name']));
  return migrations('single')
    .map(({ name }) => name)
    .filter((name) => !done.has(name));
}

/**
 * Applies what is missing and returns the names applied. Two processes that migrate at once do no
 * harm: every statement can be repeated.
 */
export async function migrate(
  store: Store,
  deployment: Deployment,
  nowMs: number,
): Promise<readonly string[]> {
  await store.command(
    substitute(
      `CREATE TABLE IF NOT EXISTS schema_migrations {{ON_CLUSTER}} (name String, applied_at DateTime64(3, 'UTC'))
       ENGINE = {{ReplacingMergeTree}} ORDER BY name SETTINGS {{DURABLE}}`,
      deployment,
    ),
  );
  const missing = new Set(await missingMigrations(store));
  for (const { name, statements } of migrations(deployment).filter((one) => missing.has(one.name))) {
    for (const statement of statements) await store.command(statement);
    await store.insert({
      table: 'schema_migrations',
      columns: ['name', 'applied_at'],
      rows: Buffer.from(`${JSON.stringify([name, nowMs])}\n`),
      rowCount: 1,
      token: `migration:${name}`,
    });
  }
  return [...missing];
}
