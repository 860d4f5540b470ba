// Judged records to one block of columns, straight from the bytes of the log: texts and numbers are copied, and no
// object stands for a row.
import { Buffer } from 'node:buffer';
import { AvroCursor } from '../schemas/avro-cursor.js';
import { NO_REPORT, type RowContext } from './column-kinds.js';
import type { Judged } from './deduplicate.js';
import type { Hosting } from './enrich.js';
import { nativeBlock, NativeColumn } from './native-block.js';
import { NestedItems } from './nested-items.js';
import { COLUMNS, FINGERPRINT, ITEM, LOCATION, SEALED } from './record-columns.js';
import { fieldOf, memberOf, type ReportBytes } from './report-bytes.js';

export type { RowContext } from './column-kinds.js';

/** Columns of `records` in the order of the block. */
export const RECORD_COLUMNS: readonly string[] = COLUMNS.map(({ name }) => name);

/** So many at a time stay in the processor's cache while all columns go over them: at 20,000 it takes three times as long. */
const ROWS_AT_ONCE = 500;

/** Kept from batch to batch: new memory for every one costs more than writing into it. */
const columns = COLUMNS.map((column) => ({ write: column.write, values: new NativeColumn(column) }));

/** All rows of a batch as one block in Native format. */
export function encodeRows(batch: readonly Judged[], context: RowContext): Buffer {
  for (const { values } of columns) values.clear();
  const hostings = new Map([['', NOWHERE]]);
  for (let from = 0; from < batch.length; from += ROWS_AT_ONCE) {
    encodeSome(batch.slice(from, from + ROWS_AT_ONCE), context, hostings);
  }
  return nativeBlock(
    columns.map(({ values }) => values),
    batch.length,
  );
}

const NOWHERE: Hosting = { country: '', asn: 0 };

function encodeSome(judged: readonly Judged[], context: RowContext, known: Map<string, Hosting>): void {
  const reports = judged.map((one) => ('record' in one ? one.record : NO_REPORT));
  const locations = new NestedItems(LOCATION, judged.length);
  const fingerprints = new NestedItems(FINGERPRINT, judged.length);
  const sealed = new NestedItems(SEALED, judged.length);
  for (const report of reports) {
    locations.add(report.bytes, report.startOf(LOCATIONS));
    locations.endRow();
    addFingerprints(report, fingerprints);
    fingerprints.endRow();
    sealed.add(report.bytes, report.startOf(SEALED_FIELDS));
    sealed.endRow();
  }
  const hostings = hostingsOf(locations, context, known);
  const rows = { judged, reports, context, locations, hostings, fingerprints, sealed };
  for (const { write, values } of columns) write(values, rows);
}

const LOCATIONS = fieldOf('locations').number;
const HOST_IP = memberOf(LOCATION, 'hostIp').number;
const ITEMS = fieldOf('items').number;
const FINGERPRINTS = memberOf(ITEM, 'fingerprints').number;
const SEALED_FIELDS = fieldOf('sealed').number;

/** Only for bytes that were read through before. */
const cursor = new AvroCursor(false);
const itemStarts = new Int32Array(ITEM.fields.length);

/** All fingerprints of all items of a report. */
function addFingerprints(report: ReportBytes, fingerprints: NestedItems): void {
  cursor.moveTo(report.bytes, report.startOf(ITEMS));
  for (let count = cursor.count(); count > 0; count = cursor.count()) {
    for (; count > 0; count -= 1) {
      cursor.skipRecord(ITEM, itemStarts, 0);
      fingerprints.add(report.bytes, itemStarts[FINGERPRINTS] ?? 0);
    }
  }
}

/** One for each location. Most addresses come again and again: `known` holds those of the batch. */
function hostingsOf(
  locations: NestedItems,
  { enrichLocation }: RowContext,
  known: Map<string, Hosting>,
): readonly Hosting[] {
  return locations.owners.map((bytes, item) => {
    cursor.moveTo(bytes, locations.startOf(item, HOST_IP));
    const length = cursor.length();
    if (length === 0) return NOWHERE;
    // What is not ASCII is no address.
    const ip = Buffer.from(bytes.buffer, bytes.byteOffset + cursor.at, length).toString('latin1');
    let hosting = known.get(ip);
    if (hosting === undefined) known.set(ip, (hosting = enrichLocation({ ip })));
    return hosting;
  });
}
