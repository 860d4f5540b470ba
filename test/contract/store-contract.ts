// What every body of the store must do. The suite knows no body; it uses the real schema where views matter.
import { inspect } from 'node:util';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { migrate, migrations } from '../../store/migrate.js';
import { StoreFault, type Block, type Row, type Store } from '../../store/store.js';

/** An open store over an empty database of its own, and what a test may do to it from outside. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Has `test` in it. */
  readonly database: string;
  /** Closes the store and opens another one over the same database. */
  reopen(): Promise<Store>;
  /** Closes what is open and removes what the test made. */
  release(): Promise<void>;
}

/** 2026-11-30 and 2026-12-01 in UTC: a block with both spans two partitions of the landing table. */
export const LATE_NOVEMBER_MS = Date.UTC(2026, 10, 30);
const EARLY_DECEMBER_MS = Date.UTC(2026, 11, 1);

const block = (table: string, columns: string[], rows: readonly unknown[][], token: string): Block => ({
  table,
  columns,
  rows: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
  rowCount: rows.length,
  token,
});

const pairs = (rows: readonly (readonly [number, string])[], token: string): Block =>
  block(
    'pairs',
    ['n', 'word'],
    rows.map((row) => [...row]),
    token,
  );

/** The same table, one column behind the other; here a word is any bytes. */
const nativePairs = (rows: readonly (readonly [number, Buffer])[], token: string): Block => {
  const text = (value: Buffer): Buffer[] => [varint(value.length), value];
  const head = (name: string, type: string) => [...text(Buffer.from(name)), ...text(Buffer.from(type))];
  const numbers = rows.map(([n]) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(n));
    return bytes;
  });
  const words = rows.flatMap(([, word]) => text(word));
  const parts = [varint(2), varint(rows.length), ...head('n', 'UInt64'), ...numbers];
  return {
    table: 'pairs',
    columns: ['n', 'word'],
    format: 'Native',
    rows: Buffer.concat([...parts, ...head('word', 'String'), ...words]),
    rowCount: rows.length,
    token,
  };
};

const varint = (value: number): Buffer =>
  value < 128 ? Buffer.of(value) : Buffer.concat([Buffer.of((value % 128) + 128), varint(value >> 7)]);

/** Reports of the landing table at `offsets`, each on a host of its own, every second in December. */
export const reportsAt = (offsets: readonly number[], token: string): Block =>
  block(
    'records',
    [
      'log_epoch',
      'log_partition',
      'log_offset',
      'outcome',
      'environment',
      'received_at',
      'location_hosts',
      'location_domains',
      'location_is_vn_domain',
      'location_countries',
      'location_asns',
    ],
    offsets.map((offset) => [
      1,
      0,
      offset,
      'REPORT',
      'TEST',
      offset % 2 === 0 ? LATE_NOVEMBER_MS : EARLY_DECEMBER_MS,
      [`host-${offset % 100}.example`],
      ['example'],
      [false],
      ['VN'],
      [1],
    ]),
    token,
  );

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Rows of the landing table, their distinct offsets, and what each view has counted of them. */
export async function landed(store: Store): Promise<Row | undefined> {
  const [row] = await store.select(`
    SELECT count() AS rows, uniqExact(log_offset) AS offsets,
      (SELECT sum(records) FROM record_totals) AS in_record_totals,
      (SELECT sum(reports) FROM host_totals) AS in_host_totals
    FROM records`);
  return row;
}

/** What `landed` must find when each of so many records is there once. */
export const once = (records: number): Row => ({
  rows: String(records),
  offsets: String(records),
  in_record_totals: String(records),
  in_host_totals: String(records),
});

/** The fault that `work` rejects with; fails when it is none of the store's. */
async function faultOf(work: Promise<unknown>): Promise<StoreFault> {
  const fault: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (fault instanceof StoreFault) return fault;
  throw new Error('no fault of the store', { cause: fault });
}

export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of the store`, () => {
    let under: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      under = await open();
      store = under.store;
      expect(under.database).toContain('test');
      await store.command(`
        CREATE TABLE pairs (n UInt64, word String) ENGINE = MergeTree ORDER BY n
        SETTINGS non_replicated_deduplication_window = 100`);
    });

    afterEach(() => under.release());

    const words = async (): Promise<unknown[]> =>
      (await store.select('SELECT word FROM pairs ORDER BY n, word')).map(({ word }) => word);

    describe('a block', () => {
      it('is visible when its insert resolves', async () => {
        await store.insert(
          pairs(
            [
              [1, 'one'],
              [2, 'two'],
            ],
            'a',
          ),
        );
        expect(await store.select('SELECT n, word FROM pairs ORDER BY n')).toEqual([
          { n: '1', word: 'one' },
          { n: '2', word: 'two' },
        ]);
      });

      it('is never seen in part while it lands', async () => {
        const many = pairs(
          upTo(50_000).map((n) => [n, 'word']),
          'many',
        );
        let landing = true;
        const inserting = store.insert(many).finally(() => {
          landing = false;
        });
        const seen = new Set<unknown>();
        while (landing) seen.add((await store.select('SELECT count() AS n FROM pairs'))[0]?.['n']);
        await inserting;
        seen.add((await store.select('SELECT count() AS n FROM pairs'))[0]?.['n']);
        expect([...seen].filter((n) => n !== '0')).toEqual(['50000']);
      });

      it('lands once, however often it comes under one token', async () => {
        for (let time = 0; time < 3; time += 1) await store.insert(pairs([[1, 'one']], 'a'));
        expect(await words()).toEqual(['one']);
      });

      it('lands once also when it comes again to a store that was opened anew', async () => {
        await store.insert(pairs([[1, 'one']], 'a'));
        store = await under.reopen();
        await store.insert(pairs([[1, 'one']], 'a'));
        expect(await words()).toEqual(['one']);
      });

      it('lands again under another token', async () => {
        await store.insert(pairs([[1, 'one']], 'a'));
        await store.insert(pairs([[1, 'one']], 'b'));
        expect(await words()).toEqual(['one', 'one']);
      });

      it('lands under a token that another table knows', async () => {
        await store.command('CREATE TABLE others AS pairs');
        await store.insert(pairs([[1, 'one']], 'a'));
        await store.insert({ ...pairs([[1, 'one']], 'a'), table: 'others' });
        expect(await store.select('SELECT word FROM others')).toEqual([{ word: 'one' }]);
      });

      it('lands beside others that are inserted at the same time', async () => {
        await Promise.all(upTo(20).map((n) => store.insert(pairs([[n, `word-${n}`]], `token-${n}`))));
        expect(new Set(await words())).toEqual(new Set(upTo(20).map((n) => `word-${n}`)));
      });

      it('leaves none of its settings to what comes after it', async () => {
        await store.insert(pairs([[1, 'one']], 'a'));
        await store.command("INSERT INTO pairs VALUES (2, 'two')");
        await store.command("INSERT INTO pairs VALUES (3, 'three')");
        await store.insert(pairs([[4, 'four']], 'b'));
        expect(await words()).toEqual(['one', 'two', 'three', 'four']);
        const left = await store.select(
          "SELECT name FROM system.settings WHERE name = 'insert_deduplication_token' AND value != ''",
        );
        expect(left).toEqual([]);
      });

      it.each([
        ['more rows than it has', 3],
        ['fewer rows than it has', 1],
      ])('that announces %s is refused and does not land', async (_, rowCount) => {
        const right = pairs(
          [
            [1, 'one'],
            [2, 'two'],
          ],
          'a',
        );
        const fault = await faultOf(store.insert({ ...right, rowCount }));
        expect(fault.retry).toBe('never');
        expect(await words()).toEqual([]);
        await store.insert(right);
        expect(await words()).toEqual(['one', 'two']);
      });

      it('lands when its last line has no end', async () => {
        await store.insert({ ...pairs([], 'a'), rows: Buffer.from('[1,"one"]\n[2,"two"]'), rowCount: 2 });
        expect(await words()).toEqual(['one', 'two']);
      });

      it('of columns keeps every byte as it was, and lands once', async () => {
        const bytes = Array.from({ length: 256 }, (_, byte) => Buffer.alloc(1 + (byte % 3), byte));
        const all = [
          Buffer.concat(bytes),
          ...bytes,
          Buffer.from(';\n'),
          ...fc.sample(fc.uint8Array({ minLength: 1_000, maxLength: 1_000 }), 300).map((a) => Buffer.from(a)),
        ];
        const many = nativePairs(
          all.map((word, n) => [n, word]),
          'a',
        );
        await store.insert(many);
        await store.insert(many);
        const found = await store.select('SELECT lower(hex(word)) AS hex FROM pairs ORDER BY n');
        expect(found.map(({ hex }) => hex)).toEqual(all.map((word) => word.toString('hex')));
      });

      it.each([
        ['more rows than it has', 3],
        ['fewer rows than it has', 1],
      ])('of columns that announces %s is refused and does not land', async (_, rowCount) => {
        const right = nativePairs(
          [
            [1, Buffer.from('one')],
            [2, Buffer.from('two')],
          ],
          'a',
        );
        expect((await faultOf(store.insert({ ...right, rowCount }))).retry).toBe('never');
        expect(await words()).toEqual([]);
        await store.insert(right);
        expect(await words()).toEqual(['one', 'two']);
      });

      it('keeps every text as it was', async () => {
        const text = fc.string({ unit: 'binary' }).filter((t) => !t.includes('\0'));
        const awkward = [
          '',
          'Lá chắn cho trẻ em — 👧🏽',
          'a\\b',
          "it's",
          '"',
          '\\',
          '\\n',
          '\t',
          '\n',
          '\r\n',
          '\u2028',
          '\ufeff',
          '{x:String}',
          "'); DROP TABLE pairs; --",
          'null',
          '\\N',
          '[1,"x"]\n[2,"y"]',
          '\u0001\u001f\u007f',
        ];
        const lists = fc.sample(fc.array(text, { minLength: 200, maxLength: 200 }), 2);
        const texts = [...awkward, ...lists.flat()];
        await store.insert(
          pairs(
            texts.map((t, n) => [n, t]),
            'a',
          ),
        );
        const found = await store.select('SELECT word FROM pairs ORDER BY n');
        expect(found.map(({ word }) => word)).toEqual(texts);
      });
    });

    describe('a block of the landing table', () => {
      beforeEach(() => migrate(store, 'single', LATE_NOVEMBER_MS));

      it('lands once under its token: in the table and in every view', async () => {
        for (let time = 0; time < 3; time += 1) await store.insert(reportsAt(upTo(1_000), 'a'));
        expect(await landed(store)).toEqual(once(1_000));
      });

      it('lands again under another token: in the table and in every view', async () => {
        await store.insert(reportsAt(upTo(10), 'a'));
        await store.insert(reportsAt(upTo(10), 'b'));
        expect(await landed(store)).toEqual({ ...once(20), offsets: '10' });
      });

      it('of 20,000 rows is one part for each month, also when it is repeated', async () => {
        await store.insert(reportsAt(upTo(20_000), 'a'));
        await store.insert(reportsAt(upTo(20_000), 'a'));
        expect(
          await store.select(`
            SELECT partition, rows FROM system.parts
            WHERE database = currentDatabase() AND table = 'records' AND active ORDER BY partition`),
        ).toEqual([
          { partition: '202611', rows: '10000' },
          { partition: '202612', rows: '10000' },
        ]);
        expect(await landed(store)).toEqual(once(20_000));
      });

      it('lands also when its records were received in more months than the engine takes by itself', async () => {
        const { rows, ...rest } = reportsAt(upTo(150), 'a');
        let month = 0;
        const spread = Buffer.from(rows)
          .toString()
          .replaceAll(/1\d{12}/g, () => String(Date.UTC(2014, (month += 1), 15)));
        await store.insert({ ...rest, rows: Buffer.from(spread) });
        await store.insert({ ...rest, rows: Buffer.from(spread) });
        expect(await landed(store)).toEqual(once(150));
      });

      it('that a view refused may be repeated, and lands once everywhere when the view no longer does', async () => {
        await store.insert(reportsAt(upTo(5), 'before'));
        await store.command('CREATE TABLE nowhere (n UInt8) ENGINE = Null');
        await store.command(`
          CREATE MATERIALIZED VIEW a_failing_view TO nowhere AS
          SELECT throwIf(log_offset = 7, 'the view of the test refuses') AS n FROM records`);
        const refused = reportsAt([5, 6, 7, 8, 9], 'refused');
        expect((await faultOf(store.insert(refused))).retry).toBe('same-block');
        expect((await faultOf(store.insert(refused))).retry).toBe('same-block');

        await store.command('DROP VIEW a_failing_view');
        await store.insert(refused);
        expect(await landed(store)).toEqual(once(10));
        await store.insert(refused);
        expect(await landed(store)).toEqual(once(10));
      });
    });

    describe('a question', () => {
      it('that nothing answers has no rows', async () => {
        expect(await store.select('SELECT n FROM pairs')).toEqual([]);
      });

      it('gets 64-bit integers as text, and smaller ones as numbers', async () => {
        const answer = await store.select(`
          SELECT toUInt64('18446744073709551615') AS a, toInt64('-9223372036854775808') AS b, count() AS c,
            toUInt32(4294967295) AS d, [toUInt64(1)] AS e FROM pairs`);
        expect(answer).toEqual([
          { a: '18446744073709551615', b: '-9223372036854775808', c: '0', d: 4294967295, e: ['1'] },
        ]);
      });

      it('gets its parameters back as they were bound, whatever stands in them', async () => {
        const texts = [
          "'",
          "\\'",
          '\\',
          '\\\\',
          '"',
          '`',
          '\t',
          '\n',
          "'); DROP TABLE pairs; --",
          '{x:UInt8}',
          'Lá chắn',
          '--',
          '/*',
          'a,b',
          '[',
          "['x']",
          '',
        ];
        for (const text of texts) {
          expect(await store.select('SELECT {text:String} AS text', { text })).toEqual([{ text }]);
        }
        expect(await store.select('SELECT {texts:Array(String)} AS texts', { texts })).toEqual([{ texts }]);
        expect(
          await store.select('SELECT {b:Bool} AS b, {n:UInt32} AS n, {a:Array(UInt64)} AS a', {
            b: true,
            n: 7,
            a: [1, Number.MAX_SAFE_INTEGER],
          }),
        ).toEqual([{ b: true, n: 7, a: ['1', '9007199254740991'] }]);
        expect(await words()).toEqual([]);
      });

      it('is refused when a parameter is no value of its type', async () => {
        const fault = await faultOf(store.select('SELECT {n:UInt32} AS n', { n: '1 OR 1 = 1' }));
        expect(fault.retry).toBe('never');
      });

      it('gets its own answer among many that are asked at once', async () => {
        const answers = await Promise.all(
          upTo(100).map((n) =>
            store.select('SELECT {n:UInt32} AS n, {t:String} AS t', { n, t: `text-${n}` }),
          ),
        );
        expect(answers.flat()).toEqual(upTo(100).map((n) => ({ n, t: `text-${n}` })));
      });
    });

    describe('a fault', () => {
      it.each([
        ['of syntax', (s: Store) => s.select('SELEC 1')],
        ['of syntax in a statement', (s: Store) => s.command('CREAT TABLE x')],
        ['of an unknown table', (s: Store) => s.select('SELECT * FROM nothing')],
        ['of an unknown column', (s: Store) => s.select('SELECT nothing FROM pairs')],
        [
          'of a block for an unknown table',
          (s: Store) => s.insert({ ...pairs([[1, 'x']], 'a'), table: 'nothing' }),
        ],
        [
          'of a block for an unknown column',
          (s: Store) => s.insert(block('pairs', ['n', 'x'], [[1, 'x']], 'a')),
        ],
        [
          'of a row that does not fit',
          (s: Store) => s.insert(block('pairs', ['n', 'word'], [['x', 'x']], 'a')),
        ],
        ['of a row that is too short', (s: Store) => s.insert(block('pairs', ['n', 'word'], [[1]], 'a'))],
        [
          'of bytes that are no rows',
          (s: Store) => s.insert({ ...pairs([[1, 'x']], 'a'), rows: Buffer.from('x\n') }),
        ],
        [
          'of a name that is none',
          (s: Store) => s.insert({ ...pairs([[1, 'x']], 'a'), table: 'pairs; DROP' }),
        ],
      ])('%s is never worth repeating', async (_, provoke) => {
        const fault = await faultOf(provoke(store));
        expect(fault.retry).toBe('never');
      });

      it('leaves nothing of its block behind', async () => {
        await faultOf(
          store.insert(
            block(
              'pairs',
              ['n', 'word'],
              [
                [1, 'good'],
                ['bad', 'x'],
                [3, 'good'],
              ],
              'a',
            ),
          ),
        );
        expect(await words()).toEqual([]);
        await store.insert(pairs([[1, 'good']], 'a'));
        expect(await words()).toEqual(['good']);
      });

      it.each([
        [
          'a row',
          (s: Store) =>
            s.insert(
              block(
                'pairs',
                ['n', 'word'],
                [
                  [1, 'x'],
                  ['bi-mat', 'bi-mat'],
                ],
                'a',
              ),
            ),
        ],
        [
          'a row of bytes',
          (s: Store) => s.insert({ ...pairs([[1, 'x']], 'a'), rows: Buffer.from('bi-mat\n') }),
        ],
        ['a parameter', (s: Store) => s.select('SELECT throwIf(1, {t:String})', { t: 'bi-mat' })],
        ['a parameter of the wrong type', (s: Store) => s.select('SELECT {n:UInt8}', { n: 'bi-mat' })],
        [
          'a stored row',
          async (s: Store) => {
            await s.insert(pairs([[1, 'bi-mat']], 'a'));
            return s.select('SELECT toUInt64(word) FROM pairs');
          },
        ],
      ])('says nothing of the content of %s', async (_, provoke) => {
        const fault = await faultOf(provoke(store));
        expect(inspect(fault, { depth: Infinity, showHidden: true })).not.toContain('bi-mat');
        expect(fault.engineCode).toMatch(/^\d+$/);
      });
    });

    describe('the schema', () => {
      it('is applied once, however often it is asked for', async () => {
        const names = migrations('single').map(({ name }) => name);
        expect(names.length).toBeGreaterThan(0);
        expect(await migrate(store, 'single', LATE_NOVEMBER_MS)).toEqual(names);
        expect(await migrate(store, 'single', LATE_NOVEMBER_MS)).toEqual([]);
        store = await under.reopen();
        expect(await migrate(store, 'single', LATE_NOVEMBER_MS)).toEqual([]);
        expect(await store.select('SELECT name FROM schema_migrations FINAL ORDER BY name')).toEqual(
          names.map((name) => ({ name })),
        );
      });

      it('is completed where a migration stopped half-way', async () => {
        const statements = migrations('single').flatMap((migration) => migration.statements);
        for (const statement of statements.slice(0, 2)) await store.command(statement);
        await migrate(store, 'single', LATE_NOVEMBER_MS);
        await store.insert(reportsAt(upTo(4), 'a'));
        expect(await landed(store)).toEqual(once(4));
      });

      it('bears two who apply it at the same time', async () => {
        await Promise.all([1, 2].map(() => migrate(store, 'single', LATE_NOVEMBER_MS)));
        await store.insert(reportsAt(upTo(4), 'a'));
        expect(await landed(store)).toEqual(once(4));
      });

      it('has every table synced on insert and after merges, with a window of tokens', async () => {
        await migrate(store, 'single', LATE_NOVEMBER_MS);
        const tables = await store.select(`
          SELECT name, create_table_query AS ddl FROM system.tables
          WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'pairs' ORDER BY name`);
        expect(tables.map(({ name }) => name)).toEqual(
          expect.arrayContaining([
            'data_keys',
            'host_totals',
            'landings',
            'log_epochs',
            'record_totals',
            'records',
          ]),
        );
        for (const { ddl } of tables) {
          expect(ddl).toMatch(/\bfsync_after_insert = 1\b/);
          expect(ddl).toMatch(/\bfsync_part_directory = 1\b/);
          expect(ddl).toMatch(/\bmin_rows_to_fsync_after_merge = 1\b/);
          expect(ddl).toMatch(/\bnon_replicated_deduplication_window = 10000\b/);
        }
      });
    });

    describe('closing', () => {
      it('is safe to do twice, and a closed store refuses', async () => {
        await Promise.all([store.close(), store.close()]);
        await store.close();
        for (const use of [
          () => store.select('SELECT 1'),
          () => store.command('CREATE TABLE x (n UInt8) ENGINE = Null'),
          () => store.insert(pairs([[1, 'x']], 'a')),
        ]) {
          expect((await faultOf(use())).retry).toBe('never');
        }
      });

      it('waits for the inserts that were begun', async () => {
        const inserting = [1, 2, 3].map((n) =>
          store.insert(
            pairs(
              upTo(5_000).map((i) => [i, `${n}`]),
              `token-${n}`,
            ),
          ),
        );
        await store.close();
        await Promise.all(inserting);
        store = await under.reopen();
        expect(await store.select('SELECT count() AS n FROM pairs')).toEqual([{ n: '15000' }]);
      });
    });
  });
}
