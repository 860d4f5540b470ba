// Which cases to work on, in the order in which they are due.
import { numberOf, textOf, type Select } from './select.js';

/** Each narrows the list; empty: any. */
export interface CaseFilter {
  readonly stage: string;
  readonly status: string;
  readonly owner: string;
  readonly addressee: string;
  readonly category: string;
  /** Only cases with a deadline that still runs, or has passed without the content having been seen down. */
  readonly isDue: boolean;
}

/** Where a case stands in the list: the next page begins after it. */
export interface CasePlace {
  /** The deadline that breaches, or has breached, first; `NEVER` without one, or while it is held. */
  readonly dueMs: number;
  readonly openedMs: number;
  /** UUID as text. */
  readonly locationKey: string;
}

export const NEVER = 9_007_199_254_740_991;

/**
 * As `dueMs` of `takedown/clocks.ts`: pauses that count push the deadline on, one without an end stops it. The folded
 * triple: what is left of the limit, from when on, and whether that is decided (1) or held (2).
 */
const FIRST_DUE = `if(empty(live), ${NEVER}, arrayMin(arrayMap(
  (duty, limit, kinds) -> arrayMap(end -> if(end.3 = 2, ${NEVER}, end.1 + end.2), [arrayFold(
    (at, from, to, kind) -> if(at.3 != 0 OR to <= at.2 OR NOT has(kinds, kind), at,
      if(at.1 <= greatest(from - at.2, toInt64(0)), (at.1, at.2, toInt64(1)),
        if(to = ${NEVER}, (at.1, at.2, toInt64(2)),
          (at.1 - greatest(from - at.2, toInt64(0)), to, toInt64(0))))),
    pauses_from, pauses_to, pause_kind, (toInt64(limit), duties_to[duty], toInt64(0)))])[1],
  arrayMap(d -> d.1, live), arrayMap(d -> d.2, live), arrayMap(d -> splitByChar('+', toString(d.3)), live))))`;

/** The first `limit` places of the list, or those after `after`. */
export async function selectCasePlaces(
  select: Select,
  environment: string,
  filter: CaseFilter,
  after: CasePlace | undefined,
  limit: number,
): Promise<readonly CasePlace[]> {
  const { stage, status, owner, addressee, category, isDue } = filter;
  const common: string[] = ['environment = {environment:String}'];
  if (stage !== '') common.push('stage = {stage:String}');
  if (status !== '') common.push('status = {status:String}');
  if (category !== '') common.push('category = {category:String}');
  const folded = [...common];
  if (owner !== '') folded.push('owner = {owner:String}');
  if (addressee !== '') folded.push('has(duty_addressee, {addressee:String})');
  if (isDue) folded.push('notEmpty(live)');
  const parts = [
    `SELECT toString(location_key) AS place, ${FIRST_DUE} AS due, toUnixTimestamp64Milli(opened_at) AS opened
     FROM (
       SELECT *, arrayFilter(d -> isNull(cycle_first_seen_down[duty_cycle[d.1]]) AND isNull(cycle_ended_at[duty_cycle[d.1]]),
           arrayZip(deadline_duty, deadline_ms, deadline_pauses)) AS live,
         arrayMap(t -> toUnixTimestamp64Milli(t), duty_to) AS duties_to,
         arrayMap(t -> toUnixTimestamp64Milli(t), pause_from) AS pauses_from,
         arrayMap(t -> ifNull(toUnixTimestamp64Milli(t), ${NEVER}), pause_to) AS pauses_to
       FROM cases FINAL WHERE environment = {environment:String}
     ) WHERE ${folded.join(' AND ')}`,
  ];
  // Nobody owns, answers for or has to act on what nobody has acted on.
  if (owner === '' && addressee === '' && !isDue) {
    parts.push(
      `SELECT toString(location_key), toInt64(${NEVER}), toUnixTimestamp64Milli(opened_at)
       FROM case_openings WHERE ${common.join(' AND ')}
         AND location_key NOT IN (SELECT location_key FROM cases WHERE environment = {environment:String})`,
    );
  }
  const rows = await select(
    `SELECT place, due, opened FROM (${parts.join(' UNION ALL ')})
     WHERE ${after === undefined ? 'true' : '(due, opened, place) > ({due:Int64}, {opened:Int64}, {place:String})'}
     ORDER BY due, opened, place LIMIT {limit:UInt32}`,
    {
      environment,
      limit,
      ...(stage === '' ? {} : { stage }),
      ...(status === '' ? {} : { status }),
      ...(category === '' ? {} : { category }),
      ...(owner === '' ? {} : { owner }),
      ...(addressee === '' ? {} : { addressee }),
      ...(after === undefined ? {} : { due: after.dueMs, opened: after.openedMs, place: after.locationKey }),
    },
  );
  return rows.map((row) => ({
    locationKey: textOf(row, 'place'),
    dueMs: numberOf(row, 'due'),
    openedMs: numberOf(row, 'opened'),
  }));
}
