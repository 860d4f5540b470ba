// The messages of a report as decoding needs them: by the contract's own descriptor, so that a new field needs nothing
// here. Maps, groups, oneofs and recursion are left out: the contract has none.
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { EventTimeSchema, ReportSchema } from '@lachan/proto/report';
import { BLANK_MESSAGES } from './blank-messages.js';
import { BIT_64, LENGTH_DELIMITED, VARINT } from './wire-reader.js';

export interface FieldTable {
  readonly localName: string;
  readonly name: string;
  readonly wireType: number;
  readonly list: boolean;
  /** Whether its values may also come in one piece, which is their canonical form. */
  readonly packable: boolean;
  readonly scalar: ScalarType;
  readonly message: MessageTable | undefined;
  /** Whether the canonical form may have it more than once. */
  readonly repeats: boolean;
  /** Whether the canonical form leaves it out where it has the value of its type's default. */
  readonly implicit: boolean;
  /** A value that says the same as none at all, or -1. */
  readonly explicitDefault: number;
  /** Of a number: larger ones would be read as others, or have to be. */
  readonly largest: number;
  /** False for the fields of a report that differ between sendings of the same report: they are no part of its content. */
  readonly isContent: boolean;
}

export interface MessageTable {
  /** By field number; undefined where the contract has no such field. */
  readonly fields: readonly (FieldTable | undefined)[];
  /** Makes a message without any field. */
  readonly blank: () => object;
}

const NOT_CONTENT: ReadonlySet<DescField> = new Set([
  ReportSchema.field.streamSequence,
  ReportSchema.field.correlationId,
  ReportSchema.field.reportedAt,
]);

const EXPLICIT_DEFAULTS: ReadonlyMap<DescField, number> = new Map([
  [ReportSchema.field.kind, 1],
  [ReportSchema.field.urgency, 1],
  [EventTimeSchema.field.precision, 1],
]);

export const REPORT_TABLE = tableOf(ReportSchema);

function tableOf(desc: DescMessage): MessageTable {
  const fields: (FieldTable | undefined)[] = [];
  for (const field of desc.fields) fields[field.number] = fieldOf(field);
  return { fields, blank: blankOf(desc.typeName) };
}

function fieldOf(field: DescField): FieldTable {
  const scalar = field.scalar ?? ScalarType.INT32;
  const isBytes = field.message !== undefined || scalar === ScalarType.STRING;
  const wireType = isBytes ? LENGTH_DELIMITED : scalar === ScalarType.DOUBLE ? BIT_64 : VARINT;
  const list = field.fieldKind === 'list';
  return {
    localName: field.localName,
    name: field.name,
    wireType,
    list,
    packable: list && wireType === VARINT,
    scalar,
    message: field.message === undefined ? undefined : tableOf(field.message),
    repeats: list && isBytes,
    implicit: !list && field.presence === FeatureSet_FieldPresence.IMPLICIT,
    explicitDefault: EXPLICIT_DEFAULTS.get(field) ?? -1,
    largest: largestOf(scalar),
    isContent: !NOT_CONTENT.has(field),
  };
}

function largestOf(scalar: ScalarType): number {
  if (scalar === ScalarType.BOOL) return 1;
  if (scalar === ScalarType.UINT64 || scalar === ScalarType.INT64) return Number.MAX_SAFE_INTEGER;
  return scalar === ScalarType.UINT32 ? 0xffff_ffff : 0x7fff_ffff;
}

function blankOf(typeName: string): () => object {
  for (const [name, blank] of Object.entries(BLANK_MESSAGES)) if (name === typeName) return blank;
  throw new Error(`${typeName} has no blank message`);
}
