// Cases that nobody acted on: only their reports make them, so nobody has looked, nothing holds them, none has left.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { groupColumn, sliceCondition, type Slice } from './groups.js';
import type { Tally } from './runs.js';
import { ms } from './sql.js';

/**
 * `case_openings` of those, at half the cost: of one environment, times in ms, and null where there is none. `only`: a
 * condition on the reports that are read, where no more is asked than these say.
 */
export const untouched = (only = ''): string => `(
    SELECT toInt64(bitShiftRight(min(place_in_order), 21)) AS opened_ms,
      if(countIf(is_self_actioned) = 0, NULL, toInt64(bitShiftRight(minIf(place_in_order, is_self_actioned), 21)))
        AS self_actioned_ms,
      argMinIf(provider_id, place_in_order, is_self_actioned) AS self_actioned_by,
      argMinIf(${ms('assumeNotNull(case_reports.content_created_at)')}, place_in_order, isNotNull(case_reports.content_created_at))
        AS created_ms,
      argMinIf(case_reports.content_created_precision, place_in_order, isNotNull(case_reports.content_created_at))
        AS created_precision,
      argMin(provider_id, place_in_order) AS reporter, argMin(case_reports.category, place_in_order) AS category,
      multiIf(countIf(case_reports.urgency = 'IMMINENT_RISK') > 0, 'IMMINENT_RISK',
        countIf(case_reports.urgency = 'EXPEDITED') > 0, 'EXPEDITED', 'ROUTINE') AS urgency,
      argMin(case_reports.is_vn_domain, place_in_order) AS is_vn_domain, argMin(case_reports.country, place_in_order) AS country,
      argMin(case_reports.asn, place_in_order) AS asn, if(isNull(self_actioned_ms), 'TRIAGE', 'VERIFICATION') AS stage
    FROM case_reports LEFT ANTI JOIN (
      SELECT location_key FROM cases PREWHERE environment = {environment:String}
    ) AS touched ON case_reports.location_key = touched.location_key
    PREWHERE environment = {environment:String}${only}
    GROUP BY case_reports.location_key)`;

/** `created_ms` is 0 where nobody said it. */
const WIDTH_MS = `multiIf(created_precision = 'SECOND', 1000, created_precision = 'MINUTE', 60000,
  created_precision = 'DAY', 86400000, 1)`;

/** Start of the clock (first and last instant that it can have been), condition, and whether it ends with a look. */
const CLOCKS: Readonly<Partial<Record<ClockName, readonly [from: string, to: string, where: string]>>> = {
  exposure: ['created_ms', `created_ms + ${WIDTH_MS} - 1`, `created_precision != ''`],
  report_to_verified: ['opened_ms', 'opened_ms', 'true'],
  report_to_assessed: ['opened_ms', 'opened_ms', 'true'],
  claim_to_verified: [
    'assumeNotNull(self_actioned_ms)',
    'assumeNotNull(self_actioned_ms)',
    'isNotNull(self_actioned_ms)',
  ],
};

/** A case that is only reported can hold the claim of its reporter, and nobody has looked after it. */
const TALLIES: Readonly<Record<Tally, number>> = { claims: 1, false_claims: 0 };

/** As `stays` of `sql.ts`: all are open. Undefined where no such run exists. `condition` is over start_from. */
export function openingStays(
  clock: ClockName,
  slice: Slice,
  condition: string,
  tallies: readonly Tally[],
): string | undefined {
  const starts = CLOCKS[clock];
  const isClaim = clock === 'claim_to_verified';
  if (starts === undefined || (slice.addressee !== '' && !isClaim)) return undefined;
  const [from, to, where] = starts;
  // Claims and who made them stand in reports of content taken down; all the rest in any.
  const isOfClaims = isClaim && slice.reporter === '' && (slice.by === '' || slice.by === 'addressee');
  return `
    SELECT ${groupColumn(slice)}, false AS has_left, false AS is_down, ${from} AS start_from,
      greatest(toInt64(0), {as_of:Int64} - (${to})) AS end_ms,
      ${clock === 'report_to_assessed' ? 'end_ms' : 'toInt64(0)'} AS lower_ms,
      ${isClaim ? 'self_actioned_by' : `''`} AS addressee
      ${tallies.map((tally) => `, ${TALLIES[tally]} AS ${tally}`).join('')}
    FROM ${untouched(isOfClaims ? ' AND is_self_actioned' : '')} WHERE ${where}${sliceCondition(slice)} AND ${condition}`;
}
