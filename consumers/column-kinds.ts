// The kinds of columns a batch of reports makes, each with how it is read from their bytes.
import { Buffer } from 'node:buffer';
import { AvroCursor, type Shape } from '../schemas/avro-cursor.js';
import { HEADER_BYTES, reportRecordCodec } from '../schemas/record-codec.js';
import type { Judged } from './deduplicate.js';
import type { Hosting } from './enrich.js';
import type { ColumnHead, NativeColumn } from './native-block.js';
import { NestedItems } from './nested-items.js';
import { memberOf, ReportBytes, type Field } from './report-bytes.js';

/** Where the batch stands, and what enriches it. */
export interface RowContext {
  readonly epoch: number;
  readonly partition: number;
  readonly landedAtMs: number;
  readonly enrichLocation: (location: { readonly ip: string }) => Hosting;
  readonly lookupVersions: string;
}

/** Some rows of a batch, and what was taken out of their reports. */
export interface Rows {
  readonly judged: readonly Judged[];
  /** One for each row; `NO_REPORT` where there is none. */
  readonly reports: readonly ReportBytes[];
  readonly context: RowContext;
  readonly locations: NestedItems;
  /** One for each location. */
  readonly hostings: readonly Hosting[];
  readonly fingerprints: NestedItems;
  readonly sealed: NestedItems;
}

export interface Column extends ColumnHead {
  /** Writes its value of every row. */
  readonly write: (column: NativeColumn, rows: Rows) => void;
}

/** Only for bytes that were read through before. */
const cursor = new AvroCursor(false);

/** Stands in for what a row without a report has no values of: everything in it is empty, or zero. */
export const NO_REPORT = noReport(reportRecordCodec.shape);

function noReport(shape: Shape): ReportBytes {
  // In Avro zeros are what is empty, and one byte is enough of them but for what has a fixed length.
  const length = shape.fields.reduce((bytes, { size }) => bytes + Math.max(1, size), HEADER_BYTES);
  const bytes = Buffer.alloc(length);
  const starts = new Int32Array(shape.fields.length);
  cursor.moveTo(bytes, HEADER_BYTES);
  cursor.skipRecord(shape, starts, 0);
  cursor.finish();
  return new ReportBytes(bytes, starts, 0);
}

export const INSTANT = "DateTime64(3, 'UTC')";

/** A value of the row itself, not of its report. */
export function ofRow(
  name: string,
  type: string,
  write: (column: NativeColumn, judged: Judged, context: RowContext) => void,
): Column {
  return {
    name,
    type,
    write(column, { judged, context }) {
      for (const one of judged) write(column, one, context);
    },
  };
}

/** A value of the report, which `write` finds at its place in the bytes. */
function ofReport(
  name: string,
  type: string,
  { number }: Field,
  write: (column: NativeColumn, bytes: Uint8Array, at: number, report: ReportBytes) => void,
): Column {
  return {
    name,
    type,
    write(column, { reports }) {
      for (const report of reports) write(column, report.bytes, report.startOf(number), report);
    },
  };
}

export function text(name: string, field: Field): Column {
  return ofReport(name, 'String', field, writeText);
}

export function uint32(name: string, field: Field): Column {
  return ofReport(name, 'UInt32', field, (column, bytes, at) => {
    column.uint32(longAt(bytes, at));
  });
}

export function uint64(name: string, field: Field, type = 'UInt64'): Column {
  return ofReport(name, type, field, (column, bytes, at) => {
    column.uint64(longAt(bytes, at));
  });
}

export function uuid(name: string, field: Field): Column {
  return ofReport(name, 'UUID', field, writeUuid);
}

/** Bytes in hexadecimal digits. */
export function hex(name: string, field: Field): Column {
  const { size } = field.shape;
  return size > 0
    ? ofReport(name, `FixedString(${size * 2})`, field, (column, bytes, at) => {
        column.hex(bytes, at, at + size);
      })
    : ofReport(name, 'String', field, (column, bytes, at) => {
        const length = lengthAt(bytes, at);
        column.varint(length * 2);
        column.hex(bytes, cursor.at, cursor.at + length);
      });
}

/** A word of a closed list. */
export function word(name: string, field: Field, withoutReport = ''): Column {
  const write = ofReport(name, '', field, (column, bytes, at, report) => {
    column.uint8(report === NO_REPORT ? 0 : longAt(bytes, at) + 1);
  });
  return { ...write, words: [withoutReport, ...field.shape.symbols] };
}

/** Yes, no, or empty when it is not said. */
export function yesNo(name: string, field: Field): Column {
  const write = ofReport(name, '', field, (column, bytes, at) => {
    column.uint8(isPresentAt(bytes, at) ? 1 + (bytes[cursor.at] ?? 0) : 0);
  });
  return { ...write, words: ['', 'NO', 'YES'] };
}

export function share(name: string, field: Field): Column {
  return ofReport(name, 'Nullable(Float64)', field, (column, bytes, at) => {
    const isPresent = isPresentAt(bytes, at);
    column.isNull(!isPresent);
    column.float64(isPresent ? cursor.double() : 0);
  });
}

/** When, and how exactly that is known: two columns. */
export function time(name: string, field: Field): readonly Column[] {
  const precision = memberOf(itemOf(field.shape), 'precision').shape;
  return [
    ofReport(`${name}_at`, `Nullable(${INSTANT})`, field, (column, bytes, at) => {
      const isPresent = isPresentAt(bytes, at);
      column.isNull(!isPresent);
      column.uint64(isPresent ? cursor.long() : 0);
    }),
    {
      ...ofReport(`${name}_precision`, '', field, (column, bytes, at) => {
        if (isPresentAt(bytes, at)) {
          cursor.long();
          column.uint8(cursor.long() + 1);
        } else column.uint8(0);
      }),
      words: ['', ...precision.symbols],
    },
  ];
}

/** A list of texts, or of words. */
export function texts(name: string, { number, shape }: Field): Column {
  const item = itemOf(shape);
  const write = item.symbols.length === 0 ? writeText : wordWriter(item.symbols);
  return {
    name,
    type: 'Array(String)',
    write(column, { reports }) {
      const items = new NestedItems(item, 0);
      for (const report of reports) {
        items.add(report.bytes, report.startOf(number));
        items.endRow();
      }
      column.arrays(items.ends);
      for (let i = 0; i < items.length; i += 1) write(column, items.ownerOf(i), items.startOf(i, 0));
    },
  };
}

/** One array for each row, with a member of each of its items. */
export function each(
  name: string,
  type: string,
  from: 'locations' | 'fingerprints' | 'sealed',
  write: (column: NativeColumn, bytes: Uint8Array, at: number) => void,
  { number }: Field,
): Column {
  return {
    name,
    type,
    write(column, rows) {
      const items = rows[from];
      column.arrays(items.ends);
      for (let i = 0; i < items.length; i += 1) write(column, items.ownerOf(i), items.startOf(i, number));
    },
  };
}

/** What an array or an optional value is made of. */
export function itemOf(shape: Shape): Shape {
  if (shape.inner === undefined) throw new TypeError('nothing is in it');
  return shape.inner;
}

export function writeText(column: NativeColumn, bytes: Uint8Array, at: number): void {
  const length = lengthAt(bytes, at);
  column.stringOf(bytes, cursor.at, cursor.at + length);
}

export function writeUuid(column: NativeColumn, bytes: Uint8Array, at: number): void {
  column.uuid(bytes, at);
}

export function writeBool(column: NativeColumn, bytes: Uint8Array, at: number): void {
  column.uint8(bytes[at] ?? 0);
}

export function wordWriter(words: readonly string[]) {
  return (column: NativeColumn, bytes: Uint8Array, at: number): void => {
    writeWord(column, words[longAt(bytes, at)] ?? '');
  };
}

/** Of ASCII only. */
export function writeWord(column: NativeColumn, word: string): void {
  column.varint(word.length);
  column.ascii(word);
}

export function writeBase64(column: NativeColumn, bytes: Uint8Array, at: number): void {
  const length = lengthAt(bytes, at);
  column.varint(base64Length(length));
  column.base64(bytes, cursor.at, cursor.at + length);
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function longAt(bytes: Uint8Array, at: number): number {
  cursor.moveTo(bytes, at);
  return cursor.long();
}

/** Leaves the cursor behind the length, where the text or bytes begin. */
function lengthAt(bytes: Uint8Array, at: number): number {
  cursor.moveTo(bytes, at);
  return cursor.length();
}

/** Leaves the cursor at the value, if it is there. */
function isPresentAt(bytes: Uint8Array, at: number): boolean {
  cursor.moveTo(bytes, at);
  return cursor.isPresent();
}
