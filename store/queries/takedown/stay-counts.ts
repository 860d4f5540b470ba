// How long content stayed up, counted in the store: verdicts to the millisecond, times on the grid of the curves.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import type { DeadlineCounts } from '../../../takedown/figures/deadline-counts.js';
import type { StayCount } from '../../../takedown/figures/risk-table.js';
import { FINE_UP_TO_MS, FINEST_MS, HOURS_UP_TO_MS } from '../../../takedown/figures/time-grid.js';
import { DAY_MS, HOUR_MS } from '../../../takedown/instants.js';
import { numberOf, textOf, type Select } from '../select.js';
import type { Cohort } from './question.js';
import { runStays } from './runs.js';
import { WHOLE_TABLE } from './sql.js';

export interface StayQuestion extends Cohort {
  readonly clock: ClockName;
  readonly limitsMs: readonly number[];
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
  const { environment, asOfMs, sinceMs, untilMs, addressee, reporter, groups, limitsMs } = question;
  const [size = {}] = await select(
    'SELECT (SELECT count() FROM cases) + (SELECT count() FROM case_reports) AS size',
  );
  const ascending = [...limitsMs].sort((a, b) => a - b);
  const limits = Object.fromEntries(ascending.map((limitMs, i) => [`limit_${i}`, limitMs]));
  const rows = await select(sqlOf(question, numberOf(size, 'size') > exactUpTo), {
    ...{ environment, addressee, reporter, groups, as_of: asOfMs },
    ...{ since: sinceMs ?? 0, until: untilMs ?? asOfMs + 1, ...limits },
  });
  return rows.map((row) => groupOf(row, limitsMs, ascending));
}

/**
 * Each run gives three keys: its time at the lower end, at the upper end, and where it stands among the limits; one that
 * has left its cohort gives one.
 */
const KIND = 2 ** 50;
const [LOWER, UPPER, PLACE, LEFT] = [0, KIND, 2 * KIND, 3 * KIND];
const NOTHING = -1;

function sqlOf({ clock, limitsMs, by, ...slice }: StayQuestion, onGrid: boolean): string {
  const [down, up] = onGrid ? gridOf(FINEST_MS[by === '' ? 'together' : 'apart']) : AS_IT_IS;
  const past = (ms: string, sign: string): string =>
    limitsMs.map((_, i) => `(${ms} ${sign} {limit_${i}:Int64})`).join(' + ') || '0';
  const size = limitsMs.length + 1;
  // Numbers are chosen between, not arrays: the engine takes ten times as long to choose between these.
  const unless = (key: string, left: number): string => `if(has_left, toInt64(${left}), toInt64(${key}))`;
  const key = `arrayJoin([
      ${unless(`${LOWER} + 2 * if(is_down, ${down('lower_ms')}, ${up('end_ms')}) + is_down`, LEFT)},
      ${unless(`${UPPER} + 2 * ${up('end_ms')} + is_down`, NOTHING)},
      ${unless(`${PLACE} + (is_down * ${size} + ${past('lower_ms', '>=')}) * ${size} + ${past('end_ms', '>')}`, NOTHING)}])`;
  const runs = `FROM (SELECT grp, ${key} AS key FROM (${runStays(clock, { by, ...slice })}))`;
  return `
    SELECT ${by === '' ? `''` : 'any(named)'} AS name, groupArray(toFloat64(key)) AS keys, groupArray(runs) AS counts
    FROM (${countedOf(by, `${runs} WHERE key != ${NOTHING}`)})
    ${by === '' ? '' : 'GROUP BY hash'}
    ORDER BY sumIf(runs, key >= ${PLACE} AND key < ${LEFT}) DESC, name
    LIMIT {groups:UInt32} ${WHOLE_TABLE}`;
}

/** Two numbers are grouped by several times as fast as a text and a number. */
function countedOf(by: StayQuestion['by'], runs: string): string {
  if (by === '') return `SELECT key, toUInt32(count()) AS runs ${runs} GROUP BY key`;
  const name = by === 'rule' ? 'list' : 'named';
  const counted = `
    SELECT key, toUInt32(count()) AS runs, cityHash64(grp) AS hash, any(grp) AS ${name} ${runs} GROUP BY hash, key`;
  if (by !== 'rule') return counted;
  return `
    SELECT key, toUInt32(sum(of_list.runs)) AS runs, cityHash64(rule) AS hash, any(toString(rule)) AS named
    FROM (${counted}) AS of_list LEFT ARRAY JOIN list AS rule GROUP BY hash, key`;
}

/** `gridDown` and `gridUp`. */
function gridOf(finestMs: number): readonly [down: (ms: string) => string, up: (ms: string) => string] {
  const inSteps = (ms: string, sign: string, whole: (stepMs: number) => string): string =>
    `multiIf(${ms} ${sign} ${FINE_UP_TO_MS}, ${whole(finestMs)}, ${ms} ${sign} ${HOURS_UP_TO_MS}, ${whole(HOUR_MS)},
      ${whole(DAY_MS)})`;
  return [
    (ms) => inSteps(ms, '<', (step) => `intDiv(${ms}, ${step}) * ${step}`),
    (ms) => inSteps(ms, '<=', (step) => `intDiv(${ms} + ${step - 1}, ${step}) * ${step}`),
  ];
}

const AS_IT_IS = [(ms: string) => ms, (ms: string) => ms] as const;

function groupOf(
  row: Readonly<Record<string, unknown>>,
  limitsMs: readonly number[],
  ascending: readonly number[],
): StayGroup {
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
  keys.forEach((key, i) => {
    const count = counts[i] ?? 0;
    if (key >= LEFT) found.leftCohort += count;
    else if (key >= UPPER + KIND) {
      const size = ascending.length + 1;
      const place = key - PLACE;
      const isDown = place >= size * size;
      found.n += count;
      if (!isDown) found.nOpen += count;
      const lowerPast = Math.floor(place / size) % size;
      const endPast = place % size;
      deadlines.forEach((each, l) => {
        each.n += count;
        if (isDown && l >= endPast) each.met += count;
        else if (l < lowerPast) each.missed += count;
        else if (!isDown && l >= endPast) each.open += count;
        else each.undecidable += count;
      });
    } else {
      const isUpper = key >= UPPER;
      const isDown = key % 2 === 1;
      const ms = Math.floor((key - (isUpper ? UPPER : LOWER)) / 2);
      (isUpper ? upper : lower).push({
        lowerMs: ms,
        upperMs: isDown ? ms : null,
        openMs: ms,
        enteredMs: 0,
        count,
      });
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
