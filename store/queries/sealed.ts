// The sealed fields of one report, with the wrapped keys of their boxes: what the authority opens.
import { numberOf, textOf, textsOf, type Select } from './select.js';

export interface SealedReport {
  readonly environment: string;
  readonly authorityReportId: string;
  readonly revision: number;
  readonly receivedAt: string;
  readonly fields: readonly string[];
  /** Base64, beside `fields`. */
  readonly boxes: readonly string[];
  /** Wrapped data keys in base64, beside `fields`; empty where the key has not landed. */
  readonly wrappedKeys: readonly string[];
}

/** All revisions of the report, as they first landed. `authorityReportId`: a UUID as text. */
export async function selectSealed(
  select: Select,
  authorityReportId: string,
): Promise<readonly SealedReport[]> {
  const rows = await select(
    `SELECT environment, toString(authority_report_id) AS id, revision, toString(received_at) AS received,
       sealed_fields, sealed_boxes,
       arrayMap(box -> lower(hex(substring(base64Decode(box), 2, 8))), sealed_boxes) AS key_ids
     FROM records WHERE (environment, log_epoch, log_partition, log_offset) IN (
         SELECT environment, log_epoch, log_partition, log_offset FROM report_outcomes
         WHERE authority_report_id = toUUID({id:String})) AND outcome = 'REPORT'
     ORDER BY environment, revision`,
    { id: authorityReportId },
  );
  const keyIds = [...new Set(rows.flatMap((row) => textsOf(row, 'key_ids')))];
  const keys = await select(
    'SELECT key_id, any(wrapped_key) AS wrapped FROM data_keys WHERE key_id IN {ids:Array(String)} GROUP BY key_id',
    { ids: keyIds },
  );
  const wrapped = new Map(keys.map((row) => [textOf(row, 'key_id'), textOf(row, 'wrapped')]));
  return rows.map((row) => ({
    environment: textOf(row, 'environment'),
    authorityReportId: textOf(row, 'id'),
    revision: numberOf(row, 'revision'),
    receivedAt: textOf(row, 'received'),
    fields: textsOf(row, 'sealed_fields'),
    boxes: textsOf(row, 'sealed_boxes'),
    wrappedKeys: textsOf(row, 'key_ids').map((id) => wrapped.get(id) ?? ''),
  }));
}
