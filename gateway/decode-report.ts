// Bytes of one report to the message they are, checked on the way: a library's decoder would read a field of the
// wrong wire type as if it were right, let a message run on behind its end, and build as many objects as there are
// bytes. Three times as fast as checking first and decoding then (docs/performance.md). It also sees whether the bytes
// stand in the one order and form in which a report is digested: then they need not be encoded again.
import { ScalarType } from '@bufbuild/protobuf';
import type { Report } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { BLANK_MESSAGES } from './blank-messages.js';
import { REPORT_TABLE, type FieldTable, type MessageTable } from './message-table.js';
import { fault, violation, type Violation } from './violation.js';
import { BIT_64, LENGTH_DELIMITED, UNREADABLE, VARINT, WireReader } from './wire-reader.js';

/**
 * How many values one report may carry, messages and unknown fields counted; a report that uses the contract
 * to its limits has about 8,000.
 */
const MAX_VALUES = 10_000;

/** What bytes that are no report are answered. */
export const malformed: Violation = Object.freeze(
  violation('', fault(Rule.MALFORMED, 'The bytes are not a lachan.v1.Report whose texts are UTF-8.')),
);
const tooMany = fault(Rule.TOO_MANY, `A report has at most ${MAX_VALUES} values in all.`);

/** Fields by their local name: what is stored is decided by the contract's descriptor, not by types. */
type Message = Record<string, unknown>;

/** Where the content of a report stands. */
export interface Content {
  readonly bytes: Uint8Array;
  /**
   * The content's fields in ascending order, as (number, start, end) one after another, repeated ones together;
   * undefined when the bytes are in any other than the canonical form.
   */
  readonly spans: readonly number[] | undefined;
}

interface DecodedReport {
  readonly report: Report;
  readonly content: Content;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the report from `reader.at` to `end`, or says why there is none. Never throws. */
export function decodeReport(reader: WireReader, end: number): DecodedReport | Violation {
  const decoder = new Decoder(reader);
  const report = BLANK_MESSAGES['lachan.v1.Report']();
  // Fields are stored by name, as the descriptor says; the test compares with the library's own decoder.
  const message = report as unknown as Message;
  const spans: number[] = [];
  let last = 0;
  while (reader.at < end) {
    const start = reader.at;
    const tag = reader.uint32(end);
    const number = tag >>> 3;
    const field = REPORT_TABLE.fields[number];
    const isContent = field?.isContent === true;
    if (!decoder.readField(field, message, tag, isContent ? last : 0, end)) return malformed;
    if (decoder.values > MAX_VALUES) return violation(field?.name ?? `#${number}`, tooMany);
    if (!isContent) continue;
    if (number !== last) spans.push(number, start, reader.at);
    // What is no content may stand between two entries, and must not come into their digest.
    else if (spans[spans.length - 1] !== start) decoder.isCanonical = false;
    else spans[spans.length - 1] = reader.at;
    last = number;
  }
  return { report, content: { bytes: reader.bytes, spans: decoder.isCanonical ? spans : undefined } };
}

/** Where the content stands in the bytes of a report that has been decoded, or encoded, before. */
export function contentOf(bytes: Uint8Array): Content {
  const decoded = decodeReport(new WireReader(bytes), bytes.length);
  if (!isReport(decoded)) throw new Error('not the bytes of a report');
  return decoded.content;
}

/** Of the two that decoding answers. */
export function isReport(decoded: DecodedReport | Violation): decoded is DecodedReport {
  return 'report' in decoded;
}

class Decoder {
  values = 0;
  isCanonical = true;

  constructor(private readonly reader: WireReader) {}

  /**
   * Reads the field behind `tag`, the one read last, into `message`; false when its bytes are not what they should be.
   * Stops early beyond `MAX_VALUES`. `last`: the number of the field before it.
   */
  readField(
    field: FieldTable | undefined,
    message: Message,
    tag: number,
    last: number,
    end: number,
  ): boolean {
    const { reader } = this;
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (tag === UNREADABLE || number === 0) return false;
    this.values += 1;
    if (field === undefined) return this.#readUnknown(message, number, wireType, end);
    if (!reader.isShortest() || number < last || (number === last && !field.repeats))
      this.isCanonical = false;
    if (wireType !== field.wireType) {
      return field.packable && wireType === LENGTH_DELIMITED && this.#readPacked(field, message, end);
    }
    if (field.packable) this.isCanonical = false;
    if (field.message !== undefined) return this.#readMessage(field, field.message, message, end);
    const value = this.#readValue(field, end);
    if (value === undefined) return false;
    if (field.list) append(message, field.localName, value);
    else message[field.localName] = value;
    return true;
  }

  #readUnknown(message: Message, number: number, wireType: number, end: number): boolean {
    this.isCanonical = false;
    if (!this.reader.skip(wireType, end)) return false;
    const unknown = message['$unknown'];
    const one = { no: number, wireType, data: new Uint8Array() };
    if (Array.isArray(unknown)) unknown.push(one);
    else message['$unknown'] = [one];
    return true;
  }

  #readMessage(field: FieldTable, table: MessageTable, parent: Message, end: number): boolean {
    const { reader } = this;
    const innerEnd = this.#endOfBytes(end);
    if (innerEnd === UNREADABLE) return false;
    // One that comes in two parts is one message.
    const before = field.list ? undefined : parent[field.localName];
    const message = before === undefined ? (table.blank() as Message) : (before as Message);
    let last = 0;
    while (reader.at < innerEnd) {
      const tag = reader.uint32(innerEnd);
      const number = tag >>> 3;
      if (!this.readField(table.fields[number], message, tag, last, innerEnd)) return false;
      if (this.values > MAX_VALUES) return true;
      last = number;
    }
    if (field.list) append(parent, field.localName, message);
    else parent[field.localName] = message;
    return true;
  }

  #readPacked(field: FieldTable, message: Message, end: number): boolean {
    const { reader } = this;
    const innerEnd = this.#endOfBytes(end);
    if (innerEnd === UNREADABLE) return false;
    if (innerEnd === reader.at) this.isCanonical = false;
    while (reader.at < innerEnd) {
      const value = this.#readNumber(field, innerEnd);
      if (value === undefined) return false;
      append(message, field.localName, value);
      this.values += 1;
      if (this.values > MAX_VALUES) return true;
    }
    return true;
  }

  #readValue(field: FieldTable, end: number): unknown {
    if (field.scalar === ScalarType.STRING) return this.#readText(field, end);
    if (field.wireType === VARINT) return this.#readNumber(field, end);
    const { reader } = this;
    const { at, bytes } = reader;
    if (!reader.skip(BIT_64, end)) return undefined;
    return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  #readNumber(field: FieldTable, end: number): number | bigint | boolean | undefined {
    const { reader } = this;
    const value = reader.uint64(end);
    if (value === UNREADABLE) return undefined;
    if (value > field.largest || !reader.isShortest()) this.isCanonical = false;
    if (value === field.explicitDefault || (value === 0 && field.implicit)) this.isCanonical = false;
    switch (field.scalar) {
      case ScalarType.BOOL:
        return value !== 0;
      case ScalarType.UINT32:
        return value <= 0x7fff_ffff ? value : Number(reader.lastVarint() & 0xffff_ffffn);
      case ScalarType.UINT64:
        return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : BigInt.asUintN(64, reader.lastVarint());
      case ScalarType.INT64:
        return value <= Number.MAX_SAFE_INTEGER ? BigInt(value) : BigInt.asIntN(64, reader.lastVarint());
      default:
        return value <= 0x7fff_ffff ? value : Number(BigInt.asIntN(32, reader.lastVarint()));
    }
  }

  #readText(field: FieldTable, end: number): string | undefined {
    const { reader } = this;
    const innerEnd = this.#endOfBytes(end);
    if (innerEnd === UNREADABLE) return undefined;
    const { bytes, at } = reader;
    if (innerEnd === at && field.implicit) this.isCanonical = false;
    reader.at = innerEnd;
    for (let i = at; i < innerEnd; i += 1) {
      if ((bytes[i] ?? 0) >= 0x80) return textOf(bytes.subarray(at, innerEnd));
    }
    return reader.buffer.toString('latin1', at, innerEnd);
  }

  #endOfBytes(end: number): number {
    const { reader } = this;
    const innerEnd = reader.endOfBytes(end);
    if (!reader.isShortest()) this.isCanonical = false;
    return innerEnd;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A blank message has a list of nothing, which it shares with others; most lists never have more than one value. */
function append(message: Message, name: string, value: unknown): void {
  const list = message[name] as unknown[];
  if (list.length === 0) message[name] = [value];
  else list.push(value);
}
