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
import { mixedPauseColumns, ms, stays, verdict, WHOLE_BRANCHES } from './sql.js';

const GROUPED = GROUPS.filter((group) => group !== 'stage' && group !== 'rule');

/** One row per deadline of a notice or founded complaint, as `runs.ts` has runs; with rule, limit_ms, ended_at. */
function deadlines(slice: Slice): string {
  return `
    SELECT ${groupColumn(slice)}, toString(rule) AS rule, toInt64(limit_ms) AS limit_ms,
      ${ms('duty_from[duty]')} AS start_from, ${ms('duty_to[duty]')} AS start_to, duty_cycle[duty] AS in_cycle,
      ${ms('cycle_last_seen_up[in_cycle]')} AS seen_up, ${ms('cycle_first_seen_down[in_cycle]')} AS seen_down,
      ${ms('cycle_ended_at[in_cycle]')} AS ended_at,
      cycle_leaves_cohort[in_cycle] AND ifNull(ended_at <= {as_of:Int64}, false) AS has_left,
      ${mixedPauseColumns('position(paused_by, kind) > 0')}, toString(duty_addressee[duty]) AS addressee
    FROM cases FINAL ARRAY JOIN deadline_duty AS duty, deadline_rule AS rule, deadline_ms AS limit_ms,
      deadline_pauses AS paused_by
    WHERE environment = {environment:String}${sliceCondition(slice)}`;
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
      SELECT ${question.by === '' ? `'' AS name` : 'grp AS name'}, rule, limit_ms,
        countIf(NOT has_left) AS n, countIf(verdict = 'MET') AS met, countIf(verdict = 'MISSED') AS missed,
        countIf(verdict = 'UNDECIDABLE') AS undecidable, countIf(verdict = 'OPEN') AS open,
        countIf(has_left) AS left_cohort
      FROM (
        SELECT grp, rule, limit_ms, has_left, if(has_left, '', ${verdict('limit_ms')}) AS verdict
        FROM (${stays(`SELECT * FROM (${deadlines(question)}) WHERE start_from <= {as_of:Int64}
          AND start_from >= {since:Int64} AND start_from < {until:Int64}`)}))
      GROUP BY grp, rule, limit_ms ORDER BY rule, limit_ms, n DESC, name LIMIT {groups:UInt32} BY rule, limit_ms ${WHOLE_BRANCHES}`,
      { ...bound(question), since: question.sinceMs ?? 0, until: question.untilMs ?? question.asOfMs + 1 },
    );
    return rows.map((row) => {
      const count = (column: string): number => numberOf(row, column);
      const [n, met, undecidable, open] = [count('n'), count('met'), count('undecidable'), count('open')];
      return {
        clock: 'notice_to_verified',
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
    SELECT ${question.by === '' ? `'' AS name` : 'grp AS name'}, rule, limit_ms,
      countIf(runs OR is_breached) AS n, countIf(runs) AS running, countIf(runs AND NOT ticks) AS held, ${within},
      countIf(ticks AND left_ms > ${(STEPS.at(-1) ?? 0) * 3_600_000}) AS later,
      countIf(is_breached) AS breached, minOrNullIf(left_ms, ticks) AS soonest_ms
    FROM (
      SELECT grp, rule, limit_ms, ${verdict('limit_ms')} AS verdict, verdict = 'OPEN' AS runs,
        NOT is_down AND verdict != 'OPEN' AS is_breached,
        limit_ms - end_ms AS left_ms,
        runs AND (left_ms = 0 OR NOT arrayExists(
          (since, until) -> since <= {as_of:Int64} AND until > {as_of:Int64}, paused_from, paused_to)) AS ticks
      FROM (${stays(`SELECT * FROM (${deadlines(question)}) WHERE start_from <= {as_of:Int64}
        AND ifNull(ended_at > {as_of:Int64}, true) AND ifNull(seen_down > {as_of:Int64}, true)`)}))
    GROUP BY grp, rule, limit_ms ORDER BY rule, limit_ms, running DESC, name
    LIMIT {groups:UInt32} BY rule, limit_ms ${WHOLE_BRANCHES}`;
}

function bound({ environment, asOfMs, addressee, reporter, groups }: Dated): SelectParams {
  return { environment, as_of: asOfMs, addressee, reporter, groups };
}
