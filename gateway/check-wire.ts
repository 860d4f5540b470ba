// Whether bytes are a well-formed report, before anything is built from them: decoding alone would read a field
// of the wrong wire type as if it were right, let a message run on behind its end, and build as many objects as
// there are bytes.
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { ReportSchema } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
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

interface FieldShape {
  readonly name: string;
  readonly wireType: number;
  /** Whether its values may also come in one piece. */
  readonly packable: boolean;
  readonly message: MessageShape | undefined;
}

/** By field number; undefined where the contract has no such field. */
type MessageShape = readonly (FieldShape | undefined)[];

/** The shape of messages without maps, groups and recursion: the contract has none. */
function shapeOf(desc: DescMessage): MessageShape {
  const shape: (FieldShape | undefined)[] = [];
  for (const field of desc.fields) {
    const wireType = wireTypeOf(field);
    shape[field.number] = {
      name: field.name,
      wireType,
      packable: field.fieldKind === 'list' && wireType === VARINT,
      message: field.message === undefined ? undefined : shapeOf(field.message),
    };
  }
  return shape;
}

function wireTypeOf(field: DescField): number {
  if (field.message !== undefined || field.scalar === ScalarType.STRING) return LENGTH_DELIMITED;
  return field.scalar === ScalarType.DOUBLE ? BIT_64 : VARINT;
}

const report = shapeOf(ReportSchema);

/** Checks the report from `reader.at` to `end`, in bytes: undefined when nothing speaks against decoding it. */
export function checkWire(reader: WireReader, end: number): Violation | undefined {
  let values = 0;
  while (reader.at < end) {
    const tag = reader.uint32(end);
    const count = countField(reader, report, tag, end);
    if (count === UNREADABLE) return malformed;
    values += count;
    if (values > MAX_VALUES) return violation(report[tag >>> 3]?.name ?? `#${tag >>> 3}`, tooMany);
  }
  return undefined;
}

function countMessage(reader: WireReader, shape: MessageShape, end: number): number {
  let values = 1;
  while (reader.at < end) {
    const count = countField(reader, shape, reader.uint32(end), end);
    if (count === UNREADABLE) return UNREADABLE;
    values += count;
  }
  return values;
}

function countField(reader: WireReader, shape: MessageShape, tag: number, end: number): number {
  const number = tag >>> 3;
  const wireType = tag & 7;
  if (number === 0) return UNREADABLE;
  const field = shape[number];
  if (field !== undefined && wireType !== field.wireType) {
    return field.packable && wireType === LENGTH_DELIMITED ? countPacked(reader, end) : UNREADABLE;
  }
  if (field?.message === undefined) return reader.skip(wireType, end) ? 1 : UNREADABLE;
  const innerEnd = reader.endOfBytes(end);
  return innerEnd === UNREADABLE ? UNREADABLE : countMessage(reader, field.message, innerEnd);
}

function countPacked(reader: WireReader, end: number): number {
  const innerEnd = reader.endOfBytes(end);
  let values = 0;
  while (reader.at < innerEnd) {
    if (reader.uint64(innerEnd) === UNREADABLE) return UNREADABLE;
    values += 1;
  }
  return innerEnd === UNREADABLE ? UNREADABLE : values;
}
