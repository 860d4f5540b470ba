// The runs of each clock as rows, as `spellsOf` has them: when it started, between which looks it ended.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { groupColumn, sliceCondition, type Slice } from './groups.js';
import { openingStays } from './openings.js';
import { HOLD, ms, NO_PAUSES, pauseColumns, plain, stays } from './sql.js';

/** Which runs of the cases that somebody acted on; times are SQL over one row, in ms since 1970. */
interface Source {
  /** What the table is joined with, and conditions. */
  readonly joined: string;
  readonly where: string;
  readonly start: readonly [from: string, to: string];
  /** The looks between which it ended: nullable ms. */
  readonly seen: readonly [up: string, down: string];
  readonly addressee: string;
  readonly hasLeft: string;
  readonly pauses: string;
}

/**
 * One row per run of the clock that started by as_of and belongs to the cohort, in cycles that left it too: grp,
 * has_left and what `stays` says. Takes the parameters environment, as_of, since, until and those of the slice.
 */
export function runStays(clock: ClockName, slice: Slice): string {
  const { joined, where, start, seen, addressee, hasLeft, pauses } = sourceOf(clock, slice);
  // The addressee is costly to find, and mostly nobody asks for it.
  const who = slice.by === 'addressee' || slice.addressee !== '' ? addressee : `''`;
  const ofCases = stays(`
    SELECT ${groupColumn(slice)}, ${start[0]} AS start_from, ${start[1]} AS start_to, ${seen[0]} AS seen_up,
      ${seen[1]} AS seen_down, ${hasLeft} AS has_left, ${pauses}, ${who} AS addressee
    FROM cases FINAL ARRAY JOIN ${joined}
    WHERE environment = {environment:String} AND ${where}${sliceCondition(slice)} AND ${IN_COHORT}`);
  const ofOpenings = openingStays(clock, slice, IN_COHORT);
  const all = [ofCases, ...(ofOpenings === undefined ? [] : [ofOpenings])];
  return all
    .map((rows) => `SELECT grp, has_left, is_down, lower_ms, end_ms FROM (${rows})`)
    .join(' UNION ALL ');
}

const IN_COHORT = `start_from <= {as_of:Int64} AND start_from >= {since:Int64} AND start_from < {until:Int64}`;

function sourceOf(clock: ClockName, slice: Slice): Source {
  switch (clock) {
    case 'exposure': {
      const created = span('assumeNotNull(content_created_from)', 'assumeNotNull(content_created_to)');
      const first = ofCycles('number = 1 AND content_created_from IS NOT NULL', DOWN);
      return { ...first, start: created, pauses: NO_PAUSES };
    }
    case 'report_to_verified':
      return ofCycles(`${plain('opened_by')} != 'NOTICE'`, { ...DOWN, ...OPENED });
    case 'report_to_assessed': {
      const assessed = { cycle_assessed_from: 'end_from', cycle_assessed_to: 'end_to' };
      const cycles = ofCycles(`${plain('opened_by')} = 'REPORT'`, { ...OPENED, ...assessed });
      return { ...cycles, seen: [orNow(ms('end_from')), ms('end_to')] };
    }
    case 'claim_to_verified': {
      const claimed = { cycle_claimed_at: 'claimed_at', cycle_claimed_by: 'claimed_by' };
      const cycles = ofCycles('claimed_at IS NOT NULL', { ...DOWN, ...claimed });
      return { ...cycles, start: known('claimed_at'), addressee: 'toString(claimed_by)' };
    }
    case 'verified_to_reappeared': {
      const next = (array: string): string =>
        `if(number < length(cycle_status), ${ms(`${array}[number + 1]`)}, NULL)`;
      const cycles = ofCycles('first_seen_down IS NOT NULL', { cycle_first_seen_down: 'first_seen_down' });
      const seen = [orNow(next('cycle_opened_from')), next('cycle_opened_to')] as const;
      return { ...cycles, start: known('first_seen_down'), seen };
    }
    case 'notice_to_claimed':
      return ofNotices(slice, [orNow(ms('claimed_at')), ms('claimed_at')]);
    case 'notice_to_verified':
      return ofNotices(slice, [ms('cycle_last_seen_up[in_cycle]'), ms('cycle_first_seen_down[in_cycle]')]);
  }
}

type Arrays = Readonly<Record<string, string>>;

const OPENED: Arrays = {
  cycle_opened_by: 'opened_by',
  cycle_opened_from: 'opened_from',
  cycle_opened_to: 'opened_to',
};
const DOWN: Arrays = { cycle_last_seen_up: 'last_seen_up', cycle_first_seen_down: 'first_seen_down' };
const COHORT: Arrays = {
  cycle_status: 'in_status',
  cycle_leaves_cohort: 'leaves',
  cycle_ended_at: 'ended_at',
};

const span = (from: string, to: string) => [ms(from), ms(to)] as const;
const known = (at: string) => span(`assumeNotNull(${at})`, `assumeNotNull(${at})`);
/** What ends such a clock is a fact of its own; until then it had not happened. */
const orNow = (at: string): string => `ifNull(${at}, {as_of:Int64})`;

/** The first notice of a cycle says who has to act on it. */
const FIRST_NOTICED = `toString(arrayFirst((who, at, why) -> at = number AND why = 'NOTICE_ISSUED',
  duty_addressee, duty_cycle, duty_trigger))`;

/** By cycle; `arrays`: which columns are needed of it, and by what name. */
function ofCycles(where: string, arrays: Arrays): Source {
  const joined = Object.entries({ ...COHORT, ...arrays }).map(([array, name]) => `${array} AS ${name}`);
  return {
    joined: `${joined.join(', ')}, arrayEnumerate(cycle_status) AS number`,
    where: `${plain('in_status')} != 'UNREPORTED' AND ${where}`,
    start: span('opened_from', 'opened_to'),
    seen: [ms('last_seen_up'), ms('first_seen_down')],
    addressee: FIRST_NOTICED,
    hasLeft: `leaves AND ifNull(${ms('ended_at')} <= {as_of:Int64}, false)`,
    pauses: pauseColumns(HOLD),
  };
}

/** One per notice; told apart by rule, one per notice and rule. */
function ofNotices({ by }: Slice, seen: readonly [string, string]): Source {
  const rules = `arrayFilter((one, duty) -> duty = number, deadline_rule, deadline_duty)`;
  return {
    joined: `duty_cycle AS in_cycle, duty_trigger AS why, duty_addressee AS noticed, duty_from AS notice_from,
      duty_to AS notice_to, duty_claimed_at AS claimed_at, arrayEnumerate(duty_cycle) AS number
      ${by === 'rule' ? `LEFT ARRAY JOIN ${rules} AS rule` : ''}`,
    where: `${plain('why')} = 'NOTICE_ISSUED'`,
    start: span('notice_from', 'notice_to'),
    seen,
    addressee: 'toString(noticed)',
    hasLeft: `cycle_leaves_cohort[in_cycle] AND ifNull(${ms('cycle_ended_at[in_cycle]')} <= {as_of:Int64}, false)`,
    pauses: pauseColumns(HOLD),
  };
}
