// Cuts a file of JSON into its documents: one document, a list of documents, or one behind the other (as in NDJSON).
// Holds one at a time, and knows nothing of what it says.

export interface JsonText {
  /** Where it begins in the file, from 1. */
  readonly line: number;
  /** As it stands, well-formed or not; undefined where it is longer than `maxLength`. */
  readonly text: string | undefined;
}

const code = (character: string): number => character.charCodeAt(0);
const NEWLINE = code('\n');
const QUOTE = code('"');
const BACKSLASH = code('\\');
const COMMA = code(',');
const OPEN_LIST = code('[');
const CLOSE_LIST = code(']');
const OPEN = code('{');
const CLOSE = code('}');
const BLANK: ReadonlySet<number> = new Set([' ', '\t', '\r', '\n', '\uFEFF'].map(code));
/** What may stand before an object inside a document. */
const BEFORE_OBJECT: ReadonlySet<number> = new Set(['[', ',', ':'].map(code));

/**
 * A broken document costs itself, and at most the one behind it. `maxLength` is in UTF-16 code units; what is longer
 * is read to its end and not held.
 */
export async function* splitJson(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<JsonText> {
  const splitter = new Splitter(maxLength);
  for await (const chunk of chunks) yield* splitter.take(chunk);
  yield* splitter.end();
}

class Splitter {
  readonly #maxLength: number;
  #line = 1;
  #inList = false;
  /** The document being read; undefined between two. */
  #document: Held | undefined;
  /** Its open brackets; 0 in a bare value, which is no document but has to be told. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The last character that is neither blank nor inside a string. */
  #last = 0;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  *take(chunk: string): Generator<JsonText> {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const c = chunk.charCodeAt(at);
      if (c === NEWLINE) this.#line += 1;
      if (this.#inString) {
        this.#readString(c);
        continue;
      }
      if (this.#document !== undefined && this.#endsBefore(c)) yield this.#cut(chunk.slice(start, at));
      if (BLANK.has(c)) continue;
      if (this.#document === undefined) {
        if (this.#standsBetween(c)) continue;
        this.#document = new Held(this.#line, this.#maxLength);
        start = at;
      }
      this.#last = c;
      if (c === QUOTE) this.#inString = true;
      else if (c === OPEN || c === OPEN_LIST) this.#depth += 1;
      else if ((c === CLOSE || c === CLOSE_LIST) && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) yield this.#cut(chunk.slice(start, at + 1));
      }
    }
    this.#document?.add(chunk.slice(start));
  }

  *end(): Generator<JsonText> {
    if (this.#document !== undefined) yield this.#cut('');
    // A list without an end was cut off: what came is whole, but not all came.
    if (this.#inList) yield { line: this.#line, text: '[' };
  }

  #readString(c: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (c === BACKSLASH) this.#escaped = true;
    // No string of JSON holds the end of a line: one that meets it was never closed.
    else if (c === QUOTE || c === NEWLINE) this.#inString = false;
  }

  /** Whether the document ended without this character: a bare value does, and one that was never finished. */
  #endsBefore(c: number): boolean {
    if (this.#depth === 0)
      return BLANK.has(c) || c === COMMA || c === OPEN || c === OPEN_LIST || c === CLOSE_LIST;
    return c === OPEN && !BEFORE_OBJECT.has(this.#last);
  }

  #standsBetween(c: number): boolean {
    if (this.#inList && c === CLOSE_LIST) this.#inList = false;
    else if (!this.#inList && c === OPEN_LIST) this.#inList = true;
    else return this.#inList && c === COMMA;
    return true;
  }

  #cut(rest: string): JsonText {
    const { line, text } = this.#document?.ended(rest) ?? { line: this.#line, text: rest };
    this.#document = undefined;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    return { line, text };
  }
}

/** What has come of one document, up to a length. */
class Held {
  readonly #line: number;
  readonly #maxLength: number;
  #parts: string[] = [];
  #length = 0;

  constructor(line: number, maxLength: number) {
    this.#line = line;
    this.#maxLength = maxLength;
  }

  add(part: string): void {
    this.#length += part.length;
    if (this.#length > this.#maxLength) this.#parts = [];
    else this.#parts.push(part);
  }

  ended(rest: string): JsonText {
    this.add(rest);
    return { line: this.#line, text: this.#length > this.#maxLength ? undefined : this.#parts.join('') };
  }
}
