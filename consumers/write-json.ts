// Values of the log as JSON, straight from their bytes.
import {
  ARRAY,
  AvroCursor,
  BOOLEAN,
  ENUM,
  LONG,
  OPTIONAL,
  RECORD,
  STRING,
  type Shape,
} from '../schemas/avro-cursor.js';
import type { GrowingBytes } from './growing-bytes.js';

const cursor = new AvroCursor(false);
const source = new AvroCursor(false);

/**
 * Whether nothing is said by the value: null, an empty array, and the word UNSPECIFIED of a closed list. A provider's
 * own text that reads UNSPECIFIED is no such value.
 */
export function isEmpty(shape: Shape, bytes: Uint8Array, at: number): boolean {
  switch (shape.kind) {
    case OPTIONAL:
    case ARRAY:
      return bytes[at] === 0;
    case ENUM:
      cursor.moveTo(bytes, at);
      return shape.symbols[cursor.long()] === 'UNSPECIFIED';
    default:
      return false;
  }
}

/** Writes one value that was read through before; members without a value are left out. */
export function writeJson(shape: Shape, bytes: Uint8Array, at: number, json: GrowingBytes): void {
  source.moveTo(bytes, at);
  writeValue(shape, source, json);
}

function writeValue(shape: Shape, from: AvroCursor, json: GrowingBytes): void {
  switch (shape.kind) {
    case BOOLEAN:
      json.ascii(from.bytes[from.at++] === 1 ? 'true' : 'false');
      return;
    case LONG:
      json.ascii(String(from.long()));
      return;
    case STRING: {
      const length = from.length();
      writeText(from.bytes, from.at, from.at + length, json);
      from.at += length;
      return;
    }
    case ENUM:
      json.uint8(QUOTE);
      json.ascii(shape.symbols[from.long()] ?? '');
      json.uint8(QUOTE);
      return;
    case OPTIONAL:
      if (from.isPresent() && shape.inner !== undefined) writeValue(shape.inner, from, json);
      return;
    case ARRAY:
      if (shape.inner !== undefined) writeItems(shape.inner, from, json);
      return;
    case RECORD:
      writeMembers(shape, from, json);
      return;
    default:
      throw new TypeError('bytes have no form in JSON');
  }
}

function writeItems(item: Shape, from: AvroCursor, json: GrowingBytes): void {
  json.uint8(OPEN_BRACKET);
  let isFirst = true;
  for (let count = from.count(); count > 0; count = from.count()) {
    for (; count > 0; count -= 1) {
      if (!isFirst) json.uint8(COMMA);
      isFirst = false;
      writeValue(item, from, json);
    }
  }
  json.uint8(CLOSE_BRACKET);
}

function writeMembers(shape: Shape, from: AvroCursor, json: GrowingBytes): void {
  json.uint8(OPEN_BRACE);
  let isFirst = true;
  for (let i = 0; i < shape.fields.length; i += 1) {
    const member = shape.fields[i];
    if (member === undefined) continue;
    if (isEmpty(member, from.bytes, from.at)) {
      from.skip(member);
      continue;
    }
    if (!isFirst) json.uint8(COMMA);
    isFirst = false;
    writeName(shape.names[i] ?? '', json);
    writeValue(member, from, json);
  }
  json.uint8(CLOSE_BRACE);
}

/** The name of a member of the schema, and the colon behind it. */
export function writeName(name: string, json: GrowingBytes): void {
  json.uint8(QUOTE);
  json.ascii(name);
  json.uint8(QUOTE);
  json.uint8(COLON);
}

function writeText(bytes: Uint8Array, start: number, end: number, json: GrowingBytes): void {
  json.uint8(QUOTE);
  let plain = start;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) continue;
    json.copy(bytes, plain, i);
    json.ascii(JSON.stringify(String.fromCharCode(byte)).slice(1, -1));
    plain = i + 1;
  }
  json.copy(bytes, plain, end);
  json.uint8(QUOTE);
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
