// Takedown events out of files of JSON lines, one at a time.
import { createReadStream } from 'node:fs';
import { CommandFault } from '../command-fault.js';
import { eventFromJson, type EventFromJson } from './event-from-json.js';
import { readJsonLines, type JsonLine } from './read-json-lines.js';

/** One event of a file, or why it cannot even be sent. */
export interface ReadEvent {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of its text, in UTF-16 code units: bounds its bytes on the wire. */
  readonly length: number;
  readonly read: EventFromJson;
}

/** No event of the contract is longer. */
export const MOST_CHARACTERS = 100_000;

/** `-` is standard input. Rejects with `CommandFault` when a file cannot be read. */
export async function* readEvents(files: readonly string[]): AsyncGenerator<ReadEvent> {
  for (const file of files) {
    try {
      for await (const json of readJsonLines(file === '-' ? process.stdin : createReadStream(file))) {
        yield { file, line: json.line, length: json.length, read: eventOf(json) };
      }
    } catch (error) {
      throw error instanceof Error && 'code' in error
        ? new CommandFault(`${file}: ${String(error.code)}`)
        : error;
    }
  }
}

function eventOf({ value, length }: JsonLine): EventFromJson {
  if (value === undefined) return refusal('MALFORMED', 'The line is not JSON.');
  if (length > MOST_CHARACTERS)
    return refusal('LENGTH', `The line is longer than ${MOST_CHARACTERS} characters.`);
  return eventFromJson(value);
}

function refusal(rule: string, message: string): EventFromJson {
  return { ok: false, violations: [{ field: '', rule, message }] };
}
