// What has happened to one case, and whom it concerns.
import { numberOf, textOf, type Select } from './select.js';

export interface ShownEvent {
  /** In hexadecimal. */
  readonly eventKey: string;
  /** As the actor sent it; empty for events of our own and for reports. */
  readonly eventId: string;
  readonly type: string;
  readonly actorRole: string;
  readonly actorId: string;
  readonly addressee: string;
  /** The actor's clock. */
  readonly occurredMs: number;
  readonly precision: string;
  readonly observedMs: number;
  /** When it counts from. */
  readonly effectiveMs: number;
  readonly isReport: boolean;
  /** Of a report: the authority's id, in hexadecimal; else empty. */
  readonly authorityReportId: string;
  readonly epoch: number;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The first reports of a case and the last of its other events, in no order. `statements`: the types that count from
 * when they were seen. `key`: a UUID as text.
 */
export async function selectShownEvents(
  select: Select,
  environment: string,
  key: string,
  statements: readonly string[],
  most: { readonly reports: number; readonly others: number },
): Promise<readonly ShownEvent[]> {
  const part = (reports: boolean): string => `
    SELECT * FROM (
      SELECT lower(hex(event_key)) AS event, event_id, type, actor_role, actor_id, addressee, occurred_precision,
        toUnixTimestamp64Milli(occurred_at) AS occurred, toUnixTimestamp64Milli(observed_at) AS observed,
        if(type IN {statements:Array(String)}, observed, least(occurred, observed)) AS effective,
        topic = 'reports' AS is_report, if(is_report, report_id, '') AS authority, log_epoch, log_partition, log_offset
      FROM case_events
      WHERE environment = {environment:String} AND location_key = toUUID({key:String}) AND is_report = ${reports ? 1 : 0}
      ORDER BY effective ${reports ? '' : 'DESC'}, event LIMIT {${reports ? 'reports' : 'others'}:UInt32})`;
  const rows = await select(`${part(true)} UNION ALL ${part(false)}`, {
    environment,
    key,
    statements,
    ...most,
  });
  return rows.map((row) => ({
    eventKey: textOf(row, 'event'),
    eventId: textOf(row, 'event_id'),
    type: textOf(row, 'type'),
    actorRole: textOf(row, 'actor_role'),
    actorId: textOf(row, 'actor_id'),
    addressee: textOf(row, 'addressee'),
    occurredMs: numberOf(row, 'occurred'),
    precision: textOf(row, 'occurred_precision'),
    observedMs: numberOf(row, 'observed'),
    effectiveMs: numberOf(row, 'effective'),
    isReport: numberOf(row, 'is_report') === 1,
    authorityReportId: textOf(row, 'authority'),
    epoch: numberOf(row, 'log_epoch'),
    partition: numberOf(row, 'log_partition'),
    offset: numberOf(row, 'log_offset'),
  }));
}

/** Whether the provider has reported the location, or was ordered to block it. `key`: a UUID as text. */
export async function selectConcern(
  select: Select,
  environment: string,
  key: string,
  providerId: string,
): Promise<boolean> {
  const [row = {}] = await select(
    `SELECT count() AS found FROM case_events
     WHERE environment = {environment:String} AND location_key = toUUID({key:String})
       AND (report_provider_id = {provider:String}
         OR (type = 'BLOCK_ORDERED' AND addressee = {provider:String} AND event_key NOT IN (
           SELECT event_key FROM event_verdicts FINAL
           WHERE environment = {environment:String} AND location_key = toUUID({key:String}) AND effect = 'REFUSED')))`,
    { environment, key, provider: providerId },
  );
  return numberOf(row, 'found') > 0;
}
