// What lies with whom and for how long, and how cases came to what they are.
import type { Figure, FigureRow } from '../figure.js';
import { numberOf, textOf } from '../select.js';
import { GROUPS, groupColumn, sliceCondition, type Slice } from './groups.js';
import { untouched } from './openings.js';
import { environmentParam, readDated, sliceParams } from './question.js';
import { groupCell, hours, instant, share } from './rows.js';
import { ms, WHOLE_TABLE } from './sql.js';

const GROUPED = GROUPS.filter((group) => group !== 'rule');

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
        maxOrNullIf(age_ms, is_open) AS age_max, countIf(was_seen_down) AS seen_down, countIf(was_already_down) AS already_down,
        countIf(is_self_actioned) AS self_actioned, countIf(was_reinstated) AS reinstated,
        countIf(was_seen_down OR is_noticed OR was_reinstated) AS acted_on
      FROM (${casesOf(question)} UNION ALL ${openingsOf(question)})
      ${by === '' ? '' : 'GROUP BY grp'} ORDER BY n_open DESC, cases DESC, name
      LIMIT {groups:UInt32} ${WHOLE_TABLE}`,
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

/** Whom its last notice names is the addressee of a case. */
function casesOf(slice: Slice): string {
  return `
    SELECT ${groupColumn(slice)}, last_noticed AS addressee, is_open, is_held, owner = '' AS nobody,
      {as_of:Int64} - ${ms('current_opened_at')} AS age_ms, was_seen_down, was_already_down, is_self_actioned,
      was_reinstated, is_noticed
    FROM cases FINAL WHERE environment = {environment:String} AND status != 'UNREPORTED'${sliceCondition(slice)}`;
}

function openingsOf(slice: Slice): string {
  return `
    SELECT ${groupColumn(slice)}, '' AS addressee, true AS is_open, false AS is_held, true AS nobody,
      {as_of:Int64} - opened_ms AS age_ms, false AS was_seen_down, false AS was_already_down,
      isNotNull(self_actioned_ms) AS is_self_actioned, false AS was_reinstated, false AS is_noticed
    FROM ${untouched()} WHERE true${sliceCondition(slice)}`;
}
