// What became of reports, in the order of the log: of each record, and of the cases of their locations.
import { OUTCOMES } from '../../schemas/vocabulary.js';
import { within, type Stretch } from './lane-ranges.js';
import type { Audience } from './notices.js';
import type { ReportOutcome } from './report-outcomes.js';
import { numberOf, textOf, textsOf, type Select } from './select.js';

export interface RecordRow extends ReportOutcome {
  readonly environment: string;
  readonly providerId: string;
  readonly partition: number;
  readonly offset: number;
  readonly reportId: string;
  /** UUID as text. */
  readonly authorityReportId: string;
}

/** Records of the stretch. Exactly `limit` of them: there may be more. */
export async function selectRecordOutcomes(
  select: Select,
  stretch: Stretch,
  { environments, providers }: Audience,
  limit: number,
): Promise<readonly RecordRow[]> {
  const range = within(stretch);
  const rows = await select(
    `SELECT environment, provider_id, log_partition, log_offset, report_id,
       toString(authority_report_id) AS authority, revision, outcome,
       toUnixTimestamp64Milli(received_at) AS received, conflict_fields, reason
     FROM records
     WHERE environment IN {environments:Array(String)} AND ${range.where}
       AND provider_id IN {providers:Array(String)}
     ORDER BY log_partition, log_offset LIMIT {limit:UInt32}`,
    { ...range.params, environments, providers, limit },
  );
  return rows.map((row) => {
    const outcome = OUTCOMES.find((known) => known === row['outcome']);
    if (outcome === undefined) throw new TypeError('a record with an unknown outcome');
    return {
      environment: textOf(row, 'environment'),
      providerId: textOf(row, 'provider_id'),
      partition: numberOf(row, 'log_partition'),
      offset: numberOf(row, 'log_offset'),
      reportId: textOf(row, 'report_id'),
      authorityReportId: textOf(row, 'authority'),
      revision: numberOf(row, 'revision'),
      outcome,
      receivedAtMs: numberOf(row, 'received'),
      conflictFields: textsOf(row, 'conflict_fields'),
      reason: textOf(row, 'reason'),
    };
  });
}

/** An event that decides what becomes of the reports of a location. */
export interface CaseEventRow {
  readonly environment: string;
  readonly partition: number;
  readonly offset: number;
  /** UUID as text. */
  readonly locationKey: string;
  /** UUID as text. */
  readonly eventKey: string;
  readonly type: string;
  /** Of CLOSED; else empty. */
  readonly closedAs: string;
  /** When it counts from, in ms since 1970. */
  readonly atMs: number;
}

/** Events of the stretch at locations that one of the providers reported. Exactly `limit` of them: there may be more. */
export async function selectCaseOutcomes(
  select: Select,
  stretch: Stretch,
  { environments, providers }: Audience,
  limit: number,
): Promise<readonly CaseEventRow[]> {
  const range = within(stretch);
  const decides = `(type IN ('VERIFIED_DOWN', 'ALREADY_DOWN', 'REFERRED')
    OR (type = 'CLOSED' AND closed_as IN ('NOT_ILLEGAL', 'NOT_RESOLVABLE'))
    OR (type = 'ASSESSED' AND finding = 'NEED_MORE_INFORMATION'))`;
  const rows = await select(
    `SELECT environment, log_partition, log_offset, toString(location_key) AS place,
       toString(event_key) AS event, type, closed_as,
       toUnixTimestamp64Milli(least(occurred_at, observed_at)) AS at
     FROM takedown_records
     WHERE environment IN {environments:Array(String)} AND ${range.where} AND outcome = 'EVENT' AND ${decides}
       AND (environment, location_key) IN (
         SELECT environment, location_key FROM case_reports
         WHERE provider_id IN {providers:Array(String)} AND (environment, location_key) IN (
           SELECT environment, location_key FROM takedown_records
           WHERE environment IN {environments:Array(String)} AND ${range.where} AND outcome = 'EVENT' AND ${decides}))
     ORDER BY log_partition, log_offset LIMIT {limit:UInt32}`,
    { ...range.params, environments, providers, limit },
  );
  return rows.map((row) => ({
    environment: textOf(row, 'environment'),
    partition: numberOf(row, 'log_partition'),
    offset: numberOf(row, 'log_offset'),
    locationKey: textOf(row, 'place'),
    eventKey: textOf(row, 'event'),
    type: textOf(row, 'type'),
    closedAs: textOf(row, 'closed_as'),
    atMs: numberOf(row, 'at'),
  }));
}

export interface ReportOfLocation {
  readonly environment: string;
  readonly locationKey: string;
  readonly providerId: string;
  readonly reportId: string;
  /** UUID as text. */
  readonly authorityReportId: string;
}

/** The reports of each provider of each location, the oldest first and at most `most`. */
export async function selectReportsOf(
  select: Select,
  { environments, providers }: Audience,
  locationKeys: readonly string[],
  most: number,
): Promise<readonly ReportOfLocation[]> {
  const rows = await select(
    `SELECT environment, toString(location_key) AS place, provider_id, provider_report_id,
       toString(any(report_id)) AS authority, min(received_at) AS first
     FROM case_reports
     WHERE environment IN {environments:Array(String)}
       AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))
       AND provider_id IN {providers:Array(String)}
     GROUP BY environment, location_key, provider_id, provider_report_id
     ORDER BY first, provider_report_id
     LIMIT {most:UInt32} BY environment, location_key, provider_id`,
    { environments, providers, keys: locationKeys, most },
  );
  return rows.map((row) => ({
    environment: textOf(row, 'environment'),
    locationKey: textOf(row, 'place'),
    providerId: textOf(row, 'provider_id'),
    reportId: textOf(row, 'provider_report_id'),
    authorityReportId: textOf(row, 'authority'),
  }));
}
