// What SQL says of a store full of cases, against what takedown/ says of the same cases in memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { askFigure } from '../../store/queries/figures.js';
import { GROUPS, type Group } from '../../store/queries/takedown/groups.js';
import { scaleOfGrid } from '../../store/queries/takedown/run-keys.js';
import { selectStays, type StayGroup, type StayQuestion } from '../../store/queries/takedown/stay-counts.js';
import type { Store } from '../../store/store.js';
import type { Case } from '../../takedown/case.js';
import { judgeDeadline, type Verdict } from '../../takedown/clocks.js';
import { CLOCKS, spellsOf, type ClockName, type Spell } from '../../takedown/figures/clocks-of-case.js';
import type { StayCount } from '../../takedown/figures/risk-table.js';
import { takedownTimes } from '../../takedown/figures/takedown-times.js';
import { gridDown, gridUp, GRIDS } from '../../takedown/figures/time-grid.js';
import { openDeadlines } from '../../takedown/next-bell.js';
import { curveOf } from '../../store/queries/takedown/rows.js';
import { arbitraryCase } from '../support/arbitrary-case.js';
import { foldKept, insertCases, insertReports, reported, type KeptForTest } from '../support/stored-cases.js';
import { DAY, HOUR, hours, START } from '../unit/takedown/case-builder.js';

const NOW = hours(3000);
let directory: string;
let store: Store;
let kept: readonly KeptForTest[];
const select = (...args: Parameters<Store['select']>) => store.select(...args);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-figures-'));
  store = await openChdb({ directory, database: 'figures_test' });
  await migrate(store, 'single', NOW);
  const histories = fc.sample(arbitraryCase, { numRuns: 500, seed: 20_261_124 });
  const untouched = [0, 1, 2, 3, 4, 5].map((i) => reported(i, hours(i), i % 2 === 0));
  const folded = histories.map((events, i) => foldKept(i, events));
  // What was folded before the last events came is there too, and must not count.
  const before = histories.map((events, i) => foldKept(i, events.slice(0, -2)));
  await insertCases(store, before.slice(0, 300), 'before');
  await insertCases(store, folded.slice(0, 250), 'first');
  await insertCases(store, folded.slice(250), 'second');
  await insertReports(store, untouched);
  // Reports of what is folded already open nothing a second time.
  await insertReports(
    store,
    folded.slice(0, 50).map(({ state }, i) => ({ ...reported(i, hours(1), false), key: state.locationKey })),
  );
  kept = [...folded, ...untouched.map(({ asCase }) => asCase)];
}, 120_000);

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

/** What a run is told apart by. */
function groupOf({ state, reporter }: KeptForTest, by: Group | '', spell: Spell, clock: ClockName): string {
  switch (by) {
    case 'reporter':
      return reporter;
    case 'category':
      return state.category;
    case 'urgency':
      return state.urgency;
    case 'country':
      return state.host.country;
    case 'network':
      return state.host.network;
    case 'vn':
      if (state.host.isVnDomain) return 'VN_DOMAIN';
      if (state.host.country === 'VN') return 'VN_ADDRESS';
      return state.host.country === '' ? 'UNKNOWN' : 'ABROAD';
    case 'addressee': {
      if (clock.startsWith('notice_') || clock === 'claim_to_verified') return spell.addressee;
      const duties = state.cycles[spell.cycle - 1]?.duties ?? [];
      return duties.find(({ trigger }) => trigger === 'NOTICE_ISSUED')?.addressee ?? '';
    }
    default:
      return '';
  }
}

const staying = (state: Case): Case => ({
  ...state,
  cycles: state.cycles.map((cycle) => ({ ...cycle, leavesCohort: false })),
});

interface Expected {
  readonly stays: Spell[];
  left: number;
}

function expectedGroups(question: StayQuestion): ReadonlyMap<string, Expected> {
  const { clock, asOfMs, sinceMs, untilMs, by } = question;
  const groups = new Map<string, Expected>();
  const inCohort = ({ startMs }: Spell): boolean =>
    startMs >= (sinceMs ?? 0) && startMs < (untilMs ?? Infinity);
  for (const one of kept) {
    const counted = spellsOf(one.state, clock, asOfMs).filter(inCohort);
    const names = new Set(counted.map((spell) => JSON.stringify(spell)));
    for (const spell of spellsOf(staying(one.state), clock, asOfMs).filter(inCohort)) {
      const name = groupOf(one, by, spell, clock);
      const group = groups.get(name) ?? { stays: [], left: 0 };
      groups.set(name, group);
      if (names.has(JSON.stringify(spell))) group.stays.push(spell);
      else group.left += 1;
    }
  }
  return groups;
}

const anyQuestion = fc.record({
  environment: fc.constant('TEST'),
  clock: fc.constantFrom(...CLOCKS),
  asOfMs: fc.integer({ min: -5, max: 120 }).map((hour) => hours(hour)),
  sinceMs: fc.option(fc.integer({ min: 0, max: 30 }).map((hour) => hours(hour))),
  untilMs: fc.option(fc.integer({ min: 31, max: 90 }).map((hour) => hours(hour))),
  by: fc.constantFrom('' as const, ...GROUPS.filter((group) => group !== 'rule' && group !== 'stage')),
  addressee: fc.constant(''),
  reporter: fc.constant(''),
  groups: fc.constant(1000),
  limitsMs: fc.array(
    fc.oneof(fc.constantFrom(24 * HOUR, HOUR, 6 * HOUR), fc.integer({ min: 1, max: 100 * HOUR })),
    { maxLength: 4 },
  ),
});

describe('times of a clock asked of the store', () => {
  it.each([
    ['exactly', Infinity],
    ['on the grid', 0],
  ])('are those of the same cases in memory, %s', async (_, exactUpTo) => {
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (question) => {
        const expected = expectedGroups(question);
        const found = await selectStays(select, question, exactUpTo);
        if (question.by !== '') {
          expect(found.map(({ group }) => group).sort()).toEqual([...expected.keys()].sort());
        }
        for (const group of found) {
          const { stays, left } = expected.get(group.group) ?? { stays: [], left: 0 };
          const exact = stays.map((spell) => ({ ...spell, enteredMs: 0, count: 1 }));
          const grid = GRIDS[question.by === '' ? 'together' : 'apart'];
          const gridded = exact.map((stay) => ({
            ...stay,
            lowerMs: gridDown(stay.lowerMs, grid),
            upperMs: stay.upperMs === null ? null : gridUp(stay.upperMs, grid),
            openMs: gridUp(stay.openMs, grid),
          }));
          const options = { ...question, shares: [0.5], band: 'PLAIN' } as const;
          const counts = takedownTimes(exact, options);
          const curves = exactUpTo === 0 ? takedownTimes(gridded, options) : counts;
          expect({ n: group.n, nOpen: group.nOpen, left: group.leftCohort }).toEqual({
            n: counts.n,
            nOpen: counts.nOpen,
            left,
          });
          expect(group.deadlines).toEqual(counts.deadlines);
          expect(curveOf(group, 'LOWER')).toEqual(curves.atLowerEnd.curve);
          expect(curveOf(group, 'UPPER')).toEqual(curves.atUpperEnd.curve);
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it.each(['together', 'apart'] as const)(
    'stand, in two bytes, on the steps of the grid up to a hundred years, %s',
    async (name) => {
      const scale = scaleOfGrid(name);
      const grid = GRIDS[name];
      const edges = [0, 7, 90, 1_800].flatMap((days) => [-1, 0, 1].map((ms) => days * DAY + ms));
      const anyTimes = fc.array(
        fc.oneof(...[DAY, 100 * DAY, 2_000 * DAY, 36_525 * DAY].map((max) => fc.integer({ min: 0, max }))),
        { minLength: 500, maxLength: 500 },
      );
      const times = [
        ...edges.filter((ms) => ms >= 0),
        ...(fc.sample(anyTimes, { numRuns: 1, seed: 1 })[0] ?? []),
      ];
      const rows = await select(
        `SELECT ms, toUInt16(2 * (${scale.down('ms')}) + 1) AS down, toUInt16(2 * (${scale.up('ms')})) AS up
         FROM (SELECT arrayJoin({times:Array(Int64)}) AS ms)`,
        { times },
      );
      expect(rows).toHaveLength(times.length);
      for (const row of rows) {
        const ms = Number(row['ms']);
        expect(scale.msOf((Number(row['down']) - 1) / 2)).toBe(gridDown(ms, grid));
        expect(scale.msOf(Number(row['up']) / 2)).toBe(gridUp(ms, grid));
        expect(Number(row['up']) / 2).toBeLessThan(scale.room);
      }
    },
  );

  it('rest on something: every clock has runs that ended, that are open, and that left', () => {
    for (const clock of CLOCKS) {
      const question = { ...QUESTION, clock, asOfMs: hours(100) };
      const { stays = [], left = 0 } = expectedGroups(question).get('') ?? {};
      expect([clock, stays.some(({ upperMs }) => upperMs !== null)]).toEqual([clock, true]);
      expect([clock, stays.some(({ upperMs }) => upperMs === null)]).toEqual([clock, true]);
      if (clock !== 'verified_to_reappeared') expect([clock, left > 0]).toEqual([clock, true]);
    }
  });

  it('by rule, count a notice once for each rule that applied to it', async () => {
    const asOfMs = hours(100);
    const question = { ...QUESTION, clock: 'notice_to_verified' as const, asOfMs, by: 'rule' as const };
    const expected: Record<string, number> = {};
    for (const { state } of kept) {
      for (const cycle of state.cycles) {
        const hasLeft = cycle.leavesCohort && cycle.endedAtMs !== null && cycle.endedAtMs <= asOfMs;
        for (const duty of cycle.duties) {
          if (hasLeft || duty.trigger !== 'NOTICE_ISSUED' || duty.start.earliestMs > asOfMs) continue;
          const rules = duty.deadlines.length === 0 ? [''] : duty.deadlines.map(({ rule }) => rule);
          for (const rule of rules) expected[rule] = (expected[rule] ?? 0) + 1;
        }
      }
    }
    const found = await selectStays(select, question);
    expect(Object.fromEntries(found.filter(({ n }) => n > 0).map(({ group, n }) => [group, n]))).toEqual(
      expected,
    );
  });

  it('of one addressee or reporter are its own', async () => {
    const ofHost = await selectStays(select, {
      ...QUESTION,
      clock: 'notice_to_verified',
      addressee: 'host-2',
    });
    const byHost = await selectStays(select, { ...QUESTION, clock: 'notice_to_verified', by: 'addressee' });
    expect(sorted(ofHost[0])).toEqual(sorted(byHost.find(({ group }) => group === 'host-2')));
    const ofReporter = await selectStays(select, { ...QUESTION, reporter: 'reporter-1' });
    const byReporter = await selectStays(select, { ...QUESTION, by: 'reporter' });
    expect(sorted(ofReporter[0])).toEqual(sorted(byReporter.find(({ group }) => group === 'reporter-1')));
  });
});

const QUESTION: StayQuestion = {
  environment: 'TEST',
  clock: 'report_to_verified',
  asOfMs: hours(100),
  sinceMs: null,
  untilMs: null,
  by: '',
  addressee: '',
  reporter: '',
  groups: 1000,
  limitsMs: [],
};

/** The order of what a curve is made of means nothing, and neither does the name of the only group. */
function sorted(group: StayGroup | undefined) {
  const inOrder = (stays: readonly StayCount[] = []) =>
    [...stays].sort((a, b) => a.openMs - b.openMs || Number(a.upperMs) - Number(b.upperMs));
  return { ...group, group: '', lower: inOrder(group?.lower), upper: inOrder(group?.upper) };
}

const iso = (ms: number): string => new Date(ms).toISOString();

describe('deadlines asked of the store', () => {
  it('are judged as the same deadlines in memory, per rule and addressee', async () => {
    for (const asOfMs of [hours(2), hours(20), hours(45.5), hours(100), hours(2000)]) {
      const expected = new Map<string, Record<Verdict | 'LEFT', number>>();
      for (const { state } of kept) {
        for (const cycle of state.cycles) {
          const hasLeft = cycle.leavesCohort && cycle.endedAtMs !== null && cycle.endedAtMs <= asOfMs;
          for (const duty of cycle.duties.filter(({ start }) => start.earliestMs <= asOfMs)) {
            for (const deadline of duty.deadlines) {
              const name = `${deadline.rule} ${duty.addressee}`;
              const counts = expected.get(name) ?? { MET: 0, MISSED: 0, OPEN: 0, UNDECIDABLE: 0, LEFT: 0 };
              expected.set(name, counts);
              counts[hasLeft ? 'LEFT' : judgeDeadline(state, cycle, duty, deadline, asOfMs)] += 1;
            }
          }
        }
      }
      const params = { environment: 'TEST', as_of: iso(asOfMs), by: 'addressee' };
      const rows = await askFigure(select, 'deadline-compliance', params, NOW);
      const found = rows.map((row) => [
        `${String(row['rule'])} ${String(row['addressee'])}`,
        {
          MET: row['met'],
          MISSED: row['missed'],
          OPEN: row['open'],
          UNDECIDABLE: row['undecidable'],
          LEFT: row['left_cohort'],
        },
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    }
  });

  it('that still run are those of the queue, by the time that is left', async () => {
    const asOfMs = hours(2200);
    const open = kept.flatMap(({ state }) => openDeadlines(state, asOfMs));
    const rows = await askFigure(select, 'time-to-breach', { environment: 'TEST', as_of: iso(asOfMs) }, NOW);
    const sum = (column: string): number => rows.reduce((all, row) => all + Number(row[column]), 0);
    const within = (from: number, to: number): number =>
      open.filter(
        ({ dueMs }) => dueMs !== null && dueMs - asOfMs > from * HOUR && dueMs - asOfMs <= to * HOUR,
      ).length;
    expect(sum('n_open')).toBe(open.length);
    expect(sum('held')).toBe(open.filter(({ dueMs }) => dueMs === null).length);
    expect(sum('within_1h')).toBe(within(-1, 1));
    expect(sum('within_6h')).toBe(within(1, 6));
    expect(sum('within_24h')).toBe(within(6, 24));
    expect(sum('within_48h')).toBe(within(24, 48));
    const breached = kept.flatMap(({ state }) =>
      state.cycles
        .filter(({ endedAtMs, firstSeenDownMs }) => endedAtMs === null && firstSeenDownMs === null)
        .flatMap((cycle) =>
          cycle.duties.flatMap((duty) =>
            duty.deadlines.filter(
              (deadline) => judgeDeadline(state, cycle, duty, deadline, asOfMs) !== 'OPEN',
            ),
          ),
        ),
    );
    expect(sum('breached')).toBe(breached.length);
    expect(breached.length).toBeGreaterThan(0);
    expect(open.length).toBeGreaterThan(0);
  });
});

describe('other figures asked of the store', () => {
  it('false claims are those after which somebody saw it still up', async () => {
    const claims = kept.flatMap(({ state }) =>
      state.cycles
        .filter(({ leavesCohort, endedAtMs }) => !(leavesCohort && endedAtMs !== null))
        .filter(({ status }) => status !== 'UNREPORTED')
        .flatMap((cycle) => cycle.claims),
    );
    const [row = {}] = await askFigure(select, 'false-claims', { environment: 'TEST', by: '' }, NOW);
    expect(row).toMatchObject({
      clock: 'claim_to_verified',
      claims: claims.length,
      false_claims: claims.filter(({ disputedAtMs }) => disputedAtMs !== null).length,
    });
  });

  it('the backlog counts open cases, held ones, and how the others came about', async () => {
    const cases = kept.map(({ state }) => state).filter(({ status }) => status !== 'UNREPORTED');
    const isOpen = (state: Case): boolean => {
      const last = state.cycles.at(-1);
      return last?.firstSeenDownMs === null && last.endedAtMs === null;
    };
    const [row = {}] = await askFigure(select, 'backlog', { environment: 'TEST', by: '' }, NOW);
    const any = (holds: (cycle: Case['cycles'][number]) => boolean): number =>
      cases.filter(({ cycles }) => cycles.some(holds)).length;
    const ages = cases
      .filter(isOpen)
      .map(({ cycles }) => (NOW - (cycles.at(-1)?.opened.earliestMs ?? 0)) / HOUR);
    expect(row).toMatchObject({
      n: cases.length,
      n_open: cases.filter(isOpen).length,
      held: cases.filter((state) => isOpen(state) && state.isHeld).length,
      seen_down: any(({ firstSeenDownMs }) => firstSeenDownMs !== null),
      already_down: any(({ wasAlreadyDown }) => wasAlreadyDown),
      self_actioned: any(({ selfActionedAtMs }) => selfActionedAtMs !== null),
      reinstated: any(({ status }) => status === 'REINSTATED'),
    });
    expect(row['age_max_hours']).toBeCloseTo(Math.max(...ages), 3);
    const byStage = await askFigure(select, 'backlog', { environment: 'TEST' }, NOW);
    expect(byStage.reduce((sum, { n }) => sum + Number(n), 0)).toBe(cases.length);
  });

  it('what came back counts among what was seen down', async () => {
    const spells = kept.flatMap(({ state }) => spellsOf(state, 'verified_to_reappeared', NOW));
    const [row = {}] = await askFigure(select, 'reappearance', { environment: 'TEST' }, NOW);
    expect(row).toMatchObject({
      n: spells.length,
      n_open: spells.filter(({ upperMs }) => upperMs === null).length,
      reappeared: spells.filter(({ upperMs }) => upperMs !== null).length,
      within_hours: 168,
    });
  });

  it('one world says nothing about the other', async () => {
    const [row = {}] = await askFigure(select, 'takedown-times', {}, NOW);
    expect(row).toMatchObject({ n: 0, n_open: 0, left_cohort: 0, p50_lower_hours: null });
  });

  it('a figure before anything happened counts nothing', async () => {
    const as_of = iso(START - 1000 * HOUR);
    const [row = {}] = await askFigure(select, 'takedown-times', { environment: 'TEST', as_of }, NOW);
    expect(row).toMatchObject({ as_of, n: 0 });
  });
});
