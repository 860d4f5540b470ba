// Compliance with the deadlines of the rules, and which of them are about to pass.
import type { Figure } from '../figure.js';
import { numberOf, textOf, type SelectParams } from '../select.js';
import { GROUPS, groupColumn, sliceCondition, type Slice } from './groups.js';
import {
  asOfParam,
  cohortParams,
  environmentParam,
  readCohort,
  readDated,
  sliceParams,
  type Dated,
} from './question.js';
import { groupCell, hours, instant, share } from './rows.js';
import { ms, stays, verdict, WHOLE_TABLE } from './sql.js';

const GROUPED = GROUPS.filter((group) => group !== 'stage' && group !== 'rule');

/** What stops a deadline's clock: of its rule. */
const PAUSES = ['paused_from', 'paused_to'] as const;

/**
 * One row per notice or founded complaint and the pauses that its deadlines have in common, as `stays` has them; with
 * rules, limits_ms and ended_at.
 */
function duties(slice: Slice, condition: string): string {
  return stays(
    `
    SELECT ${groupColumn(slice)}, trigger, rules, limits_ms, ${ms('start_from')} AS start_from,
      ${ms('start_to')} AS start_to, ${ms('last_seen_up')} AS seen_up, ${ms('first_seen_down')} AS seen_down,
      ${ms('ended_at')} AS ended_at, leaves_cohort AND ended_at <= {as_of:Int64} AS has_left, ${PAUSES.join(', ')}
    FROM case_deadlines FINAL
    WHERE environment = {environment:String} AND NOT is_void${sliceCondition(slice)}
      AND start_from <= {as_of:Int64} AND ${condition}`,
    PAUSES,
  );
}

export const deadlineCompliance: Figure = {
  help: 'Whether deadlines were kept, per version of the rule that set them, derived from what was seen and never from claims. Counts a notice (or a founded complaint) once for each rule that applied to it.',
  params: {
    environment: environmentParam,
    as_of: asOfParam,
    ...cohortParams,
    ...sliceParams('', GROUPED),
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = readCohort(params, nowMs);
    const rows = await select(
      `
      SELECT ${question.by === '' ? `'' AS name` : 'grp AS name'}, toString(rule) AS rule, limit_ms,
        any(toString(trigger)) AS started_by, countIf(NOT has_left) AS n, countIf(verdict = 'MET') AS met,
        countIf(verdict = 'MISSED') AS missed, countIf(verdict = 'UNDECIDABLE') AS undecidable,
        countIf(verdict = 'OPEN') AS open, countIf(has_left) AS left_cohort
      FROM (
        SELECT grp, trigger, rule, toInt64(limit) AS limit_ms, has_left, if(has_left, '', ${verdict('limit_ms')}) AS verdict
        FROM (${duties(question, 'start_from >= {since:Int64} AND start_from < {until:Int64}')})
        ARRAY JOIN rules AS rule, limits_ms AS limit)
      GROUP BY grp, rule, limit_ms ORDER BY rule, limit_ms, n DESC, name LIMIT {groups:UInt32} BY rule, limit_ms ${WHOLE_TABLE}`,
      { ...bound(question), since: question.sinceMs ?? 0, until: question.untilMs ?? question.asOfMs + 1 },
    );
    return rows.map((row) => {
      const count = (column: string): number => numberOf(row, column);
      const [n, met, undecidable, open] = [count('n'), count('met'), count('undecidable'), count('open')];
      return {
        clock: textOf(row, 'started_by') === 'NOTICE_ISSUED' ? 'notice_to_verified' : 'complaint_to_verified',
        as_of: instant(question.asOfMs),
        unit: 'hours',
        counts: 'deadlines',
        rule: textOf(row, 'rule'),
        deadline_hours: hours(count('limit_ms')),
        ...groupCell(question, textOf(row, 'name')),
        ...{ n, n_open: open, left_cohort: count('left_cohort') },
        ...{ met, missed: count('missed'), undecidable, open },
        met_at_least: share(met, n - open),
        met_at_most: share(met + undecidable, n - open),
      };
    });
  },
};

/** In hours. */
const STEPS = [1, 6, 24, 48];

export const timeToBreach: Figure = {
  help: 'The deadlines that still run, per version of the rule, by how much time their clock has left; breached: passed, content not seen down, nobody has closed it.',
  params: {
    environment: environmentParam,
    as_of: asOfParam,
    ...sliceParams('', GROUPED),
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = readDated(params, nowMs);
    const rows = await select(sqlOfQueue(question), bound(question));
    return rows.map((row) => {
      const count = (column: string): number => numberOf(row, column);
      const soonest = row['soonest_ms'];
      return {
        clock: 'time_to_breach',
        as_of: instant(question.asOfMs),
        unit: 'hours',
        counts: 'deadlines',
        rule: textOf(row, 'rule'),
        deadline_hours: hours(count('limit_ms')),
        ...groupCell(question, textOf(row, 'name')),
        ...{ n: count('n'), n_open: count('running'), held: count('held') },
        ...Object.fromEntries(STEPS.map((step) => [`within_${step}h`, count(`within_${step}h`)])),
        ...{ later: count('later'), breached: count('breached') },
        soonest_hours: soonest === null || soonest === undefined ? null : hours(Number(soonest)),
      };
    });
  },
};

function sqlOfQueue(question: Dated): string {
  const within = STEPS.map((step, i) => {
    const before = i === 0 ? '' : ` AND left_ms > ${(STEPS[i - 1] ?? 0) * 3_600_000}`;
    return `countIf(ticks AND left_ms <= ${step * 3_600_000}${before}) AS within_${step}h`;
  }).join(', ');
  return `
    SELECT ${question.by === '' ? `'' AS name` : 'grp AS name'}, toString(rule) AS rule, limit_ms,
      countIf(runs OR is_breached) AS n, countIf(runs) AS running, countIf(runs AND NOT ticks) AS held, ${within},
      countIf(ticks AND left_ms > ${(STEPS.at(-1) ?? 0) * 3_600_000}) AS later,
      countIf(is_breached) AS breached, minOrNullIf(left_ms, ticks) AS soonest_ms
    FROM (
      SELECT grp, rule, toInt64(limit) AS limit_ms, ${verdict('limit_ms')} AS verdict, verdict = 'OPEN' AS runs,
        NOT is_down AND verdict != 'OPEN' AS is_breached,
        limit_ms - end_ms AS left_ms, runs AND (left_ms = 0 OR NOT is_paused) AS ticks
      FROM (
        SELECT *, arrayExists(
          (since, until) -> ${ms('since')} <= {as_of:Int64} AND ${ms('until')} > {as_of:Int64}, ${PAUSES.join(', ')}) AS is_paused
        FROM (${duties(question, 'ended_at > {as_of:Int64} AND seen_down > {as_of:Int64}')}))
      ARRAY JOIN rules AS rule, limits_ms AS limit)
    GROUP BY grp, rule, limit_ms ORDER BY rule, limit_ms, running DESC, name
    LIMIT {groups:UInt32} BY rule, limit_ms ${WHOLE_TABLE}`;
}

function bound({ environment, asOfMs, addressee, reporter, groups }: Dated): SelectParams {
  return { environment, as_of: asOfMs, addressee, reporter, groups };
}
