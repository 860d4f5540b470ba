// What claims were worth: how many were followed by a look that saw the content still up, and how long until it was down.
import type { Figure } from '../figure.js';
import { numberOf, textOf } from '../select.js';
import { GROUPS, groupColumn, sliceCondition } from './groups.js';
import { bandParam, cohortParams, environmentParam, readBand, readCohort, sliceParams } from './question.js';
import { heading, quantileCells, share } from './rows.js';
import { selectStays } from './stay-counts.js';
import { ms, WHOLE_TABLE } from './sql.js';

const GROUPED = GROUPS.filter((group) => group !== 'stage' && group !== 'rule');

export const falseClaims: Figure = {
  help: 'Claims of providers as known now: how many a later look found still up, and the time from the first claim of a cycle until it was seen down (Kaplan-Meier, open ones included).',
  params: {
    environment: environmentParam,
    ...cohortParams,
    ...sliceParams('addressee', GROUPED),
    band: bandParam,
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = { ...readCohort(params, nowMs), clock: 'claim_to_verified' as const, limitsMs: [] };
    const { environment, asOfMs, sinceMs, untilMs, addressee, reporter } = question;
    const times = await selectStays(select, question);
    const rows = await select(
      `
      SELECT ${question.by === '' ? `''` : 'grp'} AS name, count() AS cycles, sum(of_cycle) AS claims, sum(disputed) AS false_claims
      FROM (
        SELECT ${groupColumn(question)}, claims AS of_cycle, false_claims AS disputed, ${ms('claimed_at')} AS claimed_ms,
          claimed_by AS addressee
        FROM case_cycles FINAL
        WHERE environment = {environment:String} AND NOT is_void
          AND ${ms('left_at')} > {as_of:Int64}${sliceCondition(question)})
      WHERE claimed_ms >= {since:Int64} AND claimed_ms < {until:Int64}
      ${question.by === '' ? '' : 'GROUP BY grp'} ${WHOLE_TABLE}`,
      { environment, addressee, reporter, as_of: asOfMs, since: sinceMs ?? 0, until: untilMs ?? asOfMs + 1 },
    );
    const claimsOf = new Map(rows.map((row) => [textOf(row, 'name'), row]));
    return times.map((group) => {
      const row = claimsOf.get(group.group) ?? { cycles: 0, claims: 0, false_claims: 0 };
      // A case that is only reported can hold the claim of its reporter, and nobody has looked after it.
      const unlooked = group.n - numberOf(row, 'cycles');
      const claims = numberOf(row, 'claims') + unlooked;
      const disputed = numberOf(row, 'false_claims');
      return {
        ...heading(question, group),
        ...{ claims, false_claims: disputed, false_share: share(disputed, claims) },
        ...quantileCells(group, readBand(params)),
      };
    });
  },
};
