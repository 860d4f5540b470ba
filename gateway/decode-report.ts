// Bytes of one report to the message they are, checked on the way: a library's decoder would read a field of the
// wrong wire type as if it were right, let a message run on behind its end, and build as many objects as there are
// bytes. By the contract's own descriptor, so that a new field needs nothing here. Three times as fast as checking
// first and decoding then (docs/performance.md).
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { ReportSchema, type Report } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { BLANK_MESSAGES } from './blank-messages.js';
import { fault, violation, type Violation } from './violation.js';
import { BIT_64, LENGTH_DELIMITED, UNREADABLE, VARINT, type WireReader } from './wire-reader.js';

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

interface FieldTable {
  readonly localName: string;
  readonly name: string;
  readonly wireType: number;
  readonly list: boolean;
  /** Whether its values may also come in one piece. */
  readonly packable: boolean;
  readonly scalar: ScalarType;
  readonly message: MessageTable | undefined;
}

interface MessageTable {
  /** By field number; undefined where the contract has no such field. */
  readonly fields: readonly (FieldTable | undefined)[];
  /** Makes a message without any field. */
  readonly blank: () => object;
}

/** The table of messages without maps, groups, oneofs and recursion: the contract has none. */
function tableOf(desc: DescMessage): MessageTable {
  const fields: (FieldTable | undefined)[] = [];
  for (const field of desc.fields) {
    const scalar = scalarOf(field);
    const text = scalar === ScalarType.STRING;
    const wireType =
      field.message !== undefined || text ? LENGTH_DELIMITED : scalar === ScalarType.DOUBLE ? BIT_64 : VARINT;
    const list = field.fieldKind === 'list';
    fields[field.number] = {
      localName: field.localName,
      name: field.name,
      wireType,
      list,
      packable: list && wireType === VARINT,
      scalar,
      message: field.message === undefined ? undefined : tableOf(field.message),
    };
  }
  return { fields, blank: blankOf(desc.typeName) };
}

function scalarOf(field: DescField): ScalarType {
  return field.scalar ?? ScalarType.INT32;
}

function blankOf(typeName: string): () => object {
  for (const [name, blank] of Object.entries(BLANK_MESSAGES)) if (name === typeName) return blank;
  throw new Error(`${typeName} has no blank message`);
}

const report = tableOf(ReportSchema);
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes the report from `reader.at` to `end`, or says why there is none. Never throws. */
export function decodeReport(reader: WireReader, end: number): Report | Violation {
  const decoder = new Decoder(reader);
  const decoded = BLANK_MESSAGES['lachan.v1.Report']();
  // Fields are stored by name, as the descriptor says; the test compares with the library's own decoder.
  const message = decoded as unknown as Message;
  while (reader.at < end) {
    const tag = reader.uint32(end);
    if (!decoder.readField(report, message, tag, end)) return malformed;
    if (decoder.values > MAX_VALUES) {
      return violation(report.fields[tag >>> 3]?.name ?? `#${tag >>> 3}`, tooMany);
    }
  }
  return decoded;
}

/** Of the two that decoding answers. */
export function isReport(decoded: Report | Violation): decoded is Report {
  return '$typeName' in decoded;
}

class Decoder {
  values = 0;

  constructor(private readonly reader: WireReader) {}

  /** Reads one field into `message`; false when its bytes are not what they should be. Stops early beyond `MAX_VALUES`. */
  readField(table: MessageTable, message: Message, tag: number, end: number): boolean {
    const { reader } = this;
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (tag === UNREADABLE || number === 0) return false;
    this.values += 1;
    const field = table.fields[number];
    if (field === undefined) {
      if (!reader.skip(wireType, end)) return false;
      const unknown = message['$unknown'];
      const one = { no: number, wireType, data: new Uint8Array() };
      if (Array.isArray(unknown)) unknown.push(one);
      else message['$unknown'] = [one];
      return true;
    }
    if (wireType !== field.wireType) {
      return field.packable && wireType === LENGTH_DELIMITED && this.#readPacked(field, message, end);
    }
    if (field.message !== undefined) return this.#readMessage(field, field.message, message, end);
    const value = this.#readValue(field.scalar, end);
    if (value === undefined) return false;
    if (field.list) listIn(message, field.localName).push(value);
    else message[field.localName] = value;
    return true;
  }

  #readMessage(field: FieldTable, table: MessageTable, parent: Message, end: number): boolean {
    const { reader } = this;
    const innerEnd = reader.endOfBytes(end);
    if (innerEnd === UNREADABLE) return false;
    // One that comes in two parts is one message.
    const before = field.list ? undefined : parent[field.localName];
    const message = before === undefined ? (table.blank() as Message) : (before as Message);
    while (reader.at < innerEnd) {
      if (!this.readField(table, message, reader.uint32(innerEnd), innerEnd)) return false;
      if (this.values > MAX_VALUES) return true;
    }
    if (field.list) listIn(parent, field.localName).push(message);
    else parent[field.localName] = message;
    return true;
  }

  #readPacked(field: FieldTable, message: Message, end: number): boolean {
    const { reader } = this;
    const innerEnd = reader.endOfBytes(end);
    if (innerEnd === UNREADABLE) return false;
    const list = listIn(message, field.localName);
    while (reader.at < innerEnd) {
      const value = this.#readValue(field.scalar, innerEnd);
      if (value === undefined) return false;
      list.push(value);
      this.values += 1;
      if (this.values > MAX_VALUES) return true;
    }
    return true;
  }

  #readValue(scalar: ScalarType, end: number): unknown {
    const { reader } = this;
    if (scalar === ScalarType.STRING) return this.#readText(end);
    if (scalar === ScalarType.DOUBLE) {
      const { at, bytes } = reader;
      if (!reader.skip(BIT_64, end)) return undefined;
      return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0, true);
    }
    const value = reader.uint64(end);
    if (value === UNREADABLE) return undefined;
    switch (scalar) {
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

  #readText(end: number): string | undefined {
    const { reader } = this;
    const innerEnd = reader.endOfBytes(end);
    if (innerEnd === UNREADABLE) return undefined;
    const { bytes, at } = reader;
    reader.at = innerEnd;
    for (let i = at; i < innerEnd; i += 1) {
      if ((bytes[i] ?? 0) >= 0x80) return textOf(bytes.subarray(at, innerEnd));
    }
    return reader.buffer.toString('latin1', at, innerEnd);
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The list that a blank message has from the beginning. */
function listIn(message: Message, name: string): unknown[] {
  return message[name] as unknown[];
}
