// Reports out of files of XARF v4 documents.
import type { Readable } from 'node:stream';
import { reportFromXarf, type ReportFromXarf } from '@lachan/sdk/xarf';
import { splitJson } from './split-json.js';

/** The format allows 15 MB of encoded evidence in one document; none of it is read. */
const MAX_DOCUMENT = 32 * 1024 * 1024;

const refusal = (rule: 'MALFORMED' | 'LENGTH', message: string): ReportFromXarf => ({
  ok: false,
  violations: [{ field: '', rule, message, retryable: false }],
});
const NOT_JSON = refusal('MALFORMED', 'The document is not JSON.');
const TOO_LONG = refusal('LENGTH', `The document is longer than ${MAX_DOCUMENT} characters.`);

/** `line`: where the document begins, from 1. */
export async function* readXarf(
  input: Readable,
): AsyncGenerator<{ readonly line: number; readonly read: ReportFromXarf }> {
  input.setEncoding('utf8');
  for await (const { line, text } of splitJson(input as AsyncIterable<string>, MAX_DOCUMENT)) {
    yield { line, read: text === undefined ? TOO_LONG : readOne(text) };
  }
}

function readOne(text: string): ReportFromXarf {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
  return reportFromXarf(document);
}
