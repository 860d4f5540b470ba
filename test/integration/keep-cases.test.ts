import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LANDING_GROUP, type ConsumerOptions } from '../../consumers/pipeline.js';
import { followReports } from '../../consumers/takedown/follow-reports.js';
import { keepCases, type KeepingCases } from '../../consumers/takedown/keep-cases.js';
import { retractReports } from '../../consumers/takedown/retract-reports.js';
import { BellRinger } from '../../consumers/takedown/ring-bells.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { RUN_TABLES } from '../../store/queries/kept-cases.js';
import type { Row } from '../../store/store.js';
import { readRules } from '../../takedown/read-rules.js';
import type { Rule } from '../../takedown/rule.js';
import { LANDED_AT_MS, LandingWorld } from '../support/landing-world.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';
import { REPORTED, takedownRecordOf } from '../support/takedown-records.js';

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

const HOUR = 3_600_000;
const MINUTE = 60_000;
const RULES = rulesOf([
  {
    id: 'within-a-day',
    version: 1,
    article: 'article of the tests',
    note: '',
    validFrom: '2020-01-01T00:00:00+07:00',
    validTo: null,
    trigger: 'NOTICE_ISSUED',
    categories: null,
    urgencies: null,
    hosts: null,
    limitHours: 12,
    pausedBy: ['HOLD'],
  },
]);

function rulesOf(value: unknown): readonly Rule[] {
  const read = readRules(value);
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.rules;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const HOST = 'lachan-demo-1.vn';
const KEY = hex(locationOf(HOST).key);
/** The notice of `noticed` below, and when its deadline passes. */
const NOTICED_AT = RECEIVED_AT_MS + 10 * MINUTE;
const DUE_AT = NOTICED_AT + 12 * HOUR;

function act(type: string, atMs: number, change: Partial<TakedownRecord> = {}): TakedownRecord {
  return takedownRecordOf({
    eventId: `${type}-${atMs}`,
    type,
    occurredAt: { instantMs: atMs, precision: 'MS' },
    receivedAtMs: atMs,
    observedAtMs: atMs,
    ...change,
  });
}

const noticed = (change: Partial<TakedownRecord> = {}): TakedownRecord[] => [
  act('ASSESSED', RECEIVED_AT_MS + 5 * MINUTE, { finding: 'ILLEGAL', ...change }),
  act('NOTICE_ISSUED', NOTICED_AT, { addressee: 'demo-host', legalBasis: 'article of the tests', ...change }),
];

const land = (change: Partial<ConsumerOptions> = {}): Promise<void> =>
  world.landAll({ rules: RULES, ...change });

/** The reports first: an event that lands before its report is folded again as soon as somebody looks at the reports. */
async function landNoticed(...reports: readonly ReportRecord[]): Promise<void> {
  await world.append(...reports);
  await land();
  await world.appendEvents(...noticed());
  await land();
}

function keeping(nowMs = LANDED_AT_MS): KeepingCases {
  const { store } = world;
  return {
    select: store.select.bind(store),
    insert: (block) => store.insert(block),
    rules: RULES,
    nowMs: () => nowMs,
  };
}

const watching = (nowMs = LANDED_AT_MS) => ({
  ...keeping(nowMs),
  log: world.log,
  group: LANDING_GROUP,
  reportsEpoch: 1,
});

const KEPT = `lower(hex(location_key)) AS key, version, acts, status, stage, report_count, retracted_count, reports_since_down,
  reporter, category, urgency, host, registrable_domain, is_vn_domain, country, asn,
  toUnixTimestamp64Milli(opened_at) AS opened, toUnixTimestamp64Milli(next_bell_at) AS bell,
  toUnixTimestamp64Milli(next_due_at) AS due, next_due_rule, next_due_addressee, live_from IS NULL AS is_history,
  cycle_opened_by, duty_addressee, arrayMap(t -> toUnixTimestamp64Milli(t), duty_from) AS duties,
  deadline_duty, deadline_rule, deadline_ms, deadline_pauses`;
const cases = (): Promise<readonly Row[]> =>
  world.store.select(`SELECT ${KEPT} FROM cases FINAL ORDER BY environment, key`);
const runs = async (): Promise<Readonly<Record<string, unknown>>> => {
  const live = RUN_TABLES.map(async (table) => {
    const rows = await world.store.select(
      `SELECT n, version FROM ${table} FINAL WHERE NOT is_void ORDER BY n`,
    );
    return [table, rows.map(({ n, version }) => `${String(n)} v${String(version)}`)] as const;
  });
  return Object.fromEntries(await Promise.all(live));
};
const landedOf = (type: string): Promise<readonly Row[]> =>
  world.store.select(
    `SELECT outcome, count() AS n FROM takedown_records WHERE type = {type:String} GROUP BY outcome ORDER BY outcome`,
    { type },
  );
const logEnd = async (): Promise<number> => (await world.log.extents(TAKEDOWNS_TOPIC))[0]?.end ?? 0;
const NEVER = new AbortController().signal;

describe('a case that somebody acts on', () => {
  it('is a row with what its report and its events make of it', async () => {
    await landNoticed(recordOf({ urgency: 'EXPEDITED' }));
    expect(await cases()).toEqual([
      {
        key: KEY,
        version: '3',
        acts: '2',
        status: 'NOTICE_ISSUED',
        stage: 'NOTICE',
        report_count: 1,
        retracted_count: 0,
        reports_since_down: 0,
        reporter: 'demo-platform',
        category: 'CSAM',
        urgency: 'EXPEDITED',
        host: HOST,
        registrable_domain: HOST,
        is_vn_domain: true,
        country: 'VN',
        asn: 64_500,
        opened: String(RECEIVED_AT_MS),
        bell: String(DUE_AT + 1),
        due: String(DUE_AT),
        next_due_rule: 'within-a-day@1',
        next_due_addressee: 'demo-host',
        is_history: 0,
        cycle_opened_by: ['REPORT'],
        duty_addressee: ['demo-host'],
        duties: [String(NOTICED_AT)],
        deadline_duty: [1],
        deadline_rule: ['within-a-day@1'],
        deadline_ms: [String(12 * HOUR)],
        deadline_pauses: ['HOLD'],
      },
    ]);
    const [{ state = '' } = {}] = await world.store.select('SELECT state FROM cases FINAL');
    expect(JSON.parse(String(state))).toMatchObject({
      locationKey: KEY,
      version: 2,
      status: 'NOTICE_ISSUED',
    });
    expect(
      await world.store.select(`SELECT to_offset FROM case_progress FINAL WHERE topic = 'takedowns'`),
    ).toEqual([{ to_offset: '1' }]);
  });

  it('has no run of a clock left that an event from before took away', async () => {
    await landNoticed(recordOf());
    expect(await runs()).toEqual({ case_cycles: ['1 v3'], case_notices: ['1 v3'], case_deadlines: ['1 v3'] });
    await world.appendEvents(act('CLOSED', RECEIVED_AT_MS + 7 * MINUTE, { closedAs: 'NOT_ILLEGAL' }));
    await land();
    expect((await cases())[0]).toMatchObject({ status: 'CLOSED_NOT_ILLEGAL', duties: [] });
    expect(await runs()).toEqual({ case_cycles: ['1 v4'], case_notices: [], case_deadlines: [] });
    await keepCases(keeping(LANDED_AT_MS + 1), [{ environment: 'TEST', locationKey: KEY }]);
    expect(await runs()).toEqual({ case_cycles: ['1 v4'], case_notices: [], case_deadlines: [] });
  });

  it('stays the same however often it is kept, and an older state written late does not count', async () => {
    await landNoticed(recordOf());
    const key = { environment: 'TEST', locationKey: KEY } as const;
    const early = await cases();
    await keepCases(keeping(), [key, key]);
    await keepCases(keeping(LANDED_AT_MS + 1), [key]);
    expect(await cases()).toEqual(early);

    const beforeClaim = await world.store.select('SELECT * FROM cases FINAL');
    await world.appendEvents(
      act('ACTION_CLAIMED', NOTICED_AT + 1, {
        actorRole: 'PROVIDER',
        actorId: 'demo-host',
        addressee: 'demo-host',
      }),
    );
    await land();
    const columns = Object.keys(beforeClaim[0] ?? {});
    await world.store.insert({
      table: 'cases',
      columns,
      rows: Buffer.from(beforeClaim.map((row) => `${JSON.stringify(Object.values(row))}\n`).join('')),
      rowCount: 1,
      token: 'late',
    });
    expect(await cases()).toMatchObject([{ status: 'ACTION_CLAIMED', version: '4', acts: '3' }]);
  });

  it('says of every event that did not apply why, until a late one changes it', async () => {
    const verdicts = (): Promise<readonly Row[]> =>
      world.store.select(
        'SELECT lower(hex(event_key)) AS event, effect, reason, version FROM event_verdicts FINAL ORDER BY event',
      );
    const [assessed, notice] = noticed();
    await world.append(recordOf());
    await land();
    await world.appendEvents(notice!);
    await land();
    expect(await verdicts()).toEqual([
      { event: hex(notice!.eventKey), effect: 'REFUSED', reason: 'NOT_ASSESSED', version: '2' },
    ]);
    await world.appendEvents(assessed!);
    await land();
    expect(await verdicts()).toEqual([
      { event: hex(notice!.eventKey), effect: 'APPLIED', reason: '', version: '3' },
    ]);
    expect(await cases()).toMatchObject([{ status: 'NOTICE_ISSUED' }]);
  });

  it('takes in reports that come later, each once, also when it is stopped before that is written down', async () => {
    await landNoticed(recordOf());
    await world.append(
      recordOf({
        reportId: 'r-2',
        urgency: 'IMMINENT_RISK',
        receivedAtMs: NOTICED_AT + 5,
        providerId: 'demo-host',
      }),
      recordOf({ reportId: 'r-3', locations: [locationOf('host-2.example')] }),
    );
    await land();
    const stopped = {
      ...watching(),
      insert: () => Promise.reject(new Error('killed')),
    };
    await expect(followReports(stopped, NEVER)).rejects.toThrow('killed');
    await followReports(watching(), NEVER);
    const kept = await cases();
    expect(kept).toMatchObject([
      { key: KEY, report_count: 2, urgency: 'IMMINENT_RISK', version: '4', acts: '2' },
    ]);
    await followReports(watching(), NEVER);
    expect(await cases()).toEqual(kept);
    expect(
      await world.store.select(`SELECT to_offset FROM case_progress FINAL WHERE topic = 'reports'`),
    ).toEqual([{ to_offset: '2' }]);
  });

  it('ends with its last report when that is retracted, whichever of the two landed first', async () => {
    const retraction = (change: Partial<ReportRecord> = {}): ReportRecord =>
      recordOf({
        kind: 'RETRACTION',
        revision: 1,
        locations: [],
        receivedAtMs: RECEIVED_AT_MS + 7,
        ...change,
      });
    await world.append(
      recordOf({ locations: [locationOf(HOST), locationOf('host-2.example')] }),
      retraction(),
      retraction({ reportId: 'r-2' }),
    );
    await land();
    await world.append(
      recordOf({
        reportId: 'r-2',
        receivedAtMs: RECEIVED_AT_MS + 9,
        locations: [locationOf('host-3.example')],
      }),
    );
    await land();
    await followReports(watching(), NEVER);
    // Stopped before it wrote down how far it had come, and again by the next owner.
    await retractReports(watching(), { epoch: 1, partition: 0, from: 0, to: 4 });
    await land();
    expect(await cases()).toMatchObject(
      [HOST, 'host-2.example', 'host-3.example']
        .map((host) => ({ key: hex(locationOf(host).key), host, status: 'RETRACTED', retracted_count: 1 }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    expect(await landedOf('RETRACTED')).toMatchObject([
      { outcome: 'DUPLICATE' },
      { outcome: 'EVENT', n: '3' },
    ]);
  });

  it('folds the first hundred reports of each provider and counts them all', async () => {
    const many = Array.from({ length: 250 }, (_, n) =>
      recordOf({ reportId: `many-${n}`, receivedAtMs: RECEIVED_AT_MS + n }),
    );
    const other = recordOf({
      reportId: 'other',
      providerId: 'demo-host',
      receivedAtMs: RECEIVED_AT_MS + 1_000,
    });
    await landNoticed(...many, other);
    await followReports(watching(), NEVER);
    expect(await cases()).toMatchObject([{ report_count: 251, version: '253', acts: '2' }]);
    const [{ state = '' } = {}] = await world.store.select('SELECT state FROM cases FINAL');
    expect(JSON.parse(String(state))).toMatchObject({ reportCount: 251, eventCount: 253 });
  });
});

describe('the watch over cases', () => {
  it('is kept by whoever owns the first partition: later reports, retractions and bells, without another event', async () => {
    let nowMs = LANDED_AT_MS;
    const consumers = await world.start({ rules: RULES, nowMs: () => nowMs });
    consumers.ended.catch(() => undefined);
    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      while (!(await isSo())) await Promise.race([consumers.ended, setTimeout(20)]);
    };
    const isKept = (expected: Row) => async (): Promise<boolean> => {
      const [kept = {}] = await cases();
      return Object.entries(expected).every(([column, value]) => kept[column] === value);
    };
    try {
      await world.append(recordOf());
      await world.appendEvents(...noticed());
      await until(isKept({ status: 'NOTICE_ISSUED', report_count: 1 }));
      await world.append(recordOf({ reportId: 'r-2', receivedAtMs: NOTICED_AT + 1 }));
      await until(isKept({ report_count: 2 }));
      nowMs = DUE_AT + 10 * MINUTE;
      await until(async () => (await landedOf('BREACHED')).length > 0);
      await world.append(
        recordOf({ kind: 'RETRACTION', revision: 1, locations: [], receivedAtMs: NOTICED_AT + 2 }),
        recordOf({
          reportId: 'r-2',
          kind: 'RETRACTION',
          revision: 1,
          locations: [],
          receivedAtMs: NOTICED_AT + 3,
        }),
      );
      await until(isKept({ status: 'RETRACTED', retracted_count: 2 }));
    } finally {
      await consumers.close();
    }
    expect(await landedOf('BREACHED')).toEqual([{ outcome: 'EVENT', n: '1' }]);
  });
});

describe('bells', () => {
  const ringer = (nowMs: () => number) => new BellRinger({ ...watching(), nowMs }, 2 * MINUTE);
  /** One that has heard how far landing is. */
  async function listening(nowMs: () => number): Promise<BellRinger> {
    const bells = ringer(nowMs);
    await bells.ring(NEVER);
    return bells;
  }

  it('ring for a breach once, with two keepers whose clocks are 90 seconds apart', async () => {
    await landNoticed(recordOf());
    let trueMs = DUE_AT - MINUTE;
    const fast = await listening(() => trueMs + 90_000);
    const slow = await listening(() => trueMs);
    const begin = await logEnd();
    // By the clock that is ahead the deadline has passed by half a minute.
    await fast.ring(NEVER);
    expect(await logEnd()).toBe(begin);

    trueMs = DUE_AT + 5 * MINUTE;
    for (let look = 0; look < 2; look += 1) {
      await fast.ring(NEVER);
      await slow.ring(NEVER);
    }
    expect(await logEnd()).toBe(begin + 2);
    await land();
    expect(await landedOf('BREACHED')).toEqual([
      { outcome: 'DUPLICATE', n: '1' },
      { outcome: 'EVENT', n: '1' },
    ]);
    const [rung] = await world.store.select(
      `SELECT toUnixTimestamp64Milli(occurred_at) AS due, actor_role, addressee, rule, n, is_history FROM takedown_records
       WHERE type = 'BREACHED' AND outcome = 'EVENT'`,
    );
    expect(rung).toEqual({
      due: String(DUE_AT),
      actor_role: 'SYSTEM',
      addressee: 'demo-host',
      rule: 'within-a-day@1',
      n: 1,
      is_history: false,
    });
    const end = await logEnd();
    for (let look = 0; look < 2; look += 1) {
      await fast.ring(NEVER);
      await slow.ring(NEVER);
    }
    expect(await logEnd()).toBe(end);
  });

  it('are not taken back by a clock for which the deadline has not passed', async () => {
    await landNoticed(recordOf());
    const right = await listening(() => DUE_AT + 3 * MINUTE);
    await right.ring(NEVER);
    await land();
    const end = await logEnd();
    // A claim after the deadline makes the case known to whoever looks next.
    await world.appendEvents(
      act('ACTION_CLAIMED', DUE_AT + 2 * MINUTE, {
        actorRole: 'PROVIDER',
        actorId: 'demo-host',
        addressee: 'demo-host',
      }),
    );
    await land({ nowMs: () => DUE_AT - 30_000 });
    const behind = await listening(() => DUE_AT - 30_000);
    await behind.ring(NEVER);
    expect(await logEnd()).toBe(end + 1);
    expect(await landedOf('BREACH_WITHDRAWN')).toEqual([]);
  });

  it('are silent while a claim that came in time waits in the log', async () => {
    await landNoticed(recordOf());
    await world.appendEvents(
      act('ACTION_CLAIMED', DUE_AT - 1, {
        actorRole: 'PROVIDER',
        actorId: 'demo-host',
        addressee: 'demo-host',
      }),
    );
    const begin = await logEnd();
    const bells = await listening(() => DUE_AT + 10 * MINUTE);
    await bells.ring(NEVER);
    await bells.ring(NEVER);
    expect(await logEnd()).toBe(begin);
    await land();
    await bells.ring(NEVER);
    await bells.ring(NEVER);
    expect(await logEnd()).toBe(begin);
    expect(await landedOf('BREACHED')).toEqual([]);
  });

  it('withdraw a breach once a late proof shows that the content was down in time', async () => {
    await landNoticed(recordOf());
    const bells = await listening(() => DUE_AT + HOUR);
    await bells.ring(NEVER);
    await land();
    expect(await landedOf('BREACHED')).toEqual([{ outcome: 'EVENT', n: '1' }]);
    await world.appendEvents(
      act('VERIFIED_DOWN', DUE_AT - HOUR, {
        receivedAtMs: DUE_AT + 2 * HOUR,
        observedAtMs: DUE_AT + 2 * HOUR,
      }),
    );
    await land();
    const at = DUE_AT + 3 * HOUR;
    const others = [await listening(() => at), await listening(() => at - 90_000)];
    for (const other of others) await other.ring(NEVER);
    await land();
    expect(await landedOf('BREACH_WITHDRAWN')).toEqual([
      { outcome: 'DUPLICATE', n: '1' },
      { outcome: 'EVENT', n: '1' },
    ]);
    const end = await logEnd();
    const last = await listening(() => DUE_AT + 4 * HOUR);
    await last.ring(NEVER);
    expect(await logEnd()).toBe(end);
  });

  it('ring every day for a notice that nobody answers, and not for one that was answered', async () => {
    await landNoticed(recordOf());
    let nowMs = DUE_AT + 50 * HOUR;
    const bells = await listening(() => nowMs);
    await bells.ring(NEVER);
    await land();
    expect(await landedOf('NOTICE_REPEATED')).toEqual([{ outcome: 'EVENT', n: '2' }]);
    await world.appendEvents(
      act('ACTION_CLAIMED', DUE_AT + 51 * HOUR, {
        actorRole: 'PROVIDER',
        actorId: 'demo-host',
        addressee: 'demo-host',
      }),
    );
    await land();
    nowMs = DUE_AT + 200 * HOUR;
    await bells.ring(NEVER);
    await bells.ring(NEVER);
    await land();
    expect(await landedOf('NOTICE_REPEATED')).toEqual([{ outcome: 'EVENT', n: '2' }]);
    // It was found to be silent, and is asked about again only when it can ring.
    const [{ bell = '0' } = {}] = await cases();
    expect(Number(bell)).toBeGreaterThan(nowMs - 2 * MINUTE);
  });

  it('ring for nothing in three years of history that are imported', async () => {
    const YEARS = 3 * 365 * 24 * HOUR;
    const history = Array.from({ length: 40 }, (_, n) => {
      const at = RECEIVED_AT_MS - YEARS + n * 25 * 24 * HOUR;
      const locationKey = locationOf(`old-${n}.example`).key;
      const past = (type: string, after: number, change: Partial<TakedownRecord> = {}): TakedownRecord =>
        act(type, at + after, {
          eventId: `${type}-${n}`,
          locationKey,
          isHistory: true,
          receivedAtMs: RECEIVED_AT_MS,
          ...change,
        });
      return [
        past('REPORTED', 0, { ...REPORTED, report: { ...REPORTED.report, reportId: hex(locationKey) } }),
        past('NOTICE_ISSUED', HOUR, { addressee: 'demo-host' }),
        ...(n % 2 === 0 ? [past('VERIFIED_DOWN', 30 * HOUR)] : []),
      ];
    });
    await world.appendEvents(...history.flat());
    await land();
    const begin = await logEnd();
    const bells = await listening(() => LANDED_AT_MS + 48 * HOUR);
    await bells.ring(NEVER);
    expect(await logEnd()).toBe(begin);
    const kept = await cases();
    expect(kept).toHaveLength(40);
    expect(kept.every(({ bell, is_history: history }) => bell === null && history === 1)).toBe(true);
    expect(kept.filter(({ status }) => status === 'VERIFIED_DOWN')).toHaveLength(20);
  });
});
