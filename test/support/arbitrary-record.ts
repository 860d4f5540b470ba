// Records of the log with whatever their types allow: every text, every number the contract lets through.
import fc from 'fast-check';
import type { ReportRecord } from '../../schemas/report-record.js';
import * as vocabulary from '../../schemas/vocabulary.js';

const MAX_UINT32 = 0xffff_ffff;
const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const anyBytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
/** All of Unicode that UTF-8 can carry. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    'UNSPECIFIED',
    '"',
    '\\',
    '\\N',
    '\n',
    '\t',
    '\0',
    '\u2028',
    '","',
    "']",
    'Lá chắn',
    'null',
    '👧🏽',
  ),
);
const oneOf = <T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const some = <T>(entry: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(entry, { maxLength: 3 });
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const instantMs = fc.integer({ min: 0, max: 253_402_300_799_999 });
const time = fc.record({ instantMs, precision: oneOf(vocabulary.PRECISIONS) });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Not -0, which no text of a number keeps. */
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);

const location = fc.record({
  key: bytes(16),
  host: text,
  registrableDomain: text,
  isVnDomain: fc.boolean(),
  serviceName: text,
  hostIp: fc.oneof(fc.ipV4(), fc.ipV6(), text),
});

const fingerprint = fc.record({
  algorithm: oneOf(vocabulary.FINGERPRINT_ALGORITHMS),
  value: text,
  basis: oneOf(vocabulary.FINGERPRINT_BASES),
  quality: orNull(fc.integer({ min: 0, max: 100 })),
});

const item = fc.record({
  contentTypes: some(oneOf(vocabulary.CONTENT_TYPES)),
  sizeBytes: count,
  uploadedAt: orNull(time),
  publiclyAvailable: orNull(fc.boolean()),
  viewedByProvider: orNull(fc.boolean()),
  annotations: some(oneOf(vocabulary.ITEM_ANNOTATIONS)),
  fingerprints: some(fingerprint),
});

const decision = fc.record({
  visibility: some(oneOf(vocabulary.DECISION_VISIBILITIES)),
  account: oneOf(vocabulary.DECISION_ACCOUNTS),
  monetary: oneOf(vocabulary.DECISION_MONETARIES),
  provision: oneOf(vocabulary.DECISION_PROVISIONS),
  ground: oneOf(vocabulary.DECISION_GROUNDS),
});

/** A record that decodes: values within the ranges that have a row. */
export const anyRecord: fc.Arbitrary<ReportRecord> = fc.record({
  environment: oneOf(vocabulary.ENVIRONMENTS),
  providerId: text,
  reportId: text,
  revision: fc.integer({ min: 0, max: MAX_UINT32 }),
  kind: oneOf(vocabulary.REPORT_KINDS),
  authorityReportId: bytes(16),
  recordKey: bytes(16).filter((key) => key.some((byte) => byte !== 0)),
  payloadDigest: bytes(8),
  fieldDigests: anyBytes,
  receivedAtMs: fc.integer({ min: 0, max: MAX_UINT32 * 1_000 }),
  streamSequence: count,
  correlationId: text,
  contentCreatedAt: orNull(time),
  incidentAt: orNull(time),
  detectedAt: orNull(time),
  decidedAt: orNull(time),
  reportedAt: orNull(time),
  category: oneOf(vocabulary.CATEGORIES),
  additionalCategories: some(oneOf(vocabulary.CATEGORIES)),
  annotations: some(text),
  severities: some(
    fc.record({
      axis: oneOf(vocabulary.SEVERITY_AXES),
      grade: text,
      assessedBy: oneOf(vocabulary.ASSESSORS),
    }),
  ),
  urgency: oneOf(vocabulary.URGENCIES),
  channel: oneOf(vocabulary.CHANNELS),
  serviceName: text,
  locations: some(location),
  territorialScope: some(text),
  contentLanguage: text,
  items: some(item),
  source: oneOf(vocabulary.SOURCES),
  detectionMethod: oneOf(vocabulary.DETECTION_METHODS),
  confidence: orNull(share),
  automatedDetection: orNull(fc.boolean()),
  automatedDecision: oneOf(vocabulary.AUTOMATED_DECISIONS),
  decision: orNull(decision),
  subjects: some(fc.record({ role: oneOf(vocabulary.SUBJECT_ROLES), ageBand: oneOf(vocabulary.AGE_BANDS) })),
  bundle: orNull(fc.record({ id: text, incidentCount: fc.integer({ min: 0, max: MAX_UINT32 }) })),
  externalRefs: some(fc.record({ system: oneOf(vocabulary.EXTERNAL_SYSTEMS), id: text })),
  attestedPeriod: orNull(fc.record({ startMs: instantMs, endMs: instantMs })),
  sealed: some(fc.record({ field: text, token: bytes(16), box: anyBytes })),
  canonicalisedWith: text,
});
