import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import type { Row } from '../../store/store.js';
import { RUN_TABLES } from '../../store/queries/kept-cases.js';
import { readRules } from '../../takedown/read-rules.js';
import { VIETNAM_EXAMPLE } from '../../takedown/rules/vietnam-example.js';
import { seededRandom } from '../../cli/demo/random.js';
import { LONG, SEED, tellSeed } from '../support/faults.js';
import { LandingWorld } from '../support/landing-world.js';
import { RECEIVED_AT_MS } from '../support/records.js';
import { locationKeyOf, REPORTED, takedownRecordOf } from '../support/takedown-records.js';

const EVENTS_OF_A_CASE = 10;
const CASES = LONG ? 100_000 : 2_000;
const EVENTS = CASES * EVENTS_OF_A_CASE;
const APPENDED_AT_ONCE = 5_000;
const HOUR = 3_600_000;
const START = RECEIVED_AT_MS - 100 * 24 * HOUR;

tellSeed('cases-in-any-order');

/** The n-th event of all: ten of each case, from the report to the reappearance; some stop on their way. */
function eventOf(n: number): TakedownRecord {
  const of = Math.floor(n / EVENTS_OF_A_CASE);
  const step = n % EVENTS_OF_A_CASE;
  const base = START + (of % 1_000) * HOUR;
  const locationKey = locationKeyOf(`case-${of}`);
  const key = Buffer.from(locationKey).toString('hex');
  const make = (type: string, after: number, change: Partial<TakedownRecord> = {}): TakedownRecord =>
    takedownRecordOf({
      eventId: `${of}-${step}`,
      type,
      locationKey,
      occurredAt: { instantMs: base + after * HOUR, precision: 'MS' },
      receivedAtMs: base + after * HOUR,
      observedAtMs: base + after * HOUR,
      ...change,
    });
  const answering = { actorRole: 'PROVIDER', actorId: `host-${of % 7}`, addressee: `host-${of % 7}` };
  const report = {
    ...REPORTED.report,
    reportId: key,
    source: of % 3 === 0 ? 'USER_NOTICE' : 'OWN_INITIATIVE',
  };
  switch (step) {
    case 0:
      return make('REPORTED', 0, { ...REPORTED, isHistory: false, actorRole: 'SYSTEM', actorId: '', report });
    case 1:
      return make('TRIAGED', 1);
    case 2:
      return make('ASSESSED', 2, {
        finding: of % 11 === 0 ? 'NOT_ILLEGAL' : 'ILLEGAL',
        urgency: of % 5 === 0 ? 'EXPEDITED' : '',
      });
    case 3:
      return make('NOTICE_ISSUED', 3, { addressee: `host-${of % 7}` });
    case 4:
      return make('ACKNOWLEDGED', 4, answering);
    case 5:
      return make('ACTION_CLAIMED', 5 + (of % 40), answering);
    case 6:
      return make(of % 4 === 0 ? 'VERIFIED_STILL_UP' : 'HOLD', 6);
    case 7:
      return make(of % 9 === 0 ? 'APPEALED' : 'VERIFIED_DOWN', 7 + (of % 50), of % 9 === 0 ? answering : {});
    case 8:
      return make('CLOSED', 60, { closedAs: 'DOWN' });
    default:
      return make('REAPPEARED', 61, { relation: 'SAME_LOCATION', fromLocationKey: key, toLocationKey: key });
  }
}

/** All numbers below `count`, in an order that `random` decides. */
function shuffled(count: number, random: () => number): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, n) => n);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j] ?? 0, numbers[i] ?? 0];
  }
  return numbers;
}

async function landed(
  directory: string,
  database: string,
  order: Iterable<number>,
): Promise<{
  readonly outcomes: readonly Row[];
  readonly cases: readonly Row[];
  readonly verdicts: readonly Row[];
  readonly runs: readonly Row[];
}> {
  const world = await LandingWorld.open(directory, database);
  const read = readRules(VIETNAM_EXAMPLE);
  if ('faults' in read) throw new Error(read.faults.join('; '));
  try {
    let some: { key: Uint8Array; value: Uint8Array }[] = [];
    const append = async (): Promise<void> => {
      await world.log.append(TAKEDOWNS_TOPIC, some);
      some = [];
    };
    for (const n of order) {
      const event = eventOf(n);
      some.push({ key: event.locationKey, value: takedownRecordCodec.encode(event) });
      if (some.length === APPENDED_AT_ONCE) await append();
    }
    if (some.length > 0) await append();
    await world.landAll({
      rules: read.rules,
      // Before the first of them: no bell is due.
      nowMs: () => START,
      limits: { maxRecords: 20_000, maxBytes: 64_000_000, maxWaitMs: 50 },
    });
    return {
      outcomes: await world.store.select(
        'SELECT outcome, toUInt32(count()) AS n FROM takedown_records GROUP BY outcome ORDER BY outcome',
      ),
      cases: await world.store.select(
        `SELECT status, toUInt32(count()) AS n, toUInt32(sum(version)) AS events, toUInt32(sum(acts)) AS acts,
           groupBitXor(sipHash64(tuple(*))) AS all FROM cases FINAL GROUP BY status ORDER BY status`,
      ),
      verdicts: await world.store.select(
        `SELECT effect, reason, toUInt32(count()) AS n,
           groupBitXor(sipHash64(location_key, event_key, effect, reason)) AS all
         FROM event_verdicts FINAL WHERE effect != 'APPLIED' GROUP BY effect, reason ORDER BY effect, reason`,
      ),
      runs: await Promise.all(
        RUN_TABLES.map(async (table) =>
          world.store.select(
            `SELECT '${table}' AS runs, toUInt32(count()) AS n, groupBitXor(sipHash64(tuple(*))) AS all
             FROM ${table} FINAL WHERE NOT is_void`,
          ),
        ),
      ).then((tables) => tables.flat()),
    };
  } finally {
    await world.close();
  }
}

it(`${EVENTS} events in random order, with duplicates, make the same cases as in order`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
  try {
    const random = seededRandom(SEED);
    const mixed = shuffled(EVENTS, random);
    const copies = mixed.subarray(0, Math.floor(EVENTS / 7));
    const inOrder = await landed(directory, 'in_order', mixed.slice().sort());
    const inAnyOrder = await landed(directory, 'in_any_order', [...mixed, ...copies]);
    expect(inOrder.outcomes).toEqual([{ outcome: 'EVENT', n: EVENTS }]);
    expect(inAnyOrder.outcomes).toEqual([
      { outcome: 'DUPLICATE', n: copies.length },
      { outcome: 'EVENT', n: EVENTS },
    ]);
    expect(inOrder.cases.length).toBeGreaterThan(3);
    expect(inOrder.cases.reduce((sum, { n }) => sum + Number(n), 0)).toBe(CASES);
    expect(inOrder.cases.reduce((sum, { events }) => sum + Number(events), 0)).toBe(EVENTS);
    expect(inAnyOrder.cases).toEqual(inOrder.cases);
    expect(inOrder.verdicts.length).toBeGreaterThan(2);
    expect(inAnyOrder.verdicts).toEqual(inOrder.verdicts);
    expect(inOrder.runs.every(({ n }) => Number(n) > 0)).toBe(true);
    expect(inAnyOrder.runs).toEqual(inOrder.runs);
  } finally {
    await rm(directory, { recursive: true });
  }
});
