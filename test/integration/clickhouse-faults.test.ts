// The store over HTTP while something goes wrong between it and the engine, or in the engine. Where a fault leaves open
// whether the block has landed, the same block is inserted until it resolves; then it must be everywhere exactly once.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openClickHouse, type ClickHouseOptions } from '../../store/clickhouse.js';
import { migrate } from '../../store/migrate.js';
import { StoreFault, type Block, type Store } from '../../store/store.js';
import { landed, LATE_NOVEMBER_MS, once, reportsAt, upTo } from '../contract/store-contract.js';
import { startClickHouseStandIn, type StandIn, type StandInFault } from '../support/clickhouse-http.js';
import { freePort, until } from '../support/lachan-process.js';

const ROWS = 40;
/** What a test waits for an answer that never comes. */
const SHORT_MS = 1_500;
const pem = (file: string): string =>
  readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url), 'utf8');

let standIn: StandIn;
let store: Store;
let databases = 0;
let options: ClickHouseOptions;

beforeAll(async () => {
  standIn = await startClickHouseStandIn();
});
afterAll(() => standIn.stop());

beforeEach(async () => {
  options = { url: standIn.url, database: `test_${(databases += 1)}`, insertTimeoutMs: 10_000 };
  store = await openClickHouse(options);
  await migrate(store, 'single', LATE_NOVEMBER_MS);
  await store.insert(reportsAt(upTo(ROWS), 'before'));
});
afterEach(async () => {
  await standIn.heal();
  await store.command(`DROP DATABASE ${options.database} SYNC`);
  await store.close();
});

const block = reportsAt(
  upTo(ROWS).map((n) => ROWS + n),
  'under-test',
);

async function faultOf(work: Promise<unknown>): Promise<StoreFault> {
  const fault: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (fault instanceof StoreFault) return fault;
  throw new Error('no fault of the store', { cause: fault });
}

/** Inserts the block until it resolves; the faults on the way. */
async function insertUntilDefinite(into: Store, inserted: Block): Promise<StoreFault[]> {
  const faults: StoreFault[] = [];
  while (faults.length < 50) {
    try {
      await into.insert(inserted);
      return faults;
    } catch (fault) {
      if (!(fault instanceof StoreFault) || fault.retry === 'never') throw fault;
      faults.push(fault);
    }
  }
  throw new Error('never resolved', { cause: faults.at(-1) });
}

const rowsNow = async (): Promise<number> => Number((await landed(store))?.['rows']);

describe('a block whose insert', () => {
  it.each<[string, StandInFault, number, RegExp]>([
    [
      'met a reset before it was done',
      { kind: 'reset-before' },
      ROWS,
      /no answer from the engine \(ECONNRESET\)/,
    ],
    ['met a reset after it was done', { kind: 'reset-after' }, 2 * ROWS, /\(ECONNRESET\)/],
    ['met a connection that was closed as idle', { kind: 'reset-unread' }, ROWS, /\(E[A-Z]+\)/],
    ['was never answered, and not done', { kind: 'silent-before' }, ROWS, /no answer within 1500 ms/],
    ['was never answered, but done', { kind: 'silent-after' }, 2 * ROWS, /no answer within 1500 ms/],
    ['was never read by the server', { kind: 'half-open' }, ROWS, /no answer within 1500 ms/],
    ['was done, and answered too late', { kind: 'slow', ms: 4_000 }, 2 * ROWS, /no answer within 1500 ms/],
    ['was done, and answered half', { kind: 'cut-answer' }, 2 * ROWS, /no answer from the engine/],
    [
      'was done behind a proxy that failed',
      { kind: 'status-after', status: 500 },
      2 * ROWS,
      /HTTP status 500/,
    ],
    [
      'was done behind a proxy that gave up',
      { kind: 'status-after', status: 504 },
      2 * ROWS,
      /HTTP status 504/,
    ],
    [
      'failed under status 200',
      { kind: 'exception-in-body', code: 395, name: 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO' },
      ROWS,
      /engine error 395/,
    ],
  ])('%s is repeated, and is everywhere once', async (_, fault, rowsAfterFault, message) => {
    const impatient = await openClickHouse({ ...options, insertTimeoutMs: SHORT_MS });
    await standIn.fail(fault);
    const told = await faultOf(impatient.insert(block));
    expect(told.retry).toBe('same-block');
    expect(told.message).toMatch(message);
    // The store repeated nothing by itself.
    expect(await rowsNow()).toBe(rowsAfterFault);

    expect(await insertUntilDefinite(impatient, block)).toEqual([]);
    expect(await landed(store)).toEqual(once(2 * ROWS));
    await impatient.insert(block);
    expect(await landed(store)).toEqual(once(2 * ROWS));
    await impatient.close();
  });

  it.each([
    [252, 'TOO_MANY_PARTS'],
    [241, 'MEMORY_LIMIT_EXCEEDED'],
    [242, 'TABLE_IS_READ_ONLY'],
    [999, 'KEEPER_EXCEPTION'],
    [319, 'UNKNOWN_STATUS_OF_INSERT'],
    [159, 'TIMEOUT_EXCEEDED'],
  ])('is refused three times with %i %s lands when the engine takes it', async (code, name) => {
    await standIn.fail({ kind: 'exception', code, name, times: 3 });
    const faults = await insertUntilDefinite(store, block);
    expect(faults.map(({ message }) => message)).toEqual(
      Array(3).fill(`insert: engine error ${code} ${name}`),
    );
    expect(faults.map(({ engineCode }) => engineCode)).toEqual(Array(3).fill(String(code)));
    expect(await landed(store)).toEqual(once(2 * ROWS));
  });

  it('is done by the server only after it was given up and repeated lands once', async () => {
    const impatient = await openClickHouse({ ...options, insertTimeoutMs: SHORT_MS });
    await standIn.fail({ kind: 'late', ms: 3_000 });
    expect((await faultOf(impatient.insert(block))).retry).toBe('same-block');
    await impatient.insert(block);
    expect(await landed(store)).toEqual(once(2 * ROWS));
    // Inserts are done one after the other: when this one has landed, the late one has been done.
    await standIn.fail({ kind: 'late', ms: 3_000 });
    await store.insert(reportsAt([2 * ROWS], 'after'));
    expect(await landed(store)).toEqual(once(2 * ROWS + 1));
    await impatient.close();
  });

  it('is refused by a view lands once everywhere when the view no longer throws', async () => {
    await store.command('CREATE TABLE switch (n UInt8) ENGINE = MergeTree ORDER BY n');
    await store.command('INSERT INTO switch VALUES (1)');
    await store.command('CREATE TABLE nowhere (n UInt8) ENGINE = Null');
    await store.command(`
      CREATE MATERIALIZED VIEW a_failing_view TO nowhere AS
      SELECT throwIf((SELECT count() FROM switch) > 0, 'the view of the test') AS n FROM records`);
    for (let time = 0; time < 2; time += 1) {
      const fault = await faultOf(store.insert(block));
      expect(fault).toMatchObject({ retry: 'same-block', engineCode: '395' });
      expect(inspect(fault, { depth: Infinity, showHidden: true })).not.toContain('the view of the test');
    }
    await store.command('TRUNCATE TABLE switch');
    await store.insert(block);
    await store.insert(block);
    expect(await landed(store)).toEqual(once(2 * ROWS));
  });

  it('takes longer than the server is allowed to is ended by the server, before the client gives up', async () => {
    const patient = await openClickHouse({ ...options, insertTimeoutMs: 4_000 });
    await store.command('CREATE TABLE nowhere (n UInt8) ENGINE = Null');
    await store.command(`
      CREATE MATERIALIZED VIEW a_slow_view TO nowhere AS
      SELECT (SELECT max(sipHash64(number)) FROM numbers(5000000000)) = log_offset AS n FROM records`);
    expect(await faultOf(patient.insert(block))).toMatchObject({
      retry: 'same-block',
      message: 'insert: engine error 159 TIMEOUT_EXCEEDED',
    });
    await store.command('DROP VIEW a_slow_view');
    await patient.insert(block);
    expect(await landed(store)).toEqual(once(2 * ROWS));
    await patient.close();
  });
});

describe('a server that is killed', () => {
  it('between two inserts knows the first one again, and takes the second', async () => {
    await standIn.kill();
    expect(await faultOf(store.insert(block))).toMatchObject({
      retry: 'same-block',
      message: expect.stringMatching(/\((ECONNREFUSED|ECONNRESET)\)/) as unknown,
    });
    await standIn.restart();
    await insertUntilDefinite(store, block);
    await store.insert(reportsAt(upTo(ROWS), 'before'));
    expect(await landed(store)).toEqual(once(2 * ROWS));
  });

  it('while it inserts takes the same block again, once, wherever it was', async () => {
    let at = ROWS;
    for (const waitMs of [0, 2, 5, 10, 20]) {
      const many = reportsAt(
        upTo(5_000).map((n) => at + n),
        `killed-${waitMs}`,
      );
      at += 5_000;
      const inserting = store.insert(many).catch((fault: unknown) => fault);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      await standIn.kill();
      await inserting;
      await standIn.restart();
      await insertUntilDefinite(store, many);
      expect(await landed(store)).toEqual(once(at));
    }
  });

  it('and comes back is found by a store that was opened before, after it was frozen too', async () => {
    const impatient = await openClickHouse({ ...options, insertTimeoutMs: SHORT_MS });
    standIn.signal('SIGSTOP');
    expect((await faultOf(impatient.insert(block))).message).toBe('insert: no answer within 1500 ms');
    standIn.signal('SIGCONT');
    await insertUntilDefinite(impatient, block);
    expect(await landed(store)).toEqual(once(2 * ROWS));
    await impatient.close();
  });
});

it('a server that closes idle connections while the next block is on its way gets every block once', async () => {
  const hasty = await startClickHouseStandIn({ keepAliveMs: 4 });
  const into = await openClickHouse({ ...options, url: hasty.url, idleSocketMs: 60_000 });
  await migrate(into, 'single', LATE_NOVEMBER_MS);
  for (let n = 0; n < 40; n += 1) {
    await insertUntilDefinite(into, reportsAt([n], `token-${n}`));
    await new Promise((resolve) => setTimeout(resolve, 2 + (n % 4)));
  }
  // A question is no block: whoever asks asks again.
  const counts = await until('an answer', () => landed(into).catch(() => undefined));
  expect(counts).toEqual(once(40));
  await into.close();
  await hasty.stop();
});

describe('a question', () => {
  it.each<[string, StandInFault, Partial<StoreFault>]>([
    ['whose answer breaks off', { kind: 'cut-answer', on: 'query' }, { retry: 'same-block' }],
    [
      'that fails under status 200',
      { kind: 'exception-in-body', code: 241, name: 'MEMORY_LIMIT_EXCEEDED', on: 'query' },
      { retry: 'same-block', message: 'select: engine error 241 MEMORY_LIMIT_EXCEEDED' },
    ],
    [
      'behind a proxy that failed',
      { kind: 'status-after', status: 502, on: 'query' },
      { retry: 'same-block' },
    ],
    ['that a proxy does not let in', { kind: 'status-after', status: 403, on: 'query' }, { retry: 'never' }],
  ])('%s is a fault, never half an answer', async (_, fault, expected) => {
    await standIn.fail(fault);
    expect(await faultOf(store.select('SELECT log_offset FROM records ORDER BY log_offset'))).toMatchObject(
      expected,
    );
    expect(await store.select('SELECT count() AS n FROM records')).toEqual([{ n: String(ROWS) }]);
  });

  it('with an answer larger than allowed is refused', async () => {
    const small = await openClickHouse({ ...options, answerBytes: 100_000 });
    const fault = await faultOf(small.select('SELECT number FROM numbers(1000000)'));
    expect(fault).toMatchObject({ retry: 'never', message: 'select: more than 100000 bytes of answer' });
    expect(await small.select('SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await small.close();
  });

  it('may name 5,000 keys', async () => {
    const keys = upTo(5_000).map((n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
    expect(await store.select('SELECT length({keys:Array(String)}) AS n', { keys })).toEqual([{ n: '5000' }]);
  });
});

describe('opening', () => {
  it('a database that is there leaves what is in it', async () => {
    const again = await openClickHouse(options);
    expect(await again.select('SELECT currentDatabase() AS name')).toEqual([{ name: options.database }]);
    expect(await landed(again)).toEqual(once(ROWS));
    await again.close();
  });

  it.each([
    ['an unknown name', { username: 'nobody', password: 'bi-mat' }],
    ['a wrong password', { password: 'bi-mat' }],
  ])('with %s is never worth repeating, and tells no password', async (_, wrong) => {
    const fault = await faultOf(openClickHouse({ ...options, ...wrong }));
    expect(fault).toMatchObject({
      retry: 'never',
      message: 'select: engine error 516 AUTHENTICATION_FAILED',
    });
    expect(inspect(fault, { depth: Infinity, showHidden: true })).not.toContain('bi-mat');
  });

  it('where nobody listens may be tried again', async () => {
    const fault = await faultOf(openClickHouse({ ...options, url: `http://127.0.0.1:${await freePort()}` }));
    expect(fault).toMatchObject({ retry: 'same-block' });
    expect(fault.message).toContain('ECONNREFUSED');
  });

  it.each([
    ['no URL', { url: 'clickhouse' }],
    ['another protocol', { url: 'tcp://clickhouse.example:9000' }],
    ['credentials in the URL', { url: 'http://a:bi-mat@clickhouse.example' }],
    ['settings in the URL', { url: 'http://clickhouse.example/?async_insert=1' }],
    ['an authority for http', { url: 'http://clickhouse.example', ca: 'x' }],
    ['a database that is no name', { database: 'x; DROP' }],
    ['a cluster that is no name', { cluster: "x' y" }],
  ])('with %s is refused', async (_, wrong) => {
    const fault = await faultOf(openClickHouse({ ...options, ...wrong }));
    expect(fault.retry).toBe('never');
    expect(inspect(fault, { depth: Infinity })).not.toContain('bi-mat');
  });
});

describe('over TLS', () => {
  const user = { username: 'lachan', password: 'test-only' };
  let secure: StandIn;

  beforeAll(async () => {
    secure = await startClickHouseStandIn({ tls: { cert: pem('server'), key: pem('server-key') }, user });
  });
  afterAll(() => secure.stop());

  it('a server is known by the authority that is given', async () => {
    const into = await openClickHouse({ ...user, url: secure.url, database: 'test', ca: pem('ca') });
    await migrate(into, 'single', LATE_NOVEMBER_MS);
    await into.insert(block);
    expect(await landed(into)).toEqual(once(ROWS));
    await into.close();
  });

  it.each([
    ['none', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['another', { ca: pem('other-ca') }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('a server is told nothing when the authority is %s', async (_, ca, code) => {
    const fault = await faultOf(openClickHouse({ ...user, ...ca, url: secure.url, database: 'test' }));
    expect(fault.message).toBe(`select: no answer from the engine (${code})`);
  });

  it('a wrong password is refused for good', async () => {
    const wrong = { ...user, password: 'other', url: secure.url, database: 'test', ca: pem('ca') };
    expect(await faultOf(openClickHouse(wrong))).toMatchObject({ retry: 'never', engineCode: '516' });
  });
});

describe('for a cluster', () => {
  it('inserts and questions carry settings that the engine knows', async () => {
    const into = await openClickHouse({ ...options, cluster: 'lachan_demo' });
    await Promise.all([into.insert(block), into.insert(reportsAt([2 * ROWS], 'beside'))]);
    expect(await landed(into)).toEqual(once(2 * ROWS + 1));
    await into.close();
  });

  it('a missing database is made on every server, inserts wait for most replicas, questions see all of them', async () => {
    const asked: { url: URL; body: string }[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        asked.push({
          url: new URL(request.url ?? '', 'http://x.example'),
          body: Buffer.concat(parts).toString(),
        });
        const unknown = asked.length === 1;
        response.writeHead(unknown ? 404 : 200, unknown ? { 'X-ClickHouse-Exception-Code': '81' } : {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    const url = `http://127.0.0.1:${address.port}`;
    const into = await openClickHouse({ url, database: 'lachan', cluster: '{cluster}' });
    await into.insert(block);
    await into.close();
    server.close();

    const [first, made, second, inserted] = asked;
    expect(first?.url.searchParams.get('select_sequential_consistency')).toBe('1');
    expect(made?.body).toBe("CREATE DATABASE IF NOT EXISTS lachan ON CLUSTER '{cluster}'");
    expect(made?.url.searchParams.get('database')).toBeNull();
    expect(second?.url.searchParams.get('database')).toBe('lachan');
    const statement = inserted?.url.searchParams.get('query') ?? '';
    expect(statement).toContain(
      "insert_quorum = 'auto', insert_quorum_parallel = 0, insert_quorum_timeout = 15000",
    );
    expect(statement).toContain("insert_deduplication_token = 'under-test' FORMAT JSONCompactEachRow");
    expect(inserted?.body).toBe(Buffer.from(block.rows).toString());
  });
});
