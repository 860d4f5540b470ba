// The one INSERT of both bodies of the store. Its settings stand in the text: given to a client apart from it they may stay
// in a session, and later inserts vanish under its token.
import { StoreFault, type Block } from './store.js';

const SETTINGS = {
  insert_deduplicate: 1,
  async_insert: 0,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_insert_block_size: 1_048_576,
  min_insert_block_size_rows: 1_048_576,
  min_insert_block_size_bytes: 268_435_456,
  input_format_parallel_parsing: 0,
  max_insert_threads: 1,
  // Times of receipt decide the partitions: no set of them may make a batch that can never land.
  max_partitions_per_insert_block: 0,
};

/** `from` is where the engine finds the rows, when they do not follow the statement; `settings` come on top. */
export function insertStatement(
  database: string,
  { table, columns, format, token }: Block,
  options: { readonly from?: string; readonly settings?: Readonly<Record<string, number | string>> } = {},
): string {
  const settings = Object.entries({
    ...SETTINGS,
    ...options.settings,
    insert_deduplication_token: token,
  }).map(([name, value]) => `${name} = ${typeof value === 'number' ? value : literal(value)}`);
  return (
    `INSERT INTO ${identifier(database)}.${identifier(table)} (${columns.map(identifier).join(', ')}) ` +
    (options.from === undefined ? '' : `${options.from} `) +
    `SETTINGS ${settings.join(', ')} FORMAT ${format ?? 'JSONCompactEachRow'}`
  );
}

/** A text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}

/** The name, when it is one that needs no quotes. Throws `StoreFault`. */
export function identifier(name: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new StoreFault('never', `not a name: ${name}`);
  return name;
}
