// Cases that nobody acted on: only their reports make them, so nobody has looked, nothing holds them, none has left.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { groupColumn, sliceCondition, type Slice } from './groups.js';
import { ms } from './sql.js';

export const UNTOUCHED = `case_openings WHERE environment = {environment:String} AND location_key NOT IN (
    SELECT location_key FROM cases WHERE environment = {environment:String})`;

const CREATED = ms('assumeNotNull(content_created_at)');
const WIDTH_MS = `multiIf(content_created_precision = 'SECOND', 1000, content_created_precision = 'MINUTE', 60000,
  content_created_precision = 'DAY', 86400000, 1)`;
const OPENED = ms('case_openings.opened_at');

/** Start of the clock (first and last instant that it can have been), condition, and whether it ends with a look. */
const CLOCKS: Readonly<Partial<Record<ClockName, readonly [from: string, to: string, where: string]>>> = {
  exposure: [CREATED, `${CREATED} + ${WIDTH_MS} - 1`, 'content_created_at IS NOT NULL'],
  report_to_verified: [OPENED, OPENED, 'true'],
  report_to_assessed: [OPENED, OPENED, 'true'],
  claim_to_verified: [
    ms('assumeNotNull(self_actioned_at)'),
    ms('assumeNotNull(self_actioned_at)'),
    'self_actioned_at IS NOT NULL',
  ],
};

/** As `stays` of `sql.ts`: all are open. Undefined where no such run exists. `condition` is over start_from. */
export function openingStays(clock: ClockName, slice: Slice, condition: string): string | undefined {
  const starts = CLOCKS[clock];
  const isClaim = clock === 'claim_to_verified';
  if (starts === undefined || (slice.addressee !== '' && !isClaim)) return undefined;
  const [from, to, where] = starts;
  return `
    SELECT ${groupColumn(slice)}, false AS has_left, false AS is_down, ${from} AS start_from,
      greatest(toInt64(0), {as_of:Int64} - (${to})) AS end_ms,
      ${clock === 'report_to_assessed' ? 'end_ms' : 'toInt64(0)'} AS lower_ms,
      ${isClaim ? 'self_actioned_by' : `''`} AS addressee
    FROM ${UNTOUCHED} AND ${where}${sliceCondition(slice)} AND ${condition}`;
}
