// Reports out of files, one at a time: whatever the size of a file, little of it is held.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { reportFromJson, type ReportInit, type Violation } from '@lachan/sdk';
import { DSA_COLUMNS, reportFromDsaRow } from '@lachan/sdk/dsa';
import { CommandFault } from '../command-fault.js';

export const FORMATS = ['ndjson', 'dsa-csv'] as const;
export type Format = (typeof FORMATS)[number];

/** One report of a file, or why it cannot even be sent. `line`: where it stands in its file, from 1. */
export interface ReadReport {
  readonly file: string;
  readonly line: number;
  readonly read:
    | { readonly ok: true; readonly report: ReportInit }
    | { readonly ok: false; readonly violations: readonly Violation[] };
}

/** Columns that the format does not have, with the number of rows in which they held something. */
export type UnknownColumns = Map<string, number>;

/** `-` is standard input. Rejects with `CommandFault` when a file cannot be read. */
export async function* readReports(
  files: readonly string[],
  format: Format,
  unknownColumns: UnknownColumns,
): AsyncGenerator<ReadReport> {
  for (const file of files) {
    const input: Readable = file === '-' ? process.stdin : createReadStream(file);
    try {
      yield* format === 'ndjson' ? readNdjson(file, input) : readDsaCsv(file, input, unknownColumns);
    } catch (error) {
      if (error instanceof CsvError) throw new CommandFault(`${file}: not CSV (${error.code})`);
      throw error instanceof Error && 'code' in error
        ? new CommandFault(`${file}: ${String(error.code)}`)
        : error;
    }
  }
}

const NOT_JSON: readonly Violation[] = [
  { field: '', rule: 'MALFORMED', message: 'The line is not JSON.', retryable: false },
];

async function* readNdjson(file: string, input: Readable): AsyncGenerator<ReadReport> {
  let failure: unknown;
  input.once('error', (error) => {
    failure = error;
  });
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line += 1;
    // A byte order mark is not part of the JSON.
    const json = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (json.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      yield { file, line, read: { ok: false, violations: NOT_JSON } };
      continue;
    }
    yield { file, line, read: reportFromJson(value) };
  }
  if (failure !== undefined) throw failure as Error;
}

async function* readDsaCsv(
  file: string,
  input: Readable,
  unknownColumns: UnknownColumns,
): AsyncGenerator<ReadReport> {
  const known = new Set(DSA_COLUMNS);
  const parser = input.pipe(
    parse({ columns: true, bom: true, info: true, relax_column_count: true, skip_empty_lines: true }),
  );
  input.once('error', (error) => parser.destroy(error));
  for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
    for (const [column, value] of Object.entries(record)) {
      if (!known.has(column) && value !== '')
        unknownColumns.set(column, (unknownColumns.get(column) ?? 0) + 1);
    }
    yield { file, line: info.lines, read: { ok: true, report: reportFromDsaRow(record) } };
  }
}

/** With `columns` and `info`, csv-parse gives every row like this. */
interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}
