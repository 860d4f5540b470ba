// What lies with whom and for how long, and how cases came to what they are.
import type { Figure, FigureRow } from '../figure.js';
import { numberOf, textOf } from '../select.js';
import { GROUPS, groupColumn, sliceCondition, type Slice } from './groups.js';
import { UNTOUCHED } from './openings.js';
import { environmentParam, readDated, sliceParams } from './question.js';
import { groupCell, hours, instant, share } from './rows.js';
import { ms, plain, WHOLE_BRANCHES } from './sql.js';

const GROUPED = GROUPS.filter((group) => group !== 'rule');

/** Whom the last notice of a case names; what nobody was noticed about has no addressee. */
const LAST_NOTICED = `toString(arrayLast((who, why) -> ${plain('why')} = 'NOTICE_ISSUED', duty_addressee, duty_trigger))`;

export const backlog: Figure = {
  help: 'Cases as they are now: open ones (content not seen down, nobody has closed it), their age since they opened or came back, held ones; and how many were found already down, removed by their reporter, reinstated.',
  params: { environment: environmentParam, ...sliceParams('stage', GROUPED) },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = readDated(params, nowMs);
    const { environment, addressee, reporter, groups, asOfMs, by } = question;
    const rows = await select(
      `
      SELECT ${by === '' ? `''` : 'grp'} AS name, count() AS cases, countIf(is_open) AS n_open,
        countIf(is_open AND is_held) AS held, countIf(is_open AND nobody) AS without_owner,
        quantileExactOrNullIf(0.5)(age_ms, is_open) AS age_p50, quantileExactOrNullIf(0.9)(age_ms, is_open) AS age_p90,
        maxOrNullIf(age_ms, is_open) AS age_max, countIf(is_down) AS seen_down, countIf(was_already_down) AS already_down,
        countIf(is_self_actioned) AS self_actioned, countIf(is_reinstated) AS reinstated,
        countIf(is_down OR is_noticed OR is_reinstated) AS acted_on
      FROM (${casesOf(question)} UNION ALL ${openingsOf(question)})
      ${by === '' ? '' : 'GROUP BY grp'} ORDER BY n_open DESC, cases DESC, name
      LIMIT {groups:UInt32} ${WHOLE_BRANCHES}`,
      { environment, addressee, reporter, groups, as_of: asOfMs },
    );
    return rows.map((row): FigureRow => {
      const count = (column: string): number => numberOf(row, column);
      const age = (column: string): number | null => {
        const value = row[column];
        return value === null || value === undefined ? null : hours(Number(value));
      };
      const [cases, open] = [count('cases'), count('n_open')];
      return {
        clock: 'opened_to_now',
        as_of: instant(asOfMs),
        unit: 'hours',
        counts: 'cases',
        ...groupCell(question, textOf(row, 'name')),
        ...{ n: cases, n_open: open, held: count('held'), hold_share: share(count('held'), open) },
        without_owner: count('without_owner'),
        ...{ age_p50_hours: age('age_p50'), age_p90_hours: age('age_p90'), age_max_hours: age('age_max') },
        seen_down: count('seen_down'),
        ...counted('already_down', count('already_down'), cases),
        ...counted('self_actioned', count('self_actioned'), cases),
        ...counted('reinstated', count('reinstated'), count('acted_on')),
      };
    });
  },
};

function counted(name: string, part: number, whole: number): FigureRow {
  return { [name]: part, [`${name}_share`]: share(part, whole) };
}

function casesOf(slice: Slice): string {
  return `
    SELECT ${groupColumn(slice)}, ${slice.by === 'addressee' || slice.addressee !== '' ? LAST_NOTICED : `''`} AS addressee,
      isNull(cycle_first_seen_down[-1]) AND isNull(cycle_ended_at[-1]) AS is_open, is_held, owner = '' AS nobody,
      {as_of:Int64} - ${ms('cycle_opened_from[-1]')} AS age_ms,
      arrayExists(down -> isNotNull(down), cycle_first_seen_down) AS is_down,
      arrayExists(was -> was, cycle_was_already_down) AS was_already_down,
      arrayExists(at -> isNotNull(at), cycle_self_actioned_at) AS is_self_actioned,
      has(cycle_status, 'REINSTATED') AS is_reinstated, has(duty_trigger, 'NOTICE_ISSUED') AS is_noticed
    FROM cases FINAL WHERE environment = {environment:String} AND status != 'UNREPORTED'${sliceCondition(slice)}`;
}

function openingsOf(slice: Slice): string {
  return `
    SELECT ${groupColumn(slice)}, '' AS addressee, true AS is_open, false AS is_held, true AS nobody,
      {as_of:Int64} - ${ms('opened_at')} AS age_ms, false AS is_down, false AS was_already_down,
      self_actioned_at IS NOT NULL AS is_self_actioned, false AS is_reinstated, false AS is_noticed
    FROM ${UNTOUCHED}${sliceCondition(slice)}`;
}
