import { spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Store } from '../../store/store.js';
import { landed, LATE_NOVEMBER_MS, once, reportsAt, storeContract, upTo } from './store-contract.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHILD = fileURLToPath(new URL('./chdb-store-child.ts', import.meta.url));

/** The engine binds one directory per process: all tests of this file share it, each with its own database. */
let directory: string;
let databases = 0;
const newDatabase = (): string => `test_${(databases += 1)}`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});

afterAll(() => rm(directory, { recursive: true }));

storeContract('chDB', async () => {
  const database = newDatabase();
  const open = (): Promise<Store> => openChdb({ directory, database });
  let store = await open();
  return {
    store,
    database,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async release() {
      await store.close();
      const admin = await openChdb({ directory, database: 'test_admin' });
      await admin.command(`DROP DATABASE ${database} SYNC`);
      await admin.close();
    },
  };
});

/** What the child says; `input` goes to its standard input. */
async function ask(childDirectory: string, mode: 'open' | 'insert', input: string): Promise<unknown> {
  const child = spawn(
    process.execPath,
    ['--conditions=lachan-source', '--import', './cli/run-typescript.js', CHILD, childDirectory, mode],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  // The child may be gone before it has taken everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [said] = await Promise.all([readText(child.stdout), event(child, 'exit')]);
  return JSON.parse(said);
}

describe('chDB', () => {
  it.each(['a*', 'a?b', 'a{b,c}'])(
    'refuses a directory in whose path the engine would see a pattern: %s',
    (name) => {
      const patterned = join(directory, name);
      return expect(openChdb({ directory: patterned, database: newDatabase() })).rejects.toMatchObject({
        retry: 'never',
        message: `cannot open ${patterned}: the engine takes no path with * ? { or }`,
      });
    },
  );

  it('leaves no file with rows behind an insert, whether it lands or fails', async () => {
    const store = await openChdb({ directory, database: newDatabase() });
    await migrate(store, 'single', LATE_NOVEMBER_MS);
    await store.insert(reportsAt(upTo(10), 'a'));
    await expect(store.insert({ ...reportsAt(upTo(10), 'b'), columns: ['nothing'] })).rejects.toThrow();
    await store.close();
    expect(readdirSync(directory).filter((file) => file.endsWith('.block'))).toEqual([]);
  });

  it('opens a directory for one process only, and the first one is not disturbed', async () => {
    const store = await openChdb({ directory, database: newDatabase() });
    await migrate(store, 'single', LATE_NOVEMBER_MS);
    await store.insert(reportsAt(upTo(10), 'a'));

    const said = await ask(directory, 'open', '');
    expect(said).toEqual({
      retry: 'never',
      message: `cannot open ${directory}: is another process using it?`,
    });

    await store.insert(reportsAt([10, 11], 'b'));
    expect(await landed(store)).toEqual(once(12));
    await store.close();
    expect(await ask(directory, 'open', '')).toBe('opened');
  });

  it.each([
    ['rows of the same form', '[7,"from standard input"]\n'.repeat(1_000)],
    ['garbage', '\u0000\u0001\ufffd{[<not rows>\n'.repeat(1_000)],
    ['nothing', ''],
  ])('never inserts what comes on standard input: %s', async (_, input) => {
    const own = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
    expect(await ask(own, 'insert', input)).toEqual([
      { n: '1', word: 'one' },
      { n: '2', word: 'two' },
      { n: '3', word: 'three' },
    ]);
    await rm(own, { recursive: true });
  });

  // The engine writes a token down just before it renames the finished part into its place (seen by tracing its
  // system calls). A process killed between the two leaves the token without the part.
  describe('when it was killed after writing a token down, before keeping the part', () => {
    let database: string;
    let store: Store;

    beforeEach(async () => {
      database = newDatabase();
      store = await openChdb({ directory, database });
      await migrate(store, 'single', LATE_NOVEMBER_MS);
      await store.insert(reportsAt([0, 1, 2], 'before'));
      await store.insert(reportsAt([3, 4, 5, 6], 'killed'));
    });

    afterEach(() => store.close());

    const pathOf = async (table: string): Promise<string> => {
      const [row] = await store.select(
        'SELECT data_paths[1] AS path FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
        { table },
      );
      return String(row?.['path']);
    };
    const logOf = (path: string): string => join(path, 'deduplication_logs', 'deduplication_log_1.txt');

    /** The parts that the last insert made, as the log of tokens names them. */
    const lastParts = (path: string, count: number): string[] =>
      readFileSync(logOf(path), 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-count)
        .map((line) => line.split('\t')[1]!);

    it.each([
      ['the landing table, its last month', 'records', 1],
      ['the landing table, both months', 'records', 2],
      ['the view of totals', 'record_totals', 1],
      ['the view of hosts', 'host_totals', 1],
    ])('lands the block when it is repeated: %s', async (_, table, parts) => {
      const path = await pathOf(table);
      await store.close();
      for (const part of lastParts(path, parts)) {
        expect(readdirSync(path)).toContain(part);
        rmSync(join(path, part), { recursive: true });
      }

      store = await openChdb({ directory, database });
      expect(await landed(store)).not.toEqual(once(7));
      await store.insert(reportsAt([3, 4, 5, 6], 'killed'));
      expect(await landed(store)).toEqual(once(7));
      await store.insert(reportsAt([3, 4, 5, 6], 'killed'));
      await store.insert(reportsAt([0, 1, 2], 'before'));
      expect(await landed(store)).toEqual(once(7));
    });

    it('keeps the tokens of parts that were merged since', async () => {
      const path = await pathOf('records');
      await store.command('OPTIMIZE TABLE records FINAL');
      await store.close();
      for (const part of lastParts(path, 2)) rmSync(join(path, part), { recursive: true, force: true });

      store = await openChdb({ directory, database });
      await store.insert(reportsAt([3, 4, 5, 6], 'killed'));
      expect(await landed(store)).toEqual(once(7));
    });

    it('reads on behind half an entry that a power cut has left', async () => {
      const path = await pathOf('records');
      await store.close();
      appendFileSync(logOf(path), '1\t2026');

      store = await openChdb({ directory, database });
      await store.insert(reportsAt([7, 8], 'after'));
      store = await store.close().then(() => openChdb({ directory, database }));
      await store.insert(reportsAt([3, 4, 5, 6], 'killed'));
      await store.insert(reportsAt([7, 8], 'after'));
      expect(await landed(store)).toEqual(once(9));
    });
  });
});
