// Who and what a report is: the keys under which all copies of it meet, and the digests by which they are compared.
import { Buffer } from 'node:buffer';
import { toBinary } from '@bufbuild/protobuf';
import { Precision, ReportKind, ReportSchema, Urgency, type Report } from '@lachan/proto/report';
import type { Environment } from '../schemas/vocabulary.js';
import { HASH_DOMAINS, type KeyedHash } from './keyed-hash.js';

export interface ReportIdentity {
  /** 16 bytes. */
  readonly authorityReportId: Buffer;
  /** 16 bytes. */
  readonly recordKey: Buffer;
}

/** Keys of (environment, provider, report id, revision): the same from every gateway, for every re-send. */
export function identify(
  keyed: KeyedHash,
  environment: Environment,
  providerId: string,
  reportId: string,
  revision: number,
): ReportIdentity {
  return {
    authorityReportId: authorityReportId(keyed, environment, providerId, reportId),
    recordKey: keyed.of(HASH_DOMAINS.recordKey, environment, providerId, reportId, String(revision)),
  };
}

/** 16 bytes that read as a UUID of version 8 (RFC 9562: made by a rule of our own). */
export function authorityReportId(
  keyed: KeyedHash,
  environment: Environment,
  providerId: string,
  reportId: string,
): Buffer {
  const id = keyed.of(HASH_DOMAINS.authorityReportId, environment, providerId, reportId);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return id;
}

export interface Digests {
  /** 8 bytes. */
  readonly payloadDigest: Buffer;
  /** 5 bytes per field. */
  readonly fieldDigests: Buffer;
}

/** Fields that differ between sendings of the same report. */
const NOT_CONTENT: readonly number[] = [
  ReportSchema.field.streamSequence.number,
  ReportSchema.field.correlationId.number,
  ReportSchema.field.reportedAt.number,
];

/**
 * Digests of the content: the message's fields by number, defaults omitted, whatever order or
 * encoding the sender chose. Normalises `report` in place: an explicit default becomes none.
 */
export function digest(keyed: KeyedHash, report: Report, recordKey: Buffer): Digests {
  omitExplicitDefaults(report);
  const bytes = toBinary(ReportSchema, report);
  const content: Uint8Array[] = [];
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const field = fieldNumberAt(bytes, at);
    let end = skipField(bytes, at);
    while (end < bytes.length && fieldNumberAt(bytes, end) === field) end = skipField(bytes, end);
    if (!NOT_CONTENT.includes(field)) {
      const span = bytes.subarray(at, end);
      content.push(span);
      // Bound to the record, so that equal values in different reports do not show.
      fields.push(Buffer.of(field), keyed.of(HASH_DOMAINS.fieldDigest, recordKey, span).subarray(0, 4));
    }
    at = end;
  }
  return {
    payloadDigest: keyed.of(HASH_DOMAINS.payloadDigest, ...content).subarray(0, 8),
    fieldDigests: Buffer.concat(fields),
  };
}

function omitExplicitDefaults(report: Report): void {
  if (report.kind === ReportKind.INITIAL) report.kind = ReportKind.UNSPECIFIED;
  if (report.urgency === Urgency.ROUTINE) report.urgency = Urgency.UNSPECIFIED;
  for (const time of [
    report.contentCreatedAt,
    report.incidentAt,
    report.detectedAt,
    report.decidedAt,
    report.reportedAt,
  ]) {
    if (time?.precision === Precision.MS) time.precision = Precision.UNSPECIFIED;
  }
  for (const item of report.items) {
    if (item.uploadedAt?.precision === Precision.MS) item.uploadedAt.precision = Precision.UNSPECIFIED;
  }
}

function fieldNumberAt(bytes: Uint8Array, at: number): number {
  return varint(bytes, at).value >>> 3;
}

function skipField(bytes: Uint8Array, at: number): number {
  const tag = varint(bytes, at);
  switch (tag.value & 7) {
    case 0:
      return varint(bytes, tag.end).end;
    case 1:
      return tag.end + 8;
    case 2: {
      const length = varint(bytes, tag.end);
      return length.end + length.value;
    }
    default:
      return tag.end + 4;
  }
}

/** Exact up to 2^28; larger values are only skipped. */
function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let end = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end] ?? 0;
    end += 1;
    if (shift < 28) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end };
  }
}
