// What the simulation accepts into the log, and what has to become of it by the specification: the first copy of a
// report lands as REPORT, the same content again as DUPLICATE, another content as CONFLICT with the fields that
// differ, what cannot be read as DEAD_LETTER.
import { dataKeyRecordCodec, reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';

/** One record of the reports topic. Small numbers, so that ids meet. */
export interface Item {
  /** Which report of the provider, or bytes that nobody can read. */
  readonly report: number | 'unreadable' | 'of an unknown version';
  readonly content: number;
  readonly revision: number;
  /** When it was received: so many months after the first. */
  readonly month: number;
}

/** The contents that a report is sent with, and by which fields (in the contract's order) each differs from the first. */
const CONTENTS: readonly { readonly change: Partial<ReportRecord>; readonly fields: readonly string[] }[] = [
  { change: {}, fields: [] },
  { change: { category: 'GROOMING' }, fields: ['category'] },
  { change: { serviceName: 'another', confidence: 0.5 }, fields: ['service_name', 'confidence'] },
];
const FIELDS = ['category', 'service_name', 'confidence'];
export const CONTENT_COUNT = CONTENTS.length;

const encoded = new Map<string, Uint8Array>();

export function valueOf(item: Item): Uint8Array {
  const name = JSON.stringify(item);
  let value = encoded.get(name);
  if (value === undefined) {
    value = encode(item);
    encoded.set(name, value);
  }
  return value;
}

function encode({ report, content, revision, month }: Item): Uint8Array {
  if (report === 'unreadable') return Buffer.from('nothing that was ever a record');
  const receivedAtMs = new Date(RECEIVED_AT_MS).setUTCMonth(new Date(RECEIVED_AT_MS).getUTCMonth() + month);
  const value = reportRecordCodec.encode(
    recordOf({
      reportId: `r-${report}`,
      revision,
      kind: revision === 0 ? 'INITIAL' : 'AMENDMENT',
      receivedAtMs,
      locations: [locationOf('lachan-demo-1.vn'), locationOf('lachan-demo-2.example')],
      ...CONTENTS[content]!.change,
    }),
  );
  // The fingerprint of the schema stands in the bytes 2 to 9.
  if (report === 'of an unknown version') value.fill(7, 2, 10);
  return value;
}

export function dataKeyOf(number: number): Uint8Array {
  return dataKeyRecordCodec.encode({
    keyId: Buffer.alloc(8, number + 1),
    wrappedKey: Buffer.alloc(4, 5),
    publicKeyFingerprint: Buffer.alloc(32, 6),
    createdAtMs: RECEIVED_AT_MS,
  });
}

/** What has to land of one partition, a line for each record, in the order of the log. */
export function expectedOutcomes(
  partition: number,
  first: number,
  items: readonly Item[],
): readonly string[] {
  const contentOfFirst = new Map<string, number>();
  return items.map(({ report, content, revision }, index) => {
    const place = `${partition}/${first + index}`;
    if (report === 'unreadable') return outcomeLine(place, 'DEAD_LETTER', 'UNDECODABLE', []);
    if (report === 'of an unknown version') return outcomeLine(place, 'DEAD_LETTER', 'UNKNOWN_SCHEMA', []);
    const id = `r-${report}.${revision}`;
    const before = contentOfFirst.get(id);
    if (before === undefined) contentOfFirst.set(id, content);
    if (before === undefined) return outcomeLine(place, 'REPORT', id, []);
    if (before === content) return outcomeLine(place, 'DUPLICATE', id, []);
    const differing = FIELDS.filter(
      (field) => CONTENTS[before]!.fields.includes(field) || CONTENTS[content]!.fields.includes(field),
    );
    return outcomeLine(place, 'CONFLICT', id, differing);
  });
}

/** `what`: id and revision of a report, or the reason of a dead letter. */
export function outcomeLine(place: string, outcome: string, what: string, fields: readonly string[]): string {
  return [place, outcome, what, ...fields].join(' ');
}
