// The store over HTTP(S): a ClickHouse server, or a cluster of them behind one address. Nothing is repeated here: what
// failed may have landed, and only the caller knows the block to repeat.
import { Readable } from 'node:stream';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { classifyFault } from './classify-fault.js';
import { connectionOf, type ClickHouseOptions } from './clickhouse-connection.js';
import { identifier, insertStatement } from './insert-statement.js';
import { readAnswer, rowsOf } from './read-answer.js';
import { rowsIn } from './rows-in.js';
import { StoreFault, type Block, type QueryParam, type Row, type Store } from './store.js';

export type { ClickHouseOptions };

/** Of the engine: the database of the request does not exist. */
const UNKNOWN_DATABASE = '81';

/**
 * Opens the store; the database is there when it resolves. Throws `StoreFault`: `never` where the address or the
 * credentials are wrong, `same-block` where the server does not answer now.
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<Store> {
  const database = identifier(options.database);
  const { cluster, answerBytes = 256 * 1024 * 1024 } = options;
  if (cluster !== undefined && !/^[\w.{}-]+$/.test(cluster)) {
    throw new StoreFault('never', `not a name of a cluster: ${cluster}`);
  }
  const limits = {
    insert: options.insertTimeoutMs ?? 20_000,
    select: options.queryTimeoutMs ?? 60_000,
    command: options.commandTimeoutMs ?? 240_000,
  };
  const base = {
    ...connectionOf(options, Math.max(...Object.values(limits))),
    // It would print statements and the engine's words, which quote rows.
    log: { level: ClickHouseLogLevel.OFF },
  };
  const client = createClient({ ...base, database });

  const ask = async (
    asked: ClickHouseClient,
    doing: keyof typeof limits,
    request: Pick<Parameters<ClickHouseClient['exec']>[0], 'query' | 'query_params' | 'clickhouse_settings'>,
    rows?: Uint8Array,
  ): Promise<{ readonly text: Buffer; readonly written: number }> => {
    const signal = AbortSignal.timeout(limits[doing]);
    try {
      const answer = await asked.exec({
        ...request,
        abort_signal: signal,
        ignore_error_response: true,
        ...(rows === undefined
          ? {}
          : {
              values: Readable.from([rows], { objectMode: false }),
              http_headers: { 'Content-Length': String(rows.byteLength) },
            }),
      });
      const text = await readAnswer(answer, { doing, signal, mostBytes: answerBytes });
      return { text, written: Number(answer.summary?.written_rows ?? 0) };
    } catch (error) {
      if (signal.aborted && !(error instanceof StoreFault)) {
        throw new StoreFault('same-block', `${doing}: no answer within ${limits[doing]} ms`);
      }
      throw classifyFault(error, doing);
    }
  };

  const select = async (sql: string, params: Readonly<Record<string, QueryParam>> = {}) => {
    const { text } = await ask(client, 'select', {
      query: `${sql}\nFORMAT JSONEachRow`,
      query_params: { ...params },
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 1,
        max_execution_time: serverSeconds(limits.select),
        ...(cluster === undefined ? {} : { select_sequential_consistency: '1' }),
      },
    });
    return rowsOf(text, 'select');
  };

  const command = async (asked: ClickHouseClient, query: string): Promise<void> => {
    const seconds = serverSeconds(limits.command);
    const settings = { max_execution_time: seconds, distributed_ddl_task_timeout: String(seconds) };
    await ask(asked, 'command', { query, clickhouse_settings: settings });
  };

  const settings = insertSettings(serverSeconds(limits.insert), cluster);
  const insert = async (block: Block): Promise<void> => {
    const rows = rowsIn(block);
    if (rows !== block.rowCount) {
      throw new StoreFault('never', `insert: ${block.rowCount} rows announced, ${rows} in the block`);
    }
    const query = insertStatement(database, block, { settings });
    const { written } = await ask(client, 'insert', { query }, block.rows);
    // Rows of the views are counted too, so that only fewer can be told from right; none where a proxy keeps the header.
    if (written > 0 && written < rows) {
      throw new StoreFault('never', `insert: ${rows} rows in the block, the engine wrote ${written}`);
    }
  };

  try {
    await openDatabase(select, async () => {
      const unbound = createClient(base);
      const everywhere = cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`;
      await command(unbound, `CREATE DATABASE IF NOT EXISTS ${database}${everywhere}`).finally(() =>
        unbound.close(),
      );
    });
  } catch (error) {
    await client.close();
    throw error;
  }

  let closed: Promise<void> | undefined;
  const running = new Set<Promise<unknown>>();
  const run = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    if (closed !== undefined) throw new StoreFault('never', `${doing}: the store is closed`);
    const task = work();
    running.add(task);
    try {
      return await task;
    } finally {
      running.delete(task);
    }
  };
  // With a quorum the table takes one insert at a time: a second one would be refused, not wait.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (block: Block): Promise<void> => {
    const inserted = turn.then(() => insert(block));
    turn = inserted.catch(() => undefined);
    return inserted;
  };

  return {
    command: (sql) => run('command', () => command(client, sql)),
    select: (sql, params): Promise<readonly Row[]> => run('select', () => select(sql, params)),
    insert: (block) => run('insert', () => (cluster === undefined ? insert(block) : inTurn(block))),
    close: () =>
      (closed ??= (async () => {
        await Promise.allSettled(running);
        await client.close();
      })()),
  };
}

async function openDatabase(
  select: (sql: string) => Promise<unknown>,
  make: () => Promise<void>,
): Promise<void> {
  try {
    await select('SELECT 1');
  } catch (error) {
    if (!(error instanceof StoreFault) || error.engineCode !== UNKNOWN_DATABASE) throw error;
    await make();
    await select('SELECT 1');
  }
}

/** The server gives up first, so that it tells what became of the block wherever it can. */
function serverSeconds(limitMs: number): number {
  return Math.max(1, Math.floor((limitMs * 3) / 4_000));
}

/** What a profile of the server must not decide otherwise. */
function insertSettings(seconds: number, cluster: string | undefined): Record<string, number | string> {
  return {
    max_execution_time: seconds,
    input_format_allow_errors_num: 0,
    input_format_allow_errors_ratio: 0,
    materialized_views_ignore_errors: 0,
    ...(cluster === undefined
      ? {}
      : {
          insert_quorum: 'auto',
          // Reads that see all that was acknowledged (select_sequential_consistency) need it off.
          insert_quorum_parallel: 0,
          insert_quorum_timeout: seconds * 1_000,
        }),
  };
}
