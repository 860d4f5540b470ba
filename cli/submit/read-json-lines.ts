// Lines of JSON out of a file, one at a time.
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';

export interface JsonLine {
  /** Where it stands in its file, from 1. */
  readonly line: number;
  /** In UTF-16 code units. */
  readonly length: number;
  /** Undefined where the line is not JSON. */
  readonly value: unknown;
}

/** Empty lines are passed over. Rejects with the fault of the file system. */
export async function* readJsonLines(input: Readable): AsyncGenerator<JsonLine> {
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
    yield { line, length: json.length, value: valueOf(json) };
  }
  if (failure !== undefined) throw failure as Error;
}

function valueOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
