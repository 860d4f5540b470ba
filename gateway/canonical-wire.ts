// Whether the bytes of a report stand in the one order and form in which this contract is digested: then they need
// not be encoded again, which would cost as much as decoding them did.
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { EventTimeSchema, ReportSchema } from '@lachan/proto/report';
import { LENGTH_DELIMITED, UNREADABLE, VARINT, WireReader } from './wire-reader.js';

/** Fields that differ between sendings of the same report: they are no part of its content. */
export const NOT_CONTENT: ReadonlySet<number> = new Set([
  ReportSchema.field.streamSequence.number,
  ReportSchema.field.correlationId.number,
  ReportSchema.field.reportedAt.number,
]);

/** A value that says the same as none at all. */
const EXPLICIT_DEFAULTS: ReadonlyMap<DescField, number> = new Map([
  [ReportSchema.field.kind, 1],
  [ReportSchema.field.urgency, 1],
  [EventTimeSchema.field.precision, 1],
]);

interface FieldForm {
  readonly wireType: number;
  readonly packed: boolean;
  readonly repeated: boolean;
  /** Left out where it has the value of its type's default. */
  readonly implicit: boolean;
  readonly explicitDefault: number | undefined;
  /** Of a number: larger ones would be read as others, or have to be. */
  readonly largest: number;
  readonly message: MessageForm | undefined;
}

type MessageForm = readonly (FieldForm | undefined)[];

function formOf(desc: DescMessage): MessageForm {
  const form: (FieldForm | undefined)[] = [];
  for (const field of desc.fields) {
    const message = field.message === undefined ? undefined : formOf(field.message);
    const bytes = message !== undefined || field.scalar === ScalarType.STRING;
    const packed = field.fieldKind === 'list' && !bytes;
    form[field.number] = {
      wireType: bytes || packed ? LENGTH_DELIMITED : field.scalar === ScalarType.DOUBLE ? 1 : VARINT,
      packed,
      repeated: field.fieldKind === 'list',
      implicit: field.fieldKind !== 'list' && field.presence === FeatureSet_FieldPresence.IMPLICIT,
      explicitDefault: EXPLICIT_DEFAULTS.get(field),
      largest: largestOf(field),
      message,
    };
  }
  return form;
}

function largestOf({ scalar }: DescField): number {
  if (scalar === ScalarType.BOOL) return 1;
  if (scalar === ScalarType.UINT64 || scalar === ScalarType.INT64) return Number.MAX_SAFE_INTEGER;
  return scalar === ScalarType.UINT32 ? 0xffff_ffff : 0x7fff_ffff;
}

const report = formOf(ReportSchema);

/**
 * The content's fields in ascending order, as (number, start, end) one after another, repeated ones together;
 * undefined when the bytes are in any other form. `bytes`: a report that has been decoded.
 */
export function canonicalSpans(bytes: Uint8Array): number[] | undefined {
  const reader = new WireReader(bytes);
  const spans: number[] = [];
  let last = 0;
  while (reader.at < bytes.length) {
    const start = reader.at;
    const tag = reader.uint32(bytes.length);
    const number = tag >>> 3;
    if (!isShortest(reader, start)) return undefined;
    const counts = !NOT_CONTENT.has(number);
    if (!isCanonicalField(reader, report, tag, counts ? last : 0, bytes.length)) return undefined;
    if (!counts) continue;
    if (number !== last) {
      spans.push(number, start, reader.at);
    } else {
      // What is no content may stand between two entries, and must not come into their digest.
      if (spans[spans.length - 1] !== start) return undefined;
      spans[spans.length - 1] = reader.at;
    }
    last = number;
  }
  return spans;
}

/** Moves behind the field; false when it is not in canonical form, or does not come after field `last`. */
function isCanonicalField(
  reader: WireReader,
  form: MessageForm,
  tag: number,
  last: number,
  end: number,
): boolean {
  const number = tag >>> 3;
  const field = form[number];
  if (field === undefined || (tag & 7) !== field.wireType) return false;
  if (number < last || (number === last && (!field.repeated || field.packed))) return false;
  if (field.wireType === VARINT) {
    const start = reader.at;
    const value = reader.uint64(end);
    if (value === field.explicitDefault || (value === 0 && field.implicit)) return false;
    if (value === UNREADABLE || value > field.largest) return false;
    return isShortest(reader, start);
  }
  if (field.wireType !== LENGTH_DELIMITED) return reader.skip(field.wireType, end);
  const start = reader.at;
  const innerEnd = reader.endOfBytes(end);
  if (innerEnd === UNREADABLE || !isShortest(reader, start)) return false;
  if (innerEnd === reader.at && (field.packed || field.implicit)) return false;
  if (field.packed) return isCanonicalList(reader, field.largest, innerEnd);
  if (field.message !== undefined) return isCanonicalMessage(reader, field.message, innerEnd);
  reader.at = innerEnd;
  return true;
}

function isCanonicalMessage(reader: WireReader, form: MessageForm, end: number): boolean {
  let last = 0;
  while (reader.at < end) {
    const start = reader.at;
    const tag = reader.uint32(end);
    if (!isShortest(reader, start) || !isCanonicalField(reader, form, tag, last, end)) return false;
    last = tag >>> 3;
  }
  return true;
}

function isCanonicalList(reader: WireReader, largest: number, end: number): boolean {
  while (reader.at < end) {
    const start = reader.at;
    const value = reader.uint64(end);
    if (value === UNREADABLE || value > largest || !isShortest(reader, start)) return false;
  }
  return true;
}

/** Whether the integer that was read from `start` has no padding. */
function isShortest(reader: WireReader, start: number): boolean {
  return reader.at - start === 1 || reader.bytes[reader.at - 1] !== 0;
}
