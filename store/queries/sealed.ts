// The sealed fields of reports and of events, with the wrapped keys of their boxes: what the authority opens.
import { numberOf, textOf, textsOf, type Select } from './select.js';

/** Boxes of one row, and the data keys that open them. */
interface Sealed {
  readonly environment: string;
  readonly receivedAt: string;
  readonly fields: readonly string[];
  /** Base64, beside `fields`. */
  readonly boxes: readonly string[];
  /** Wrapped data keys in base64, beside `fields`; empty where the key has not landed. */
  readonly wrappedKeys: readonly string[];
}

export interface SealedReport extends Sealed {
  readonly authorityReportId: string;
  readonly revision: number;
}

export interface SealedEvent extends Sealed {
  /** UUID as text: what its boxes are bound to. */
  readonly eventKey: string;
  readonly eventId: string;
  readonly type: string;
  readonly actorRole: string;
  readonly actorId: string;
}

const BOXES = `environment, toString(received_at) AS received, sealed_fields, sealed_boxes,
       arrayMap(box -> lower(hex(substring(base64Decode(box), 2, 8))), sealed_boxes) AS key_ids`;

/** All revisions of the report, as they first landed. `authorityReportId`: a UUID as text. */
export async function selectSealed(
  select: Select,
  authorityReportId: string,
): Promise<readonly SealedReport[]> {
  const rows = await select(
    `SELECT ${BOXES}, toString(authority_report_id) AS id, revision
     FROM records WHERE (environment, log_epoch, log_partition, log_offset) IN (
         SELECT environment, log_epoch, log_partition, log_offset FROM report_outcomes
         WHERE authority_report_id = toUUID({id:String})) AND outcome = 'REPORT'
     ORDER BY environment, revision`,
    { id: authorityReportId },
  );
  return (await withKeys(select, rows)).map(([row, sealed]) => ({
    ...sealed,
    authorityReportId: textOf(row, 'id'),
    revision: numberOf(row, 'revision'),
  }));
}

/** The events of a case that have something sealed, in the order of the log. `locationKey`: a UUID as text. */
export async function selectSealedEvents(
  select: Select,
  locationKey: string,
): Promise<readonly SealedEvent[]> {
  const rows = await select(
    `SELECT ${BOXES}, toString(event_key) AS key, event_id, type, actor_role, actor_id
     FROM takedown_records WHERE (environment, log_epoch, log_partition, log_offset) IN (
         SELECT environment, log_epoch, log_partition, log_offset FROM case_takedowns
         WHERE environment IN ('PRODUCTION', 'TEST') AND location_key = toUUID({key:String}))
       AND notEmpty(sealed_fields)
     ORDER BY environment, log_epoch, log_partition, log_offset`,
    { key: locationKey },
  );
  return (await withKeys(select, rows)).map(([row, sealed]) => ({
    ...sealed,
    eventKey: textOf(row, 'key'),
    eventId: textOf(row, 'event_id'),
    type: textOf(row, 'type'),
    actorRole: textOf(row, 'actor_role'),
    actorId: textOf(row, 'actor_id'),
  }));
}

type Row = Awaited<ReturnType<Select>>[number];

async function withKeys(select: Select, rows: readonly Row[]): Promise<readonly (readonly [Row, Sealed])[]> {
  const keyIds = [...new Set(rows.flatMap((row) => textsOf(row, 'key_ids')))];
  const keys = await select(
    'SELECT key_id, any(wrapped_key) AS wrapped FROM data_keys WHERE key_id IN {ids:Array(String)} GROUP BY key_id',
    { ids: keyIds },
  );
  const wrapped = new Map(keys.map((row) => [textOf(row, 'key_id'), textOf(row, 'wrapped')]));
  return rows.map((row) => [
    row,
    {
      environment: textOf(row, 'environment'),
      receivedAt: textOf(row, 'received'),
      fields: textsOf(row, 'sealed_fields'),
      boxes: textsOf(row, 'sealed_boxes'),
      wrappedKeys: textsOf(row, 'key_ids').map((id) => wrapped.get(id) ?? ''),
    },
  ]);
}
