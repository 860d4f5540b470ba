import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { FloodFault } from '../../consumers/flood-guard.js';
import { askFigure } from '../../store/queries/figures.js';
import { replay, type ReplayRequest, type ReplayStep } from '../../consumers/replay.js';
import { readCaseEvents } from '../../consumers/takedown/read-case-events.js';
import type { Log } from '../../log/log.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { parsePosition } from '../../schemas/log-position.js';
import { replayedRecordCodec, takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { selectDeadLetters } from '../../store/queries/dead-letters.js';
import type { Select } from '../../store/queries/select.js';
import type { Store } from '../../store/store.js';
import { LandingWorld } from '../support/landing-world.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';
import { locationKeyOf, REPORTED, takedownRecordOf } from '../support/takedown-records.js';

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

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const act = (n: number, change: Partial<TakedownRecord> = {}): TakedownRecord =>
  takedownRecordOf({ eventId: `e-${n}`, ...change });
const acts = (count: number, from = 0): TakedownRecord[] =>
  Array.from({ length: count }, (_, n) => act(from + n));
const select: Select = (sql, params) => world.store.select(sql, params);
const committed = async () => (await world.log.committed(LANDING_GROUP, TAKEDOWNS_TOPIC))[0];
const OTHER = locationKeyOf('lachan-demo-2.vn');

/** Every record is one row, and every event one event of its case; nothing is missing and nothing is there twice. */
async function expectLandedOnce(records: number): Promise<void> {
  const { problems, partitions } = await world.audit();
  expect(problems).toEqual([]);
  expect(partitions.find(({ topic }) => topic === TAKEDOWNS_TOPIC)).toMatchObject({
    rows: records,
    missing: 0,
    repeated: 0,
    unaccounted: 0,
  });
  expect(
    await world.store.select(`SELECT event_key, digest, log_offset FROM case_takedowns ORDER BY log_offset`),
  ).toEqual(
    await world.store
      .select(`SELECT event_key, digest, log_offset FROM takedown_records WHERE outcome = 'EVENT'
      ORDER BY log_offset`),
  );
}

class Crash extends Error {}

describe('landing events', () => {
  it('makes a row of every event', async () => {
    const assessed = act(1, {
      type: 'ASSESSED',
      finding: 'ILLEGAL',
      category: 'GROOMING',
      urgency: 'EXPEDITED',
      legalBasis: 'Điều 25 "thử" \\ \n',
      seenVersion: 0,
      occurredAt: { instantMs: 5, precision: 'DAY' },
      sealed: [{ field: 'note', token: Buffer.alloc(16, 0xab), box: Buffer.from([0, 255, 1]) }],
      noticeBox: Buffer.from([1, 2, 3]),
    });
    const reported = act(2, {
      ...REPORTED,
      observedAtMs: RECEIVED_AT_MS - 3_600_000,
      occurredAt: { instantMs: 253_402_300_799_999, precision: 'MS' },
    });
    await world.appendEvents(assessed, reported);
    await world.landAll();
    const [row, other] = await world.eventRows(
      '*, toUnixTimestamp64Milli(occurred_at) AS occurred_ms, lower(hex(event_key)) AS key',
    );
    expect(row).toMatchObject({
      log_epoch: 1,
      log_partition: 0,
      log_offset: '0',
      outcome: 'EVENT',
      landed_at: '2026-11-02 01:00:00.000',
      environment: 'TEST',
      key: hex(assessed.eventKey),
      event_id: 'e-1',
      digest: hex(assessed.digest),
      type: 'ASSESSED',
      actor_role: 'OPERATOR',
      actor_id: 'op-1',
      occurred_ms: '5',
      occurred_precision: 'DAY',
      received_at: '2026-11-02 00:00:00.000',
      is_history: false,
      seen_version: '0',
      is_outdated: false,
      finding: 'ILLEGAL',
      category: 'GROOMING',
      urgency: 'EXPEDITED',
      legal_basis: 'Điều 25 "thử" \\ \n',
      content_created_at: null,
      host: '',
      country: '',
      asn: 0,
      sealed_fields: ['note'],
      sealed_tokens: ['abababab-abab-abab-abab-abababababab'],
      sealed_boxes: ['AP8B'],
      notice_box: 'AQID',
      lookup_versions: 'lookups of the tests',
    });
    expect(other).toMatchObject({
      type: 'REPORTED',
      occurred_ms: '253402300799999',
      observed_at: '2026-11-01 23:00:00.000',
      is_history: true,
      seen_version: null,
      report_id: 'ab'.repeat(16),
      report_provider_id: 'demo-platform',
      category: 'CSAM',
      source: 'USER_NOTICE',
      content_created_at: '2026-11-01 00:00:00.000',
      content_created_precision: 'DAY',
      host: 'lachan-demo-1.vn',
      is_vn_domain: true,
      host_ip: '192.0.2.1',
      country: 'VN',
      asn: 64_500,
    });
    await expectLandedOnce(2);
  });

  it('finds duplicates, conflicts and outdated acts, also by what landed in earlier runs', async () => {
    const limits = { maxRecords: 2, maxBytes: 1e6, maxWaitMs: 10 };
    await world.appendEvents(act(1, { seenVersion: 0 }), act(1), act(1, { type: 'ESCALATED' }));
    await world.landAll({ limits });
    await world.reopenStore();
    await world.appendEvents(
      act(1),
      act(2, { seenVersion: 0 }),
      act(3, { seenVersion: 1 }),
      act(4, { seenVersion: 2 }),
      act(2, { type: 'ESCALATED' }),
      act(5, { seenVersion: 1, locationKey: locationKeyOf('lachan-demo-2.vn') }),
      act(1, { environment: 'PRODUCTION' }),
    );
    await world.landAll({ limits });
    expect(await world.eventRows('outcome, is_outdated')).toEqual([
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'DUPLICATE', is_outdated: false },
      { outcome: 'CONFLICT', is_outdated: false },
      { outcome: 'DUPLICATE', is_outdated: false },
      { outcome: 'EVENT', is_outdated: true },
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'CONFLICT', is_outdated: false },
      { outcome: 'EVENT', is_outdated: true },
      { outcome: 'EVENT', is_outdated: false },
    ]);
    await expectLandedOnce(10);
  });

  it('lands what is no event as a dead letter with its bytes, and its neighbours beside it', async () => {
    const good = takedownRecordCodec.encode(act(1));
    const unknownSchema = Buffer.from(good);
    unknownSchema.fill(0xee, 2, 10);
    const poison: [string, Buffer][] = [
      ['UNDECODABLE', Buffer.alloc(0)],
      ['UNDECODABLE', Buffer.from('bytes of chance: \u0000\u00ff')],
      ['UNDECODABLE', good.subarray(0, 40)],
      ['UNKNOWN_SCHEMA', unknownSchema],
      ['UNKNOWN_WORD', takedownRecordCodec.encode(act(1, { type: 'VANISHED' }))],
      ['INCOMPLETE', takedownRecordCodec.encode(act(1, { type: 'ASSESSED' }))],
      ['UNDECODABLE', takedownRecordCodec.encode(act(1, { seenVersion: -1 }))],
    ];
    let dead = 0;
    await world.appendEvents(...poison.flatMap(([, bytes], n) => [act(n), bytes]), act(99));
    await world.landAll({ onDeadLetters: (count) => (dead += count) });
    expect(await world.eventRows('outcome, reason, stage, original, environment')).toEqual([
      ...poison.flatMap(([reason, bytes]) => [
        { outcome: 'EVENT', reason: '', stage: '', original: '', environment: 'TEST' },
        { outcome: 'DEAD_LETTER', reason, stage: 'decode', original: base64(bytes), environment: 'UNKNOWN' },
      ]),
      { outcome: 'EVENT', reason: '', stage: '', original: '', environment: 'TEST' },
    ]);
    expect(dead).toBe(poison.length);
    await expectLandedOnce(2 * poison.length + 1);
  });

  it('goes on whatever bytes of an event are others', async () => {
    const good = takedownRecordCodec.encode(act(0, { ...REPORTED, seenVersion: 3 }));
    const mutated = Array.from(good, (byte, at) => {
      const bytes = Buffer.from(good);
      bytes[at] = byte ^ (1 + ((at * 37) % 255));
      return bytes;
    });
    await world.appendEvents(...mutated.flatMap((bytes, n) => [bytes, act(n + 1)]));
    await world.landAll();
    const outcomes = (await world.eventRows('outcome')).map(({ outcome }) => outcome);
    expect(outcomes).toHaveLength(2 * mutated.length);
    expect(new Set(outcomes.filter((_, at) => at % 2 === 1))).toEqual(new Set(['EVENT']));
    await expectLandedOnce(2 * mutated.length);
  });

  it('judges 6,000 events of 6,000 cases in one batch', async () => {
    const many = Array.from({ length: 6_000 }, (_, n) =>
      act(n, { locationKey: locationKeyOf(`case ${n}`), seenVersion: 0 }),
    );
    const limits = { maxRecords: 20_000, maxBytes: 1e8, maxWaitMs: 50 };
    await world.appendEvents(...many);
    await world.landAll({ limits });
    await world.appendEvents(...many);
    await world.landAll({ limits });
    expect(
      await world.store.select(
        'SELECT outcome, is_outdated, count() AS n FROM takedown_records GROUP BY ALL ORDER BY outcome',
      ),
    ).toEqual([
      { outcome: 'DUPLICATE', is_outdated: false, n: '6000' },
      { outcome: 'EVENT', is_outdated: false, n: '6000' },
    ]);
    await expectLandedOnce(12_000);
  });

  it('goes on with what is appended while it runs', async () => {
    const consumers = await world.start();
    for (let n = 0; n < 3; n += 1) await world.appendEvents(...acts(10, n * 10));
    while ((await committed())?.offset !== 30) await Promise.race([consumers.ended, setTimeout(5)]);
    await consumers.close();
    await consumers.ended;
    await expectLandedOnce(30);
  });
});

describe('a batch of events lands once', () => {
  it('when the process died between intent and insert', async () => {
    await world.appendEvents(...acts(4));
    await world.landAll();
    await world.appendEvents(act(3), act(4, { seenVersion: 4 }), act(5, { seenVersion: 4 }));
    const subscription = await world.log.read(LANDING_GROUP, [TAKEDOWNS_TOPIC], (reader) =>
      reader.commit(4, '{"pending":[4,6],"epoch":1}'),
    );
    await subscription.ended;
    await world.landAll({ limits: { maxRecords: 1, maxBytes: 100, maxWaitMs: 10 } });
    expect((await world.eventRows('outcome, is_outdated')).slice(4)).toEqual([
      { outcome: 'DUPLICATE', is_outdated: false },
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'EVENT', is_outdated: true },
    ]);
    await expectLandedOnce(7);
  });

  it('when the process died before and after every insert and every commit', async () => {
    await world.appendEvents(
      act(1, { seenVersion: 0 }),
      act(2, { seenVersion: 1 }),
      act(2),
      act(3, { seenVersion: 1 }),
      Buffer.from('no event'),
      act(1, { type: 'ESCALATED' }),
      act(4, { seenVersion: 2 }),
    );
    const limits = { maxRecords: 3, maxBytes: 1e6, maxWaitMs: 10 };
    const died = new Set<string>();
    /** Dies there, once in all. */
    const passing = (place: string): void => {
      if (died.has(place)) return;
      died.add(place);
      throw new Crash(place);
    };
    const store = (): Store => ({
      ...world.store,
      async insert(block) {
        const place = `${block.table} ${block.token}`;
        passing(`before ${place}`);
        await world.store.insert(block);
        passing(`after ${place}`);
      },
    });
    const log: Log = {
      ...world.log,
      read: (group, topics, onAssigned) =>
        world.log.read(group, topics, (reader) =>
          onAssigned({
            ...reader,
            topic: reader.topic,
            partition: reader.partition,
            committed: reader.committed,
            revoked: reader.revoked,
            owned: () => reader.owned(),
            take: (one) => reader.take(one),
            async commit(offset, metadata) {
              const place = `${reader.topic} ${offset} ${metadata}`;
              passing(`before ${place}`);
              await reader.commit(offset, metadata);
              passing(`after ${place}`);
            },
          }),
        ),
    };
    let starts = 0;
    for (let hasLanded = false; !hasLanded; starts += 1) {
      expect(starts).toBeLessThan(100);
      try {
        await world.landAll({ log, store: store(), limits });
        hasLanded = true;
      } catch (fault) {
        expect(fault).toBeInstanceOf(Crash);
      }
    }
    expect(await world.eventRows('outcome, is_outdated')).toEqual([
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'EVENT', is_outdated: false },
      { outcome: 'DUPLICATE', is_outdated: false },
      { outcome: 'EVENT', is_outdated: true },
      { outcome: 'DEAD_LETTER', is_outdated: false },
      { outcome: 'CONFLICT', is_outdated: false },
      { outcome: 'EVENT', is_outdated: false },
    ]);
    // Three batches, each with an intent, an insert and a commit at least.
    expect(starts).toBeGreaterThan(3 * 3 * 2);
    await expectLandedOnce(7);
  });
});

describe('dead letters of events', () => {
  const LIMIT = { maxDeadLettersInARow: 10 };
  const bad = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, n) => Buffer.from(`no event: ${n}`));
  const openIds = async (): Promise<string[]> =>
    (await selectDeadLetters(select, { withReplayed: false, withReplays: true }, 100)).map(({ id }) => id);
  const replayed = (request: ReplayRequest = { again: false }): Promise<ReplayStep> =>
    replay({ log: world.log, select, landed: () => world.landAll() }, request);

  it('stop the partition when they come as a flood, which tells how to go on, and land when that is allowed', async () => {
    await world.appendEvents(act(1), ...bad(11), act(2));
    const landing = world.landAll(LIMIT);
    await expect(landing).rejects.toThrow(
      /more than 10 records in a row .* --accept-dead-letters-to takedowns:1:0:12$/,
    );
    expect(await world.eventRows('outcome')).toEqual([]);
    const there = parsePosition('takedowns:1:0:12')!;
    await world.landAll({ ...LIMIT, acceptDeadLettersTo: [there] });
    await expectLandedOnce(13);
    // Written down: a later start needs no word of it, and later ones count again.
    await world.appendEvents(...bad(10));
    await world.landAll(LIMIT);
    await world.appendEvents(...bad(1));
    await expect(world.landAll(LIMIT)).rejects.toBeInstanceOf(FloodFault);
  });

  it('are accepted for their own topic only', async () => {
    await world.append(...bad(11));
    const there = parsePosition('takedowns:1:0:11')!;
    await world.appendEvents(...bad(12));
    await expect(world.landAll({ ...LIMIT, acceptDeadLettersTo: [there] })).rejects.toThrow(
      /--accept-dead-letters-to 1:0:10$/,
    );
  });

  it('are listed beside those of reports, and replayed into their own topic, each once', async () => {
    await world.append(Buffer.from('no report'));
    await world.appendEvents(...bad(3), act(7));
    await world.landAll();
    // As a version that could not read them would have left them.
    for (const [offset, event] of [act(1, { seenVersion: 1 }), act(7)].entries()) {
      await world.store.command(
        `ALTER TABLE takedown_records UPDATE original = '${base64(takedownRecordCodec.encode(event))}',
           reason = 'UNKNOWN_WORD' WHERE log_offset = ${offset} SETTINGS mutations_sync = 1`,
      );
    }
    expect(await openIds()).toEqual(['1:0:0', 'takedowns:1:0:0', 'takedowns:1:0:1', 'takedowns:1:0:2']);

    expect(await replayed({ again: false, reason: 'UNKNOWN_WORD' })).toMatchObject({
      replayed: 2,
      outcomes: { EVENT: 1, DUPLICATE: 1 },
      left: 0,
    });
    expect(await askFigure(select, 'dead_letters', {}, RECEIVED_AT_MS)).toEqual([
      { topic: 'reports', reason: 'UNDECODABLE', stage: 'decode', dead_letters: 1, replayed: 0, open: 1 },
      { topic: 'takedowns', reason: 'UNDECODABLE', stage: 'decode', dead_letters: 1, replayed: 0, open: 1 },
      { topic: 'takedowns', reason: 'UNKNOWN_WORD', stage: 'decode', dead_letters: 2, replayed: 2, open: 0 },
    ]);
    expect(await replayed()).toMatchObject({ replayed: 2, outcomes: { DEAD_LETTER: 2 }, left: 0 });
    expect((await world.eventRows('outcome, is_outdated, event_id, replay_of')).slice(4)).toEqual([
      { outcome: 'EVENT', is_outdated: false, event_id: 'e-1', replay_of: 'takedowns:1:0:0' },
      { outcome: 'DUPLICATE', is_outdated: false, event_id: 'e-7', replay_of: 'takedowns:1:0:1' },
      { outcome: 'DEAD_LETTER', is_outdated: false, event_id: '', replay_of: 'takedowns:1:0:2' },
    ]);
    expect(await openIds()).toEqual(['1:0:1', 'takedowns:1:0:6']);
    expect(await replayed()).toMatchObject({ replayed: 0, left: 0 });
    const again = await replayed({ again: true });
    expect(again).toMatchObject({ replayed: 2, outcomes: { DEAD_LETTER: 2 } });
    expect(await replayed({ again: true, ends: again.ends })).toMatchObject({ replayed: 0, left: 0 });
    await expectLandedOnce(8);
  });

  it('replayed twice at the same time land once', async () => {
    await world.appendEvents(...bad(1));
    await world.landAll();
    const again = replayedRecordCodec.encode({
      epoch: 1,
      partition: 0,
      offset: 0,
      original: takedownRecordCodec.encode(act(1)),
    });
    await world.appendEvents(again, again);
    await world.landAll();
    expect(await world.eventRows('outcome, type, replay_of, environment')).toEqual([
      { outcome: 'DEAD_LETTER', type: '', replay_of: '', environment: 'UNKNOWN' },
      { outcome: 'EVENT', type: 'TRIAGED', replay_of: 'takedowns:1:0:0', environment: 'TEST' },
      { outcome: 'DUPLICATE', type: '', replay_of: 'takedowns:1:0:0', environment: 'UNKNOWN' },
    ]);
    await expectLandedOnce(3);
  });
});

describe('the audit', () => {
  it('finds an event that is missing, and one that is there twice', async () => {
    await world.appendEvents(...acts(5));
    await world.landAll();
    const columns = 'log_epoch, log_partition, log_offset, outcome, received_at';
    await world.store.command(
      `INSERT INTO takedown_records (${columns}) SELECT ${columns} FROM takedown_records WHERE log_offset = 3`,
    );
    await world.store.command(
      'ALTER TABLE takedown_records DELETE WHERE log_offset = 1 SETTINGS mutations_sync = 2',
    );
    const { holds, problems } = await world.audit();
    expect(holds).toBe(false);
    expect(problems).toContain(`${TAKEDOWNS_TOPIC} partition 0: 1 records have no row`);
    expect(problems).toContain(`${TAKEDOWNS_TOPIC} partition 0: 1 rows too many for their records`);
  });
});

describe('the audit of the events of cases', () => {
  it.each([
    ['case_reports', 'received_at'],
    ['case_takedowns', 'observed_at'],
  ])('finds that one row of %s is missing', async (table, time) => {
    await world.append(
      recordOf({ locations: [locationOf('a.example'), locationOf('b.example'), locationOf('a.example')] }),
    );
    await world.appendEvents(
      act(1),
      act(1),
      Buffer.from('no event'),
      act(2, { observedAtMs: 5, isHistory: true }),
    );
    await world.landAll();
    await expectLandedOnce(4);
    expect((await world.audit()).problems).toEqual([]);
    await world.store.command(
      `ALTER TABLE ${table} DELETE WHERE ${time} = (SELECT min(${time}) FROM ${table})
       SETTINGS mutations_sync = 2`,
    );
    expect((await world.audit()).problems).toEqual([
      expect.stringMatching(`^${table}_of_records counts \\d too many or too few$`),
    ]);
  });
});

describe('the events of a case', () => {
  it('are read back as they were sent, with what the reports say', async () => {
    const reports = [recordOf({ receivedAtMs: RECEIVED_AT_MS + 1, urgency: 'EXPEDITED' })];
    const place = hex(locationOf('lachan-demo-1.vn').key);
    const locationKey = Buffer.from(place, 'hex');
    const events = [
      act(1, { ...REPORTED, locationKey, isHistory: false }),
      act(2, { type: 'ASSESSED', finding: 'ILLEGAL', category: 'GROOMING', locationKey, seenVersion: 7 }),
      act(3, {
        type: 'NOTICE_ISSUED',
        addressee: 'host-1',
        legalBasis: 'law',
        urgency: 'EXPEDITED',
        locationKey,
      }),
      act(4, { type: 'HANDED_OVER', stage: 'NOTICE', owner: 'op-2', previousOwner: 'op-1', locationKey }),
      act(5, {
        type: 'REAPPEARED',
        relation: 'SAME_LOCATION',
        fromLocationKey: place,
        toLocationKey: place,
        place: { ...REPORTED.place, host: '', registrableDomain: '', hostIp: '' },
        locationKey,
      }),
      act(6, {
        type: 'BREACHED',
        actorRole: 'SYSTEM',
        actorId: '',
        cycle: 1,
        n: 2,
        rule: 'rule@1',
        addressee: 'host-1',
        locationKey,
      }),
    ];
    await world.append(...reports);
    await world.appendEvents(...events, act(9, { locationKey: OTHER }), ...events);
    await world.landAll();
    const found = await readCaseEvents(select, 'TEST', [place, hex(OTHER), 'f'.repeat(32)]);
    const byId = new Map((found.get(place) ?? []).map((one) => [one.event.id, one]));
    expect(byId.size).toBe(7);
    const eventOf = (n: number) => byId.get(hex(events[n - 1]!.eventKey));
    const common = {
      actor: { role: 'OPERATOR', id: 'op-1' },
      occurredAt: { instantMs: RECEIVED_AT_MS - 60_000, precision: 'MS' },
      observedAtMs: RECEIVED_AT_MS,
      isHistory: false,
      isOutdated: false,
    };
    const idOf = (n: number): string => hex(events[n - 1]!.eventKey);
    const host = { isVnDomain: true, country: 'VN', network: '64500' };
    expect(eventOf(1)).toEqual({
      event: { ...common, id: idOf(1), type: 'REPORTED', report: { ...REPORTED.report, host } },
      host: 'lachan-demo-1.vn',
      registrableDomain: 'lachan-demo-1.vn',
    });
    const nowhere = { host: '', registrableDomain: '' };
    expect(eventOf(2)).toEqual({
      event: {
        ...common,
        id: idOf(2),
        type: 'ASSESSED',
        isOutdated: true,
        finding: 'ILLEGAL',
        category: 'GROOMING',
        urgency: null,
      },
      ...nowhere,
    });
    expect(eventOf(3)?.event).toEqual({
      ...common,
      id: idOf(3),
      type: 'NOTICE_ISSUED',
      addressee: 'host-1',
      legalBasis: 'law',
      urgency: 'EXPEDITED',
    });
    expect(eventOf(4)?.event).toEqual({
      ...common,
      id: idOf(4),
      type: 'HANDED_OVER',
      stage: 'NOTICE',
      from: 'op-1',
      to: 'op-2',
    });
    expect(eventOf(5)?.event).toEqual({
      ...common,
      id: idOf(5),
      type: 'REAPPEARED',
      relation: 'SAME_LOCATION',
      fromLocationKey: place,
      toLocationKey: place,
      host: null,
    });
    expect(eventOf(6)?.event).toEqual({
      ...common,
      id: idOf(6),
      actor: { role: 'SYSTEM', id: '' },
      type: 'BREACHED',
      cycle: 1,
      addressee: 'host-1',
      rule: 'rule@1',
      n: 2,
    });
    const [report] = [...byId.values()].filter(({ event }) => event.id === hex(reports[0]!.recordKey));
    expect(report?.event).toMatchObject({
      type: 'REPORTED',
      actor: { role: 'PROVIDER', id: 'demo-platform' },
      observedAtMs: RECEIVED_AT_MS + 1,
      report: { reportId: hex(reports[0]!.authorityReportId), urgency: 'EXPEDITED', host },
    });
    expect([...found.keys()].sort()).toEqual([place, hex(OTHER)].sort());
  });
});
