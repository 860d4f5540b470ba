// What freshly landed reports change in cases that somebody has acted on.
import { keysOf, type KeptKey } from './kept-cases.js';
import { numberOf, textOf, type Select } from './select.js';

/** Rows of `records` of one partition with from <= offset < to. */
export interface RecordRange {
  readonly epoch: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const IN_RANGE = `log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
  AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64} AND outcome = 'REPORT'`;

/** Cases of `cases` that a report of the range names: the key of a location is of one world. */
export async function selectReportedCases(select: Select, range: RecordRange): Promise<readonly KeptKey[]> {
  const rows = await select(
    `SELECT DISTINCT environment, lower(hex(location_key)) AS key FROM cases
     WHERE location_key IN (
       SELECT arrayJoin(location_keys) FROM records WHERE ${IN_RANGE} AND kind IN ('INITIAL', 'AMENDMENT'))`,
    { ...range },
  );
  return keysOf(rows);
}

/** A report that its provider has taken back, at one of its locations. Keys and ids in hexadecimal, instants in ms. */
export interface RetractedLocation extends KeptKey {
  readonly reportId: string;
  readonly providerId: string;
  /** Of the retraction. */
  readonly revision: number;
  /** When both the retraction and what it retracts had been received. */
  readonly atMs: number;
}

const REPORTS_AT_ONCE = 5_000;

/**
 * Each location of each report that has a row in the range and a retraction anywhere: the retraction may be the older
 * of the two in the log. Of locations that were named only later than the retraction none.
 */
export async function selectRetractedLocations(
  select: Select,
  range: RecordRange,
): Promise<readonly RetractedLocation[]> {
  const reports = await select(
    `SELECT DISTINCT toString(authority_report_id) AS report FROM report_retractions
     WHERE authority_report_id IN (SELECT authority_report_id FROM records WHERE ${IN_RANGE})`,
    { ...range },
  );
  const found: RetractedLocation[] = [];
  for (let from = 0; from < reports.length; from += REPORTS_AT_ONCE) {
    const ids = reports.slice(from, from + REPORTS_AT_ONCE).map((row) => textOf(row, 'report'));
    const rows = await select(
      `SELECT environment, lower(hex(located.2)) AS key, lower(hex(authority_report_id)) AS report, provider_id,
         retraction.1 AS revision, toUnixTimestamp64Milli(max(greatest(retraction.2, located.3))) AS at
       FROM (
         SELECT environment, authority_report_id, any(provider_id) AS provider_id,
           groupArrayIf((revision, received_at), kind = 'RETRACTION') AS retractions,
           arrayFlatten(groupArrayIf(arrayMap(k -> (revision, k, received_at), location_keys),
             kind IN ('INITIAL', 'AMENDMENT'))) AS locations
         FROM records
         WHERE (environment, log_epoch, log_partition, log_offset) IN (
             SELECT environment, log_epoch, log_partition, log_offset FROM report_outcomes
             WHERE authority_report_id IN (SELECT arrayJoin(arrayMap(r -> toUUID(r), {ids:Array(String)}))))
           AND outcome = 'REPORT'
         GROUP BY environment, authority_report_id
       )
       ARRAY JOIN retractions AS retraction
       ARRAY JOIN locations AS located
       WHERE located.1 < retraction.1
       GROUP BY environment, authority_report_id, provider_id, located.2, retraction.1
       ORDER BY environment, report, key, revision`,
      { ids },
    );
    for (const row of rows) {
      found.push({
        environment: textOf(row, 'environment'),
        locationKey: textOf(row, 'key'),
        reportId: textOf(row, 'report'),
        providerId: textOf(row, 'provider_id'),
        revision: numberOf(row, 'revision'),
        atMs: numberOf(row, 'at'),
      });
    }
  }
  return found;
}
