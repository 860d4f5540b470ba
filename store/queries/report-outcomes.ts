// What became of the records of one report.
import { OUTCOMES, type Outcome } from '../../schemas/vocabulary.js';
import { numberOf, textOf, textsOf, type Select } from './select.js';

export interface ReportOutcome {
  readonly revision: number;
  readonly outcome: Outcome;
  readonly receivedAtMs: number;
  readonly conflictFields: readonly string[];
  readonly reason: string;
}

/** The first 100 in order of receipt, and how many there are in all. `authorityReportId`: a UUID as text. */
export async function selectReportOutcomes(
  select: Select,
  environment: string,
  authorityReportId: string,
): Promise<{ readonly outcomes: readonly ReportOutcome[]; readonly total: number }> {
  const rows = await select(
    `SELECT revision, outcome, toUnixTimestamp64Milli(received_at) AS received, conflict_fields, reason,
       count() OVER () AS total
     FROM report_outcomes
     WHERE environment = {environment:String} AND authority_report_id = toUUID({id:String})
     ORDER BY log_epoch, log_partition, log_offset LIMIT 100`,
    { environment, id: authorityReportId },
  );
  const outcomes = rows.map((row) => {
    const outcome = OUTCOMES.find((known) => known === row['outcome']);
    if (outcome === undefined) throw new TypeError('a record with an unknown outcome');
    return {
      revision: numberOf(row, 'revision'),
      outcome,
      receivedAtMs: numberOf(row, 'received'),
      conflictFields: textsOf(row, 'conflict_fields'),
      reason: textOf(row, 'reason'),
    };
  });
  const first = rows[0];
  return { outcomes, total: first === undefined ? 0 : numberOf(first, 'total') };
}
