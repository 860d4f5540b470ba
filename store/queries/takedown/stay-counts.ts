// How long content stayed up, counted in the store: verdicts to the millisecond, times on the grid of the curves.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import type { DeadlineCounts } from '../../../takedown/figures/deadline-counts.js';
import type { StayCount } from '../../../takedown/figures/risk-table.js';
import { numberOf, textOf, type Select } from '../select.js';
import type { Cohort } from './question.js';
import { IN_MS, isRun, keysOf, readKey, scaleOfGrid, type Scale } from './run-keys.js';
import { runStays, type Tally } from './runs.js';
import { WHOLE_TABLE } from './sql.js';

export interface StayQuestion extends Cohort {
  readonly clock: ClockName;
  readonly limitsMs: readonly number[];
  /** Summed over runs that have not left; only of a clock whose runs are cycles. */
  readonly tallies?: readonly Tally[];
}

/** Runs of one clock that belong together. */
export interface StayGroup {
  readonly group: string;
  readonly n: number;
  readonly nOpen: number;
  /** Runs in cycles that had left the cohort; not among n. */
  readonly leftCohort: number;
  /** One per limit, in their order. */
  readonly deadlines: readonly DeadlineCounts[];
  /** One per tally, in their order. */
  readonly tallies: readonly number[];
  /** Each grouped by the end of which its curve is made. */
  readonly lower: readonly StayCount[];
  readonly upper: readonly StayCount[];
}

/** Up to so many cases times need no grid. */
const EXACT_UP_TO = 50_000;

/**
 * The groups with the most runs first, `groups` of them at the most; without `by` always one. `exactUpTo`: with more
 * cases in the store than this, the curves' times stand on the grid of `time-grid.ts`; counts are exact.
 */
export async function selectStays(
  select: Select,
  question: StayQuestion,
  exactUpTo = EXACT_UP_TO,
): Promise<readonly StayGroup[]> {
  const {
    environment,
    asOfMs,
    sinceMs,
    untilMs,
    addressee,
    reporter,
    groups,
    limitsMs,
    tallies = [],
  } = question;
  const [size = {}] = await select(
    'SELECT (SELECT count() FROM cases) + (SELECT count() FROM case_reports) AS size',
  );
  const onGrid = numberOf(size, 'size') > exactUpTo;
  const scale = onGrid ? scaleOfGrid(question.by === '' ? 'together' : 'apart') : IN_MS;
  const ascending = [...limitsMs].sort((a, b) => a - b);
  const limits = Object.fromEntries(ascending.map((limitMs, i) => [`limit_${i}`, limitMs]));
  const rows = await select(sqlOf(question, scale), {
    ...{ environment, addressee, reporter, groups, as_of: asOfMs },
    ...{ since: sinceMs ?? 0, until: untilMs ?? asOfMs + 1, ...limits },
  });
  return rows.map((row) => ({
    ...groupOf(row, scale, limitsMs, ascending),
    tallies: tallies.map((_, i) => numberOf(row, `tally_${i}`)),
  }));
}

function sqlOf({ clock, limitsMs, by, tallies = [], ...slice }: StayQuestion, scale: Scale): string {
  const limits = limitsMs.map((_, i) => `{limit_${i}:Int64}`);
  const runs = runStays(clock, { by, ...slice }, tallies);
  return `
    SELECT ${by === '' ? `''` : 'any(named)'} AS name, groupArray(toFloat64(key)) AS keys, groupArray(runs) AS counts
      ${tallies.map((_, i) => `, sum(tally_${i}) AS tally_${i}`).join('')}
    FROM (${countedOf(by, scale, limits, tallies, runs)})
    ${by === '' ? '' : 'GROUP BY hash'}
    ORDER BY sumIf(runs, ${isRun(scale, 'key')}) DESC, name
    LIMIT {groups:UInt32} ${WHOLE_TABLE}`;
}

/**
 * One number is grouped by faster than two, and two several times as fast as a text and a number. Nothing is left out
 * here: the engine would copy every row without it before it groups.
 */
function countedOf(
  by: StayQuestion['by'],
  scale: Scale,
  limits: readonly string[],
  tallies: readonly Tally[],
  runs: string,
): string {
  const key = keysOf(scale, limits);
  const carried = tallies.map((tally) => `, ${tally}`).join('');
  const summed = (number: string): string =>
    tallies.map((tally, i) => `, sumIf(${tally}, ${isRun(scale, number)}) AS tally_${i}`).join('');
  if (by === '') {
    return `SELECT key, toUInt32(count()) AS runs${summed('key')}
      FROM (SELECT ${key} AS key${carried} FROM (${runs})) GROUP BY key`;
  }
  const name = by === 'rule' ? 'list' : 'named';
  const tallied = tallies.map((_, i) => `, tally_${i}`).join('');
  const above = 'bitShiftLeft(cityHash64(grp), 16)';
  const counted =
    scale.type === 'UInt16'
      ? `SELECT bitAnd(packed, 65535) AS key, bitShiftRight(packed, 16) AS hash, runs, ${name}${tallied} FROM (
          SELECT packed, toUInt32(count()) AS runs, any(grp) AS ${name}${summed('bitAnd(packed, 65535)')}
          FROM (SELECT grp, ${keysOf(scale, limits, above)} AS packed${carried} FROM (${runs})) GROUP BY packed)`
      : `SELECT key, cityHash64(grp) AS hash, toUInt32(count()) AS runs, any(grp) AS ${name}${summed('key')}
          FROM (SELECT grp, ${key} AS key${carried} FROM (${runs})) GROUP BY hash, key`;
  if (by !== 'rule') return counted;
  const ofLists = tallies.map((_, i) => `, sum(of_list.tally_${i}) AS tally_${i}`).join('');
  return `
    SELECT key, toUInt32(sum(of_list.runs)) AS runs, cityHash64(rule) AS hash, any(toString(rule)) AS named${ofLists}
    FROM (${counted}) AS of_list LEFT ARRAY JOIN list AS rule GROUP BY hash, key`;
}

function groupOf(
  row: Readonly<Record<string, unknown>>,
  scale: Scale,
  limitsMs: readonly number[],
  ascending: readonly number[],
): Omit<StayGroup, 'tallies'> {
  const keys = numbersOf(row, 'keys');
  const counts = numbersOf(row, 'counts');
  const found = { n: 0, nOpen: 0, leftCohort: 0 };
  const lower: StayCount[] = [];
  const upper: StayCount[] = [];
  const deadlines = ascending.map((limitMs) => ({
    limitMs,
    n: 0,
    met: 0,
    missed: 0,
    undecidable: 0,
    open: 0,
  }));
  keys.forEach((number, i) => {
    const count = counts[i] ?? 0;
    const key = readKey(number, scale, ascending.length);
    if (key === undefined) return;
    if (key.kind === 'LEFT') found.leftCohort += count;
    else if (key.kind === 'PLACE') {
      found.n += count;
      if (!key.isDown) found.nOpen += count;
      deadlines.forEach((each, l) => {
        each.n += count;
        if (key.isDown && l >= key.endPast) each.met += count;
        else if (l < key.lowerPast) each.missed += count;
        else if (!key.isDown && l >= key.endPast) each.open += count;
        else each.undecidable += count;
      });
    } else {
      const { ms, isDown } = key;
      const stay = { lowerMs: ms, upperMs: isDown ? ms : null, openMs: ms, enteredMs: 0, count };
      (key.kind === 'UPPER' ? upper : lower).push(stay);
    }
  });
  const ofLimit = new Map(deadlines.map((each) => [each.limitMs, each]));
  const inOrder = limitsMs.flatMap((limitMs) => ofLimit.get(limitMs) ?? []);
  return { group: textOf(row, 'name'), ...found, deadlines: inOrder, lower, upper };
}

function numbersOf(row: Readonly<Record<string, unknown>>, column: string): readonly number[] {
  const value = row[column];
  if (!Array.isArray(value)) throw new TypeError(`column ${column} holds no list`);
  return value.map(Number);
}
