// Dead letters on the real log and the real engine: replayed, flooding, refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { FloodFault } from '../../consumers/flood-guard.js';
import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { replay, type ReplayRequest, type ReplayStep } from '../../consumers/replay.js';
import { LogFault, type LogRecord } from '../../log/log.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { replayedRecordCodec, reportRecordCodec } from '../../schemas/record-codec.js';
import { selectDeadLetters, type DeadLetterFilter } from '../../store/queries/dead-letters.js';
import { askFigure } from '../../store/queries/figures.js';
import { LANDED_AT_MS, LandingWorld } from '../support/landing-world.js';
import { recordOf } from '../support/records.js';

/** The engine binds one directory per process: all tests of this file share it, each with its own database. */
let directory: string;
let databases = 0;
let world: LandingWorld;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});

afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  world = await LandingWorld.open(directory, `test_${(databases += 1)}`);
});

afterEach(() => world.close());

const report = (n: number, change: Parameters<typeof recordOf>[0] = {}) =>
  recordOf({ reportId: `r-${n}`, ...change });
const good = (n: number): Buffer => reportRecordCodec.encode(report(n));
const bad = (n: number): Buffer => Buffer.from(`not a record: ${n}`);
const committed = async () => (await world.log.committed(LANDING_GROUP, REPORTS_TOPIC))[0];
const logEnd = async (): Promise<number> => (await world.log.extents(REPORTS_TOPIC))[0]!.end;
const select = (sql: string, params?: Parameters<typeof world.store.select>[1]) =>
  world.store.select(sql, params);

const OPEN: DeadLetterFilter = { withReplayed: false, withReplays: true };
const ALL: ReplayRequest = { again: false };
const openIds = async (filter: DeadLetterFilter = OPEN): Promise<string[]> =>
  (await selectDeadLetters(select, filter, 100)).map(({ id }) => id);

const replayed = (request: ReplayRequest = ALL, most?: number): Promise<ReplayStep> =>
  replay({ log: world.log, select, landed: () => world.landAll() }, request, most);

async function expectLandedOnce(records: number): Promise<void> {
  const audit = await world.audit();
  expect(audit.problems).toEqual([]);
  expect({ table: audit.tableRows, view: audit.viewRows }).toEqual({ table: records, view: records });
}

/**
 * Makes dead letters of bytes that can be read, as a version that could not read them would have left them.
 * In place of the bytes of chance in the log, that is: rows are where a replay finds what it appends.
 */
async function landAsDeadLetters(originals: readonly Buffer[]): Promise<void> {
  await world.append(...originals.map((_, n) => bad(n)));
  await world.landAll();
  for (const [n, original] of originals.entries()) {
    await world.store.command(
      `ALTER TABLE records UPDATE original = '${original.toString('base64')}', reason = 'UNKNOWN_SCHEMA'
       WHERE log_offset = ${n} SETTINGS mutations_sync = 1`,
    );
  }
}

describe('a replay', () => {
  it('lands what can be read now under its own key, remembers of what it is one, and leaves nothing to a second', async () => {
    await landAsDeadLetters([good(1), good(2), good(1), bad(3)]);
    expect(await openIds()).toEqual(['1:0:0', '1:0:1', '1:0:2', '1:0:3']);

    const first = await replayed();
    expect(first).toMatchObject({
      replayed: 4,
      outcomes: { REPORT: 2, DUPLICATE: 1, DEAD_LETTER: 1 },
      left: 0,
    });
    expect((await world.rows('outcome, report_id, replay_of')).slice(4)).toEqual([
      { outcome: 'REPORT', report_id: 'r-1', replay_of: '1:0:0' },
      { outcome: 'REPORT', report_id: 'r-2', replay_of: '1:0:1' },
      { outcome: 'DUPLICATE', report_id: 'r-1', replay_of: '1:0:2' },
      { outcome: 'DEAD_LETTER', report_id: '', replay_of: '1:0:3' },
    ]);

    expect(await replayed()).toMatchObject({ replayed: 0, outcomes: {}, left: 0 });
    expect(await replayed({ again: false, ids: ['1:0:0', '1:0:3'] })).toMatchObject({ replayed: 0, left: 0 });
    expect(await logEnd()).toBe(8);
    await expectLandedOnce(8);
  });

  it('is deduplicated like any other record: what arrived meanwhile makes it a duplicate or a conflict', async () => {
    await landAsDeadLetters([good(1), reportRecordCodec.encode(report(2, { category: 'GROOMING' }))]);
    await world.append(report(1), report(2));
    expect((await replayed()).outcomes).toEqual({ DUPLICATE: 1, CONFLICT: 1 });
    await expectLandedOnce(6);
  });

  it('of what still cannot be read points to the first, keeps its bytes, and comes again only when that is said', async () => {
    await world.append(bad(0), report(1));
    await replayed();
    expect(await world.rows('outcome, replay_of, original')).toEqual([
      { outcome: 'DEAD_LETTER', replay_of: '', original: bad(0).toString('base64') },
      { outcome: 'REPORT', replay_of: '', original: '' },
      { outcome: 'DEAD_LETTER', replay_of: '1:0:0', original: bad(0).toString('base64') },
    ]);
    expect(await openIds()).toEqual(['1:0:2']);
    expect(await replayed()).toMatchObject({ replayed: 0, left: 0 });

    const again = await replayed({ again: true });
    expect(again).toMatchObject({ replayed: 1, outcomes: { DEAD_LETTER: 1 }, left: 0 });
    // What the replay itself has brought is not for the same replay: it would never end.
    expect(await replayed({ again: true, ends: again.ends })).toMatchObject({ replayed: 0, left: 0 });
    expect((await world.rows('replay_of')).at(-1)).toEqual({ replay_of: '1:0:2' });
    await expectLandedOnce(4);
  });

  it('goes in steps, by ids or by reason, and tells how many it would replay', async () => {
    await landAsDeadLetters([good(0), good(1), good(2), good(3), good(4)]);
    await world.append(bad(5));
    expect(await replayed(ALL, 0)).toMatchObject({ replayed: 0, left: 6 });
    expect(await replayed({ again: false, ids: ['1:0:3', '1:0:1'] })).toMatchObject({ replayed: 2, left: 0 });
    expect(await replayed({ again: false, reason: 'UNKNOWN_SCHEMA' }, 2)).toMatchObject({
      replayed: 2,
      left: 1,
    });
    expect(await openIds()).toEqual(['1:0:4', '1:0:5']);
    expect(await openIds({ ...OPEN, reason: 'UNDECODABLE' })).toEqual(['1:0:5']);
    expect(await openIds({ ...OPEN, withReplayed: true })).toHaveLength(6);
    await expectLandedOnce(10);
  });

  it.each([
    ['before the log has it', false],
    ['after the log has it', true],
  ])('that dies %s replays nothing twice when it is repeated', async (_, isAppended) => {
    await landAsDeadLetters([good(0), good(1), bad(2)]);
    const log = {
      ...world.log,
      async append(topic: string, records: readonly LogRecord[]) {
        if (isAppended) await world.log.append(topic, records);
        throw new LogFault('UNAVAILABLE', 'the disk of the test is gone');
      },
    };
    await expect(replay({ log, select, landed: () => world.landAll() }, ALL)).rejects.toBeInstanceOf(
      LogFault,
    );
    expect((await replayed()).replayed).toBe(isAppended ? 0 : 3);
    expect((await replayed()).replayed).toBe(0);
    await expectLandedOnce(6);
    expect((await world.audit()).reports).toBe(2);
  });

  it('of two at the same time lands the second as a duplicate, whatever is in it', async () => {
    await landAsDeadLetters([good(0), bad(1), reportRecordCodec.encode(report(2, { category: 'GROOMING' }))]);
    await world.append(report(2));
    await world.landAll();
    let meet: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    let waiting = 0;
    const log = {
      ...world.log,
      async append(topic: string, records: readonly LogRecord[]) {
        if ((waiting += 1) === 2) meet();
        await met;
        return world.log.append(topic, records);
      },
    };
    const landing = await world.start();
    const landed = async (): Promise<void> => {
      const end = await logEnd();
      while (((await committed())?.offset ?? 0) < end) await setTimeout(5);
    };
    await Promise.all([1, 2].map(() => replay({ log, select, landed }, ALL)));
    await landing.close();
    expect((await world.rows('outcome, replay_of')).slice(4)).toEqual([
      { outcome: 'REPORT', replay_of: '1:0:0' },
      { outcome: 'DEAD_LETTER', replay_of: '1:0:1' },
      { outcome: 'CONFLICT', replay_of: '1:0:2' },
      { outcome: 'DUPLICATE', replay_of: '1:0:0' },
      { outcome: 'DUPLICATE', replay_of: '1:0:1' },
      { outcome: 'DUPLICATE', replay_of: '1:0:2' },
    ]);
    await expectLandedOnce(10);
  });

  it('leaves alone what is too large to be appended with where it stood, and says so', async () => {
    await world.append(Buffer.alloc(1_048_576, 0xff), bad(1));
    expect(await replayed()).toMatchObject({ replayed: 1, left: 1 });
    expect(await replayed()).toMatchObject({ replayed: 0, left: 1 });
    expect(await openIds()).toEqual(['1:0:0', '1:0:2']);
    await expectLandedOnce(3);
  });

  it('is never made by what only looks like one', async () => {
    const whole = replayedRecordCodec.encode({ epoch: 1, partition: 0, offset: 0, original: good(1) });
    const nested = replayedRecordCodec.encode({ epoch: 1, partition: 0, offset: 1, original: whole });
    await world.append(bad(0), whole.subarray(0, -1), nested);
    await world.landAll();
    expect(await world.rows('outcome, replay_of')).toEqual([
      { outcome: 'DEAD_LETTER', replay_of: '' },
      { outcome: 'DEAD_LETTER', replay_of: '' },
      { outcome: 'DEAD_LETTER', replay_of: '1:0:1' },
    ]);
    await expectLandedOnce(3);
  });

  it('is seen in the figures: all dead letters, and those of them that are still to be looked at', async () => {
    await landAsDeadLetters([good(0), good(1)]);
    await world.append(bad(2));
    await replayed();
    expect(await askFigure(select, 'dead_letters', {}, LANDED_AT_MS)).toEqual([
      { topic: 'reports', reason: 'UNDECODABLE', stage: 'decode', dead_letters: 2, replayed: 1, open: 1 },
      { topic: 'reports', reason: 'UNKNOWN_SCHEMA', stage: 'decode', dead_letters: 2, replayed: 2, open: 0 },
    ]);
    expect(await askFigure(select, 'counts', { environment: 'UNKNOWN' }, LANDED_AT_MS)).toMatchObject([
      { log_records: 4, dead_letters: 4 },
    ]);
    expect(await askFigure(select, 'counts', { environment: 'TEST' }, LANDED_AT_MS)).toMatchObject([
      { log_records: 2, reports: 2 },
    ]);
  });
});

describe('a flood of dead letters', () => {
  const flood = Array.from({ length: 30 }, (_, n) => bad(n));
  const limits = { maxRecords: 7, maxBytes: 1e6, maxWaitMs: 10 };
  const LIMIT = { maxDeadLettersInARow: 20, limits };
  const faultOf = async (landing: Promise<void>): Promise<FloodFault> => {
    const fault: unknown = await landing.catch((error: unknown) => error);
    if (!(fault instanceof FloodFault)) throw new Error('landing went on');
    return fault;
  };

  it('stops the partition, also over batches and starts, and lands once the operator accepts it', async () => {
    await world.append(report(1), ...flood, report(2));
    const { message } = await faultOf(world.landAll(LIMIT));
    expect(message).toContain('more than 20 records in a row cannot be read');
    expect(message).toContain('--accept-dead-letters-to 1:0:31');
    // Batches of 7: the 21st dead letter stands in the fourth.
    expect((await committed())?.offset).toBe(21);
    expect(await world.outcomes()).toHaveLength(21);

    // Starting again changes nothing: what has landed counts.
    await faultOf(world.landAll(LIMIT));
    expect(await world.outcomes()).toHaveLength(21);

    const acceptDeadLettersTo = [{ topic: 'reports', epoch: 1, partition: 0, offset: 31 }] as const;
    await world.landAll({ ...LIMIT, acceptDeadLettersTo });
    await expectLandedOnce(32);

    // It was for these: later starts remember it, and the next flood stops again.
    await world.append(...flood.slice(0, 20));
    await world.landAll(LIMIT);
    await world.append(bad(0));
    await faultOf(world.landAll(LIMIT));
    await world.landAll({ maxDeadLettersInARow: 21 });
    await expectLandedOnce(53);
  });

  it('is one by its share too, and lands with a higher limit', async () => {
    const half = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? bad(n) : report(n)));
    await world.append(...half, ...half);
    await world.landAll({ maxDeadLetterShare: 1 });
    await world.append(bad(0));
    const { message } = await faultOf(world.landAll({ maxDeadLetterShare: 1 }));
    expect(message).toContain('more than 1 % of the last 10000 records cannot be read');
    await world.landAll({ maxDeadLetterShare: 2 });
    await expectLandedOnce(201);
    await world.append(bad(1));
    await faultOf(world.landAll({ maxDeadLetterShare: 1 }));
    await world.landAll();
    await expectLandedOnce(202);
  });

  it('is not made by replaying many dead letters that still cannot be read', async () => {
    await world.append(...flood, report(1));
    await world.landAll();
    const landed = (): Promise<void> => world.landAll(LIMIT);
    expect(await replay({ log: world.log, select, landed }, ALL)).toMatchObject({
      replayed: 30,
      outcomes: { DEAD_LETTER: 30 },
    });
    await expectLandedOnce(61);
  });

  it.each([
    ['beyond the end of the log', { topic: 'reports', epoch: 1, partition: 0, offset: 1 }],
    ['of a partition that is not there', { topic: 'reports', epoch: 1, partition: 1, offset: 0 }],
    ['of an epoch to come', { topic: 'takedowns', epoch: 2, partition: 0, offset: 0 }],
  ] as const)('cannot be accepted %s', async (_, position) => {
    await world.append(report(1));
    await expect(world.landAll({ acceptDeadLettersTo: [position] })).rejects.toThrow(/is beyond/);
  });
});

describe('a landing table that refuses dead letters', () => {
  it('stops the partition before the batch: nothing of it lands, the offset stays, and later all of it lands', async () => {
    await world.append(report(1));
    await world.landAll();
    await world.store.command(
      `ALTER TABLE records ADD CONSTRAINT no_dead_letters CHECK outcome != 'DEAD_LETTER'`,
    );
    await world.append(report(2), bad(1), report(3));
    const landing = await world.start();
    landing.ended.catch(() => undefined);
    while (world.retries.length === 0) await Promise.race([landing.ended, setTimeout(5)]);
    await landing.close();
    expect(await world.outcomes()).toEqual(['REPORT']);
    expect(await committed()).toEqual({ offset: 1, metadata: '{"pending":[1,3],"epoch":1}' });

    await world.store.command('ALTER TABLE records DROP CONSTRAINT no_dead_letters');
    await world.landAll();
    expect(await world.outcomes()).toEqual(['REPORT', 'REPORT', 'DEAD_LETTER', 'REPORT']);
    await expectLandedOnce(4);
  });
});
