// The store in the process: chDB, the ClickHouse engine as a library. One process, one directory.
import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createClient, type ClickHouseClientConfigOptions } from '@clickhouse/client';
import { Session, drainPending } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { classifyFault } from './classify-fault.js';
import { forgetLostTokens, type TableFiles } from './forget-lost-tokens.js';
import { identifier, insertStatement, literal } from './insert-statement.js';
import { rowsIn } from './rows-in.js';
import { StoreFault, type Block, type QueryParam, type Row, type Store } from './store.js';

/** Memory the engine may use, in bytes; its own defaults are 0.9 of the machine and 5 GiB for each cache. */
const ENGINE_ARGUMENTS = [
  '--max_server_memory_usage=4294967296',
  '--mark_cache_size=268435456',
  '--uncompressed_cache_size=0',
  '--index_mark_cache_size=67108864',
  '--primary_index_cache_size=134217728',
  '--background_pool_size=2',
  '--background_schedule_pool_size=4',
  '--background_common_pool_size=2',
];

const TABLE_FILES = `
  SELECT name, data_paths[1] AS path FROM system.tables
  WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND length(data_paths) = 1 ORDER BY name`;

/**
 * Opens (or makes) the engine's directory; a database of it is open once at a time. Throws `StoreFault` when another
 * process holds it. Replaces the process's standard input by /dev/null: of some inserts the engine reads on there, and
 * would insert whatever it finds. Blocks that an earlier process was killed with may be inserted again:
 * what it left of them without their rows is forgotten.
 */
export async function openChdb(options: {
  readonly directory: string;
  readonly database: string;
}): Promise<Store> {
  silenceStandardInput();
  const directory = resolve(options.directory);
  if (MEANS_SEVERAL_FILES.test(directory)) {
    throw new StoreFault('never', `cannot open ${directory}: the engine takes no path with * ? { or }`);
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const session = openSession(directory);
  // The adapter is typed against its own copy of the client's types; at run time they are the same.
  const connection = createChdbConnection({
    path: directory,
  }) as unknown as NonNullable<ClickHouseClientConfigOptions['connection']>;
  const client = createClient({ connection });
  const database = identifier(options.database);
  const blockFile = join(directory, `insert-${database}.block`);
  await session.queryAsync(`CREATE DATABASE IF NOT EXISTS ${database}`);
  await client.command({ query: `USE ${database}` });
  await client.command({ query: 'SET output_format_json_quote_64bit_integers = 1' });

  const settleTokens = async (): Promise<void> => {
    const tables = await client.query({ query: TABLE_FILES, format: 'JSONEachRow' });
    await forgetLostTokens(await tables.json<TableFiles>(), (query) => client.command({ query }));
  };
  await settleTokens();

  // One insert at a time: tokens can only be settled while none is under way.
  let unsettled = false;
  let turn: Promise<unknown> = Promise.resolve();
  const insert = (block: Block): Promise<void> => {
    const inserted = turn.then(async () => {
      if (unsettled) await settleTokens();
      unsettled = true;
      await insertBlock(session, database, block, blockFile);
      unsettled = false;
    });
    turn = inserted.catch(() => undefined);
    return inserted;
  };

  let closed: Promise<void> | undefined;
  const running = new Set<Promise<unknown>>();
  const run = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    if (closed !== undefined) throw new StoreFault('never', `${doing}: the store is closed`);
    const task = work();
    running.add(task);
    try {
      return await task;
    } catch (error) {
      throw classifyFault(error, doing);
    } finally {
      running.delete(task);
    }
  };

  return {
    command: (sql) =>
      run('command', async () => {
        await client.command({ query: sql });
      }),
    select: (sql: string, params?: Readonly<Record<string, QueryParam>>) =>
      run('select', async (): Promise<readonly Row[]> => {
        const answer = await client.query({
          query: sql,
          format: 'JSONEachRow',
          ...(params === undefined ? {} : { query_params: { ...params } }),
        });
        return answer.json<Row>();
      }),
    insert: (block) => run('insert', () => insert(block)),
    close: () =>
      (closed ??= (async () => {
        await Promise.allSettled(running);
        await client.close();
        session.close();
        await drainPending();
      })()),
  };
}

/**
 * By way of a file, which the engine reads itself: behind the statement it takes no binary rows, and text at twice
 * the price. The file is gone when this settles; one that a killed process left is overwritten.
 */
async function insertBlock(session: Session, database: string, block: Block, file: string): Promise<void> {
  const rows = rowsIn(block);
  if (rows !== block.rowCount) {
    throw new StoreFault('never', `insert: ${block.rowCount} rows announced, ${rows} in the block`);
  }
  const statement = insertStatement(database, block, {
    from: `FROM INFILE ${literal(file)} COMPRESSION 'none'`,
  });
  try {
    writeFileSync(file, block.rows, { mode: 0o600 });
    const { rowsRead } = await session.queryAsync(statement);
    if (rowsRead !== rows) {
      throw new StoreFault('never', `insert: ${rows} rows in the block, the engine read ${rowsRead}`);
    }
  } finally {
    rmSync(file, { force: true });
  }
}

/** What the engine takes for a pattern in the path of a file: it would read every file that fits, or none. */
const MEANS_SEVERAL_FILES = /[*?{}]/;

function openSession(directory: string): Session {
  try {
    return new Session(directory, { connectionArgs: ENGINE_ARGUMENTS });
  } catch (error) {
    throw new StoreFault('never', `cannot open ${directory}: is another process using it?`, undefined, {
      cause: error,
    });
  }
}

function silenceStandardInput(): void {
  const nothing = statSync('/dev/null');
  try {
    if (fstatSync(0).rdev === nothing.rdev) return;
    closeSync(0);
  } catch {
    // Descriptor 0 is not open: the next file opened takes its place.
  }
  const descriptor = openSync('/dev/null', 'r');
  if (descriptor !== 0) throw new StoreFault('never', 'cannot put standard input on /dev/null');
}
