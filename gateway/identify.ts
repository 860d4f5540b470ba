// Who and what a report is: the keys under which all copies of it meet, and the digests by which they are compared.
import { Buffer } from 'node:buffer';
import { toBinary } from '@bufbuild/protobuf';
import { Precision, ReportKind, ReportSchema, Urgency, type Report } from '@lachan/proto/report';
import type { Environment } from '../schemas/vocabulary.js';
import { Beginnings } from './beginnings.js';
import type { CanonicalUrl } from './canonicalise.js';
import { contentOf, type Content } from './decode-report.js';
import { HASH_BYTES, HASH_DOMAINS, type KeyedHash } from './keyed-hash.js';

export interface ReportIdentity {
  /** 16 bytes. */
  readonly authorityReportId: Buffer;
  /** 16 bytes. */
  readonly recordKey: Buffer;
}

/** Room for keys that are looked at only until the next report. */
export function newIdentity(): ReportIdentity {
  return { authorityReportId: Buffer.alloc(HASH_BYTES), recordKey: Buffer.alloc(HASH_BYTES) };
}

/** Keys of (environment, provider, report id, revision): the same from every gateway, for every re-send. */
export function identify(
  keyed: KeyedHash,
  environment: Environment,
  providerId: string,
  reportId: string,
  revision: number,
  identity = newIdentity(),
): ReportIdentity {
  writeAuthorityReportId(keyed, environment, providerId, reportId, identity.authorityReportId);
  keyed.add(String(revision));
  keyed.into(HASH_DOMAINS.recordKey, identity.recordKey, 0);
  return identity;
}

/** 16 bytes that read as a UUID of version 8 (RFC 9562: made by a rule of our own). */
export function authorityReportId(
  keyed: KeyedHash,
  environment: Environment,
  providerId: string,
  reportId: string,
): Buffer {
  const id = Buffer.alloc(HASH_BYTES);
  writeAuthorityReportId(keyed, environment, providerId, reportId, id);
  return id;
}

function writeAuthorityReportId(
  keyed: KeyedHash,
  environment: Environment,
  providerId: string,
  reportId: string,
  id: Buffer,
): void {
  keyed.begin();
  keyed.add(environment);
  keyed.add(providerId);
  keyed.add(reportId);
  keyed.into(HASH_DOMAINS.authorityReportId, id, 0);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
}

/** 16 bytes under which all reports about one place meet, into `target` at `at`. */
export function writeLocationKeyOfUrl(
  keyed: KeyedHash,
  environment: Environment,
  url: CanonicalUrl,
  target: Uint8Array,
  at: number,
): void {
  keyed.begin();
  keyed.add(environment);
  keyed.add(url.url);
  keyed.into(HASH_DOMAINS.locationOfUrl, target, at);
}

/** The same by themselves. */
export function locationKeyOfUrl(keyed: KeyedHash, environment: Environment, url: CanonicalUrl): Buffer {
  const key = Buffer.alloc(HASH_BYTES);
  writeLocationKeyOfUrl(keyed, environment, url, key, 0);
  return key;
}

export interface Digests {
  /** 8 bytes. */
  readonly payloadDigest: Buffer;
  /** 5 bytes per field. */
  readonly fieldDigests: Buffer;
}

/** Number, and 4 bytes of keyed hash. */
const FIELD_DIGEST_BYTES = 5;
/** Number, and all 8 bytes of keyed hash. */
const PAYLOAD_PART_BYTES = 9;
const DIGEST_BYTES = 8;

/** Room for the digests of one report with every field of the contract. */
const MOST_FIELDS = ReportSchema.fields.length;
const whole = Buffer.alloc(MOST_FIELDS * PAYLOAD_PART_BYTES);
const payloadDigest = Buffer.alloc(DIGEST_BYTES);
const digestsOfFields = Buffer.alloc(MOST_FIELDS * FIELD_DIGEST_BYTES);
const fieldDigests = new Beginnings(digestsOfFields);

/**
 * Digests of the content: the message's fields by number, defaults omitted, whatever order or
 * encoding the sender chose. `sent` is what `report` was decoded from. Normalises `report` in
 * place: an explicit default becomes none. What it returns is good until the next call.
 */
export function digest(keyed: KeyedHash, report: Report, sent: Content, recordKey: Uint8Array): Digests {
  const { bytes, spans } = sent.spans === undefined ? canonicalOf(report) : sent;
  if (spans === undefined) throw new Error('protobuf-es does not write the canonical form');
  const { fields, payload } = keyed;
  const count = spans.length / 3;
  // Bound to the record, so that equal values in different reports do not show.
  fields.prefix(recordKey);
  let part = 0;
  for (let i = 0, at = 0; i < spans.length; i += 3, at += FIELD_DIGEST_BYTES, part += PAYLOAD_PART_BYTES) {
    whole[part] = spans[i] ?? 0;
    fields.of(bytes, spans[i + 1] ?? 0, spans[i + 2] ?? 0, whole, part + 1);
    for (let j = 0; j < FIELD_DIGEST_BYTES; j += 1) digestsOfFields[at + j] = whole[part + j] ?? 0;
  }
  payload.of(whole, 0, part, payloadDigest, 0);
  return { payloadDigest, fieldDigests: fieldDigests.of(count * FIELD_DIGEST_BYTES) };
}

function canonicalOf(report: Report): Content {
  omitExplicitDefaults(report);
  return contentOf(toBinary(ReportSchema, report));
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
