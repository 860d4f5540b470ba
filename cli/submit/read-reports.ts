// Reports out of files, one at a time: whatever the size of a file, little of it is held.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { reportFromJson, type ReportInit, type Violation } from '@lachan/sdk';
import { DSA_COLUMNS, reportFromDsaRow } from '@lachan/sdk/dsa';
import { CommandFault } from '../command-fault.js';
import { readJsonLines } from './read-json-lines.js';
import { readXarf } from './read-xarf.js';

export const FORMATS = ['ndjson', 'dsa-csv', 'xarf'] as const;
export type Format = (typeof FORMATS)[number];

/** One report of a file, or why it cannot even be sent. `line`: where it stands in its file, from 1. */
export interface ReadReport {
  readonly file: string;
  readonly line: number;
  readonly read:
    | { readonly ok: true; readonly report: ReportInit }
    | { readonly ok: false; readonly violations: readonly Violation[] };
}

/**
 * Columns or members that the format does not have, with the number of rows or documents in which they held something.
 * At most 1,000 names; the rest are counted together.
 */
export type PassedOver = Map<string, number>;

const MAX_NAMES = 1000;
const OTHER_NAMES = '(others)';

/** `-` is standard input. Rejects with `CommandFault` when a file cannot be read. */
export async function* readReports(
  files: readonly string[],
  format: Format,
  passedOver: PassedOver,
): AsyncGenerator<ReadReport> {
  for (const file of files) {
    const input: Readable = file === '-' ? process.stdin : createReadStream(file);
    try {
      if (format === 'ndjson') yield* readNdjson(file, input);
      else if (format === 'dsa-csv') yield* readDsaCsv(file, input, passedOver);
      else yield* readXarfFile(file, input, passedOver);
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
  for await (const { line, value } of readJsonLines(input)) {
    const read = value === undefined ? { ok: false as const, violations: NOT_JSON } : reportFromJson(value);
    yield { file, line, read };
  }
}

async function* readDsaCsv(
  file: string,
  input: Readable,
  passedOver: PassedOver,
): AsyncGenerator<ReadReport> {
  const known = new Set(DSA_COLUMNS);
  const parser = input.pipe(
    parse({ columns: true, bom: true, info: true, relax_column_count: true, skip_empty_lines: true }),
  );
  input.once('error', (error) => parser.destroy(error));
  for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
    for (const [column, value] of Object.entries(record)) {
      if (!known.has(column) && value !== '') pass(passedOver, column);
    }
    yield { file, line: info.lines, read: { ok: true, report: reportFromDsaRow(record) } };
  }
}

async function* readXarfFile(
  file: string,
  input: Readable,
  passedOver: PassedOver,
): AsyncGenerator<ReadReport> {
  for await (const { line, read } of readXarf(input)) {
    if (read.ok) for (const member of read.passedOver) pass(passedOver, member);
    yield { file, line, read };
  }
}

function pass(passedOver: PassedOver, name: string): void {
  const counted = passedOver.has(name) || passedOver.size < MAX_NAMES ? name : OTHER_NAMES;
  passedOver.set(counted, (passedOver.get(counted) ?? 0) + 1);
}

/** With `columns` and `info`, csv-parse gives every row like this. */
interface CsvRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}
