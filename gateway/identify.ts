// Who and what a report is: the keys under which all copies of it meet, and the digests by which they are compared.
import { Buffer } from 'node:buffer';
import { toBinary } from '@bufbuild/protobuf';
import { Precision, ReportKind, ReportSchema, Urgency, type Report } from '@lachan/proto/report';
import type { Environment } from '../schemas/vocabulary.js';
import { canonicalSpans } from './canonical-wire.js';
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

/**
 * Digests of the content: the message's fields by number, defaults omitted, whatever order or
 * encoding the sender chose. `bytes` is what `report` was decoded from. Normalises `report` in
 * place: an explicit default becomes none.
 */
export function digest(keyed: KeyedHash, report: Report, bytes: Uint8Array, recordKey: Uint8Array): Digests {
  let content = bytes;
  let spans = canonicalSpans(bytes);
  if (spans === undefined) {
    omitExplicitDefaults(report);
    content = toBinary(ReportSchema, report);
    spans = canonicalSpans(content);
    if (spans === undefined) throw new Error('protobuf-es does not write the canonical form');
  }
  const { fields, payload } = keyed;
  const count = spans.length / 3;
  const fieldDigests = Buffer.allocUnsafe(count * FIELD_DIGEST_BYTES);
  const whole = Buffer.allocUnsafe(count * PAYLOAD_PART_BYTES + DIGEST_BYTES);
  // Bound to the record, so that equal values in different reports do not show.
  fields.prefix(recordKey);
  let part = 0;
  for (let i = 0, at = 0; i < spans.length; i += 3, at += FIELD_DIGEST_BYTES, part += PAYLOAD_PART_BYTES) {
    whole[part] = spans[i] ?? 0;
    fields.of(content, spans[i + 1] ?? 0, spans[i + 2] ?? 0, whole, part + 1);
    for (let j = 0; j < FIELD_DIGEST_BYTES; j += 1) fieldDigests[at + j] = whole[part + j] ?? 0;
  }
  payload.of(whole, 0, part, whole, part);
  return { payloadDigest: whole.subarray(part), fieldDigests };
}

/** Number, and 4 bytes of keyed hash. */
const FIELD_DIGEST_BYTES = 5;
/** Number, and all 8 bytes of keyed hash. */
const PAYLOAD_PART_BYTES = 9;
const DIGEST_BYTES = 8;

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
