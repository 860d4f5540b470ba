import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC } from '../../log/topics.js';
import { dataKeyRecordCodec, reportRecordCodec } from '../../schemas/record-codec.js';
import { StoreFault, type Block, type Store } from '../../store/store.js';
import { LandingWorld } from '../support/landing-world.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';

/** The engine binds one directory per process: all tests of this file share it, each with its own database. */
let directory: string;
let databases = 0;
const newDatabase = (): string => `test_${(databases += 1)}`;
let world: LandingWorld;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});

afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  world = await LandingWorld.open(directory, newDatabase());
});

afterEach(() => world.close());

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const report = (n: number, change: Parameters<typeof recordOf>[0] = {}) =>
  recordOf({ reportId: `r-${n}`, ...change });
const reports = (count: number, from = 0) => Array.from({ length: count }, (_, n) => report(from + n));
const committed = async () => (await world.log.committed(LANDING_GROUP, REPORTS_TOPIC))[0];

/** Every record is one row, in the table and in the views; nothing is missing and nothing is there twice. */
async function expectLandedOnce(records: number): Promise<void> {
  const audit = await world.audit();
  expect(audit.problems).toEqual([]);
  expect(audit.holds).toBe(true);
  expect({ table: audit.tableRows, view: audit.viewRows }).toEqual({ table: records, view: records });
}

/** The store, with inserts into the landing table in other hands. */
function withInsert(store: Store, insert: (block: Block) => Promise<void>): Store {
  return { ...store, insert: (block) => (block.table === 'records' ? insert(block) : store.insert(block)) };
}

class Crash extends Error {}

describe('landing', () => {
  it('makes a row of every record', async () => {
    const first = recordOf({
      serviceName: 'Dịch vụ "thử" \\ \n',
      annotations: ['x-demo:1'],
      locations: [locationOf('lachan-demo-1.vn'), locationOf('host-1.example')],
      confidence: 0.25,
      sealed: [{ field: 'locations[0].url', token: Buffer.alloc(16, 0xab), box: Buffer.from([0, 255, 1]) }],
    });
    const second = recordOf({ reportId: 'r-2', locations: [] });
    await world.append(first, second);
    await world.landAll();
    const [row, other] = await world.rows('*');
    expect(row).toMatchObject({
      log_epoch: 1,
      log_partition: 0,
      log_offset: '0',
      outcome: 'REPORT',
      environment: 'TEST',
      provider_id: 'demo-platform',
      report_id: 'r-1',
      received_at: '2026-11-02 00:00:00.000',
      landed_at: '2026-11-02 01:00:00.000',
      detected_at: '2026-11-01 23:00:00.000',
      detected_precision: 'SECOND',
      incident_at: null,
      service_name: 'Dịch vụ "thử" \\ \n',
      annotations: ['x-demo:1'],
      confidence: 0.25,
      location_hosts: ['lachan-demo-1.vn', 'host-1.example'],
      location_is_vn_domain: [true, false],
      location_countries: ['VN', 'VN'],
      is_vn: true,
      sealed_boxes: ['AP8B'],
    });
    expect(String(row?.['record_key']).replaceAll('-', '')).toBe(hex(first.recordKey));
    expect(row?.['payload_digest']).toBe(hex(first.payloadDigest));
    expect(other).toMatchObject({ log_offset: '1', report_id: 'r-2', location_hosts: [], is_vn: false });
    expect(
      await world.store.select(
        'SELECT host, country, asn, sum(reports) AS n FROM host_totals GROUP BY ALL ORDER BY host',
      ),
    ).toEqual([
      { host: 'host-1.example', country: 'VN', asn: 64_500, n: '1' },
      { host: 'lachan-demo-1.vn', country: 'VN', asn: 64_500, n: '1' },
    ]);
    await expectLandedOnce(2);
  });

  it('goes on with what is appended while it runs', async () => {
    const consumers = await world.start();
    for (let n = 0; n < 5; n += 1) await world.append(...reports(20, n * 20));
    while ((await committed())?.offset !== 100) await Promise.race([consumers.ended, setTimeout(5)]);
    await consumers.close();
    await consumers.ended;
    await expectLandedOnce(100);
  });

  it('lands data keys, and says of one that it cannot read that it cannot', async () => {
    const key = {
      keyId: Buffer.alloc(8, 1),
      wrappedKey: Buffer.alloc(256, 2),
      publicKeyFingerprint: Buffer.alloc(32, 3),
      createdAtMs: RECEIVED_AT_MS,
    };
    const values = [dataKeyRecordCodec.encode(key), Buffer.from('no key')];
    await world.log.append(
      DATA_KEYS_TOPIC,
      values.map((value) => ({ key: Buffer.from('k'), value })),
    );
    await world.landAll();
    expect(
      await world.store.select('SELECT key_id, wrapped_key, problem FROM data_keys ORDER BY log_offset'),
    ).toEqual([
      { key_id: '01'.repeat(8), wrapped_key: base64(key.wrappedKey), problem: '' },
      { key_id: '', wrapped_key: '', problem: 'UNDECODABLE' },
    ]);
    await expectLandedOnce(0);
  });

  it('finds duplicates and conflicts, also those of earlier runs', async () => {
    await world.append(report(1), report(2), report(1), report(2, { category: 'GROOMING' }));
    await world.landAll();
    await world.reopenStore();
    await world.append(report(1), report(1, { serviceName: 'another' }), report(3));
    await world.landAll();
    expect(await world.rows('outcome, conflict_fields')).toEqual([
      { outcome: 'REPORT', conflict_fields: [] },
      { outcome: 'REPORT', conflict_fields: [] },
      { outcome: 'DUPLICATE', conflict_fields: [] },
      { outcome: 'CONFLICT', conflict_fields: ['category'] },
      { outcome: 'DUPLICATE', conflict_fields: [] },
      { outcome: 'CONFLICT', conflict_fields: ['service_name'] },
      { outcome: 'REPORT', conflict_fields: [] },
    ]);
    await expectLandedOnce(7);
  });

  it('finds them in the store when it has no room to remember them', async () => {
    const budget = {
      dedup: { maxExactKeys: 2, maxFilters: 0 },
      limits: { maxRecords: 7, maxBytes: 1e6, maxWaitMs: 10 },
    };
    await world.append(...reports(30));
    await world.landAll(budget);
    await world.append(
      ...reports(30),
      ...reports(30).map((record) => recordOf({ ...record, ...changed(record) })),
    );
    await world.landAll(budget);
    const outcomes = await world.outcomes();
    expect(outcomes).toEqual([
      ...Array<string>(30).fill('REPORT'),
      ...Array<string>(30).fill('DUPLICATE'),
      ...Array<string>(30).fill('CONFLICT'),
    ]);
    await expectLandedOnce(90);
  });

  it('asks the store about 12,000 conflicts of one batch at once', async () => {
    const many = {
      limits: { maxRecords: 20_000, maxBytes: 1e8, maxWaitMs: 10 },
      dedup: { maxExactKeys: 100_000, maxFilters: 1 },
    };
    await world.append(...reports(12_000));
    await world.landAll(many);
    await world.append(...reports(12_000).map((record) => recordOf({ ...record, ...changed(record) })));
    await world.landAll(many);
    expect(
      await world.store.select(
        'SELECT outcome, count() AS n, any(conflict_fields) AS f FROM records GROUP BY outcome ORDER BY outcome',
      ),
    ).toEqual([
      { outcome: 'CONFLICT', n: '12000', f: ['service_name'] },
      { outcome: 'REPORT', n: '12000', f: [] },
    ]);
    await expectLandedOnce(24_000);
  });

  /** Another content of the same report, with the digests that follow from it. */
  function changed(record: ReturnType<typeof recordOf>): Parameters<typeof recordOf>[0] {
    const { fieldDigests, payloadDigest } = recordOf({ reportId: record.reportId, serviceName: 'another' });
    return { serviceName: 'another', fieldDigests, payloadDigest };
  }
});

describe('records that cannot be read', () => {
  const good = reportRecordCodec.encode(report(0));

  it('become dead letters with their bytes and the reason, and their neighbours land', async () => {
    const unknownSchema = Buffer.from(good);
    unknownSchema.fill(0xee, 2, 10);
    const poison = [
      Buffer.alloc(0),
      Buffer.from('bytes of chance: \u0000\u00ff'),
      good.subarray(0, 100),
      Buffer.concat([good, good]),
      unknownSchema,
      reportRecordCodec.encode(report(0, { revision: -1 })),
      reportRecordCodec.encode(report(0, { confidence: NaN })),
      Buffer.concat([good.subarray(0, 10), Buffer.alloc(1_000_000, 0xff)]),
    ];
    await world.append(...poison.flatMap((bytes, n) => [report(n), bytes]), report(99));
    await world.landAll();
    const reasons = poison.map((bytes) => (bytes === unknownSchema ? 'UNKNOWN_SCHEMA' : 'UNDECODABLE'));
    expect(await world.rows('outcome, reason, stage, original')).toEqual([
      ...poison.flatMap((bytes, n) => [
        { outcome: 'REPORT', reason: '', stage: '', original: '' },
        { outcome: 'DEAD_LETTER', reason: reasons[n], stage: 'decode', original: base64(bytes) },
      ]),
      { outcome: 'REPORT', reason: '', stage: '', original: '' },
    ]);
    await expectLandedOnce(17);
  });

  it('never stop the others: every byte of a record may be any other', async () => {
    const mutated = Array.from(good, (byte, at) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte ^ (1 + ((at * 37) % 255));
      return bytes;
    });
    await world.append(...mutated.flatMap((bytes, n) => [bytes, report(n)]));
    await world.landAll();
    const outcomes = await world.outcomes();
    expect(outcomes).toHaveLength(2 * mutated.length);
    expect(new Set(outcomes.filter((_, at) => at % 2 === 1))).toEqual(new Set(['REPORT']));
    await expectLandedOnce(2 * mutated.length);
  });

  it('land once on replay, with records of two months in one batch', async () => {
    const december = { receivedAtMs: Date.UTC(2026, 11, 1) };
    await world.append(
      report(0, { receivedAtMs: Date.UTC(2026, 11, 1) - 1 }),
      Buffer.from('not a record'),
      report(1, december),
      Buffer.from('nor this'),
      report(1, december),
    );
    let crashes = 0;
    const crashing = withInsert(world.store, async (block) => {
      await world.store.insert(block);
      crashes += 1;
      throw new Crash();
    });
    await expect(world.landAll({ store: crashing })).rejects.toBeInstanceOf(Crash);
    await expect(world.landAll({ store: crashing })).rejects.toBeInstanceOf(Crash);
    await world.landAll();
    expect(crashes).toBe(2);
    expect(await world.outcomes()).toEqual(['REPORT', 'DEAD_LETTER', 'REPORT', 'DEAD_LETTER', 'DUPLICATE']);
    await expectLandedOnce(5);
  });

  it('stop the partition when they come as a flood, and land when that is allowed', async () => {
    const flood = Array.from({ length: 51 }, (_, n) => Buffer.from(`not a record: ${n}`));
    await world.append(report(1), ...flood, report(2));
    const landing = world.landAll({ maxDeadLettersInARow: 50 });
    await expect(landing).rejects.toThrow('more than 50 records in a row cannot be read');
    expect(await world.outcomes()).toEqual([]);
    expect((await committed())?.offset).toBe(0);

    await world.landAll({ maxDeadLettersInARow: 51 });
    await expectLandedOnce(53);
  });
});

describe('a batch lands once', () => {
  it('when the process died between intent and insert', async () => {
    await world.append(...reports(10));
    await world.landAll();
    await world.append(report(3), ...reports(4, 10), report(20));
    const subscription = await world.log.read(LANDING_GROUP, [REPORTS_TOPIC], (reader) =>
      reader.commit(10, '{"pending":[10,14],"epoch":1}'),
    );
    await subscription.ended;

    await world.landAll({ limits: { maxRecords: 2, maxBytes: 100, maxWaitMs: 10 } });
    expect(await world.outcomes()).toEqual([
      ...Array<string>(10).fill('REPORT'),
      'DUPLICATE',
      ...Array<string>(5).fill('REPORT'),
    ]);
    await expectLandedOnce(16);
  });

  it.each([
    ['before the store had it', false],
    ['after the store had it', true],
  ])('when the process died in every insert, %s', async (_, lands) => {
    await world.append(...reports(25), report(7), report(8, { category: 'GROOMING' }));
    const limits = { maxRecords: 10, maxBytes: 1e6, maxWaitMs: 10 };
    const dead = new Set<string>();
    const landAndDie = (): Promise<void> => {
      const crashing = withInsert(world.store, async (block) => {
        if (!dead.has(block.token)) {
          dead.add(block.token);
          if (lands) await world.store.insert(block);
          throw new Crash();
        }
        await world.store.insert(block);
      });
      return world.landAll({ store: crashing, limits });
    };
    for (let start = 0; start < 3; start += 1) {
      await expect(landAndDie()).rejects.toBeInstanceOf(Crash);
      await world.reopenStore();
    }
    await landAndDie();
    expect(dead.size).toBe(3);
    expect(await world.rows('outcome, conflict_fields')).toEqual([
      ...Array.from({ length: 25 }, () => ({ outcome: 'REPORT', conflict_fields: [] })),
      { outcome: 'DUPLICATE', conflict_fields: [] },
      { outcome: 'CONFLICT', conflict_fields: ['category'] },
    ]);
    await expectLandedOnce(27);
  });

  it('when the store says of every insert at first that it does not know', async () => {
    await world.append(...reports(30));
    const fault = new StoreFault('same-block', 'no answer');
    const asked = new Map<string, number>();
    const unsure = withInsert(world.store, async (block) => {
      const times = (asked.get(block.token) ?? 0) + 1;
      asked.set(block.token, times);
      if (times === 1) throw fault;
      await world.store.insert(block);
      if (times === 2) throw fault;
    });
    await world.landAll({ store: unsure, limits: { maxRecords: 15, maxBytes: 1e6, maxWaitMs: 10 } });
    expect(world.retries).toHaveLength(4);
    await expectLandedOnce(30);
  });

  it('when landing is stopped in the middle of its insert', async () => {
    await world.append(...reports(30));
    let begun: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const inserting = new Promise<void>((resolve) => (begun = resolve));
    const released = new Promise<void>((resolve) => (goOn = resolve));
    const slow = withInsert(world.store, async (block) => {
      begun();
      await released;
      await world.store.insert(block);
    });
    const consumers = await world.start({ store: slow });
    await inserting;
    const closing = consumers.close();
    goOn();
    await closing;
    await consumers.ended;
    await expectLandedOnce(30);

    await world.landAll();
    await expectLandedOnce(30);
  });

  it('when another consumer takes the partition over', async () => {
    const limits = { maxRecords: 5, maxBytes: 1e6, maxWaitMs: 10 };
    const first = await world.start({ limits });
    const appending = Array.from({ length: 10 }, (_, n) => world.append(...reports(10, n * 10)));
    await Promise.all(appending);
    // Heard from now on: the first one may end before the second one has started.
    const lost = expect(first.ended).rejects.toMatchObject({ code: 'NOT_OWNER' });
    const second = await world.start({ limits });
    await lost;
    while ((await committed())?.offset !== 100) await Promise.race([second.ended, setTimeout(5)]);
    await first.close();
    await second.close();
    await expectLandedOnce(100);
  });
});

describe('the audit', () => {
  beforeEach(async () => {
    await world.append(...reports(20), report(3));
    await world.landAll();
    await expectLandedOnce(21);
  });

  const problems = async (): Promise<string> => {
    const { holds, problems: found } = await world.audit();
    expect(holds).toBe(found.length === 0);
    return found.join('\n');
  };
  const row = (offset: number, reportKey = offset): Block => ({
    table: 'records',
    columns: [
      'log_epoch',
      'log_partition',
      'log_offset',
      'outcome',
      'environment',
      'received_at',
      'record_key',
    ],
    rows: Buffer.from(
      `[1,0,${offset},"REPORT","TEST",${RECEIVED_AT_MS},"${hex(report(reportKey).recordKey)}"]\n`,
    ),
    rowCount: 1,
    token: `of the test: ${offset}`,
  });

  it('says that a record has no row', async () => {
    await world.store.command('ALTER TABLE records DELETE WHERE log_offset = 5 SETTINGS mutations_sync = 2');
    expect(await problems()).toContain('lachan.reports.v1 partition 0: 1 records have no row');
  });

  it('says that a record has two rows', async () => {
    await world.store.insert(row(5));
    expect(await problems()).toContain('lachan.reports.v1 partition 0: 1 rows too many for their records');
  });

  it('says that the same report stands twice', async () => {
    await world.store.command(
      "ALTER TABLE records UPDATE outcome = 'REPORT' WHERE outcome = 'DUPLICATE' SETTINGS mutations_sync = 2",
    );
    expect(await problems()).toContain('1 reports stand more than once');
  });

  it('says that a row belongs to no record that was begun', async () => {
    await world.store.insert(row(21, 100));
    expect(await problems()).toContain('lachan.reports.v1 partition 0: 1 rows that nothing accounts for');
  });

  it.each([
    ['record_totals', 'TRUNCATE TABLE record_totals', 'record_totals counts 21 too many or too few'],
    ['host_totals', 'TRUNCATE TABLE host_totals', 'host_totals counts 20 too many or too few'],
    [
      'record_totals',
      "INSERT INTO record_totals (environment, hour, outcome, records) VALUES ('TEST', '2026-11-02 00:00:00', 'REPORT', 3)",
      'record_totals counts 3 too many or too few',
    ],
    [
      'record_totals',
      "INSERT INTO record_totals (environment, hour, outcome, records) VALUES ('PRODUCTION', '2026-11-02 00:00:00', 'REPORT', 2)",
      'record_totals counts 2 too many or too few',
    ],
  ])('says that %s does not count what the table holds', async (_, damage, problem) => {
    await world.store.command(damage);
    expect(await problems()).toBe(problem);
  });

  it('accounts for a batch that is under way, whether it has landed or not', async () => {
    await world.append(...reports(3, 30));
    const crashing = withInsert(world.store, async () => {
      await Promise.resolve();
      throw new Crash();
    });
    await expect(world.landAll({ store: crashing })).rejects.toBeInstanceOf(Crash);
    expect((await committed())?.metadata).toBe('{"pending":[21,23],"epoch":1}');
    expect(await problems()).toBe('');
    await expect(
      world.landAll({
        store: withInsert(world.store, async (block) => {
          await world.store.insert(block);
          throw new Crash();
        }),
      }),
    ).rejects.toBeInstanceOf(Crash);
    expect(await problems()).toBe('');
    await world.store.command('ALTER TABLE records DELETE WHERE log_offset = 20 SETTINGS mutations_sync = 2');
    expect(await problems()).toContain('1 records have no row');
  });

  it('holds at every moment while landing goes on, and still finds what is missing', async () => {
    const consumers = await world.start({ limits: { maxRecords: 40, maxBytes: 1e6, maxWaitMs: 10 } });
    let appended = 21;
    let going = true;
    const appending = (async () => {
      while (going) {
        const turn = appended;
        // Received on another day than what was there before: of that day every difference is found, also now.
        const today = { receivedAtMs: RECEIVED_AT_MS + 86_400_000 };
        const many = Array.from({ length: 30 }, (_, n) => report(turn + n, today));
        await world.append(...many, report(turn, today), Buffer.from('not a record'));
        appended += 32;
        await setTimeout(5);
      }
    })();
    const seen: { committed: number; rows: number }[] = [];
    for (let n = 0; n < 25; n += 1) {
      const { problems: found, partitions, tableRows } = await world.audit();
      expect(found).toEqual([]);
      seen.push({ committed: partitions[0]!.committedOffset, rows: tableRows });
    }
    await world.store.command('ALTER TABLE records DELETE WHERE log_offset = 5 SETTINGS mutations_sync = 2');
    const damaged = await world.audit();
    going = false;
    await appending;
    await consumers.close();
    expect(seen.at(-1)!.committed).toBeGreaterThan(seen[0]!.committed + 100);
    expect(damaged.problems).toContain('lachan.reports.v1 partition 0: 1 records have no row');
    expect(damaged.problems).toContain('record_totals counts 1 too many or too few');
  });
});

describe('landing refuses to start', () => {
  beforeEach(async () => {
    await world.append(...reports(10));
    await world.landAll();
  });

  it('on an empty log in the place of the one it landed from', async () => {
    await world.replaceLog();
    await expect(world.start()).rejects.toThrow(
      'lachan.reports.v1 partition 0 ends at 0, but offset 9 has landed from it: ' +
        'the log was replaced or lost its end; restore the log that belongs to this store',
    );
    await expectStillThere(10);
  });

  it('on another log that holds more than has landed', async () => {
    await world.replaceLog();
    await world.append(...reports(30, 100));
    await expect(world.landAll()).rejects.toThrow(
      'lachan.reports.v1 partition 0 is committed up to 0, but the store holds it up to 10: ' +
        'the log is older than the store, or another one; restore the log that belongs to this store',
    );
    await expectStillThere(10);
  });

  it('on a store that has lost its last rows', async () => {
    await world.store.command('ALTER TABLE records DELETE WHERE log_offset >= 8 SETTINGS mutations_sync = 2');
    await world.append(...reports(5, 10));
    await expect(world.landAll()).rejects.toThrow(
      'lachan.reports.v1 partition 0 is committed up to 10, but the store holds it only up to 8: ' +
        'rows are missing from the store; restore it from a backup',
    );
    await expectStillThere(8);
  });

  it('on a new store beside a log that was landed from', async () => {
    await world.replaceStore(newDatabase());
    const consumers = await world.start();
    await expect(consumers.ended).rejects.toThrow(
      'lachan.reports.v1 partition 0 is committed up to 10, but the store holds it only up to 0',
    );
    await consumers.close();
    await expectStillThere(0);
  });

  it('on a note beside the committed offset that it does not understand', async () => {
    const subscription = await world.log.read(LANDING_GROUP, [REPORTS_TOPIC], (reader) =>
      reader.commit(10, '{"pending":"all"}'),
    );
    await subscription.ended;
    await expect(world.landAll()).rejects.toThrow(
      'the committed offset carries a note that was not written here',
    );
    await expectStillThere(10);
  });

  const expectStillThere = async (rows: number): Promise<void> => {
    expect(await world.store.select('SELECT count() AS n FROM records')).toEqual([{ n: String(rows) }]);
  };
});
