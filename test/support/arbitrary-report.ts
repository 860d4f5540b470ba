// Reports that keep every rule of the contract, made from the comments in report.proto.
import { ReportKind, SeverityAxis } from '@lachan/proto/report';
import fc from 'fast-check';
import { RECEIVED_AT_MS, type Init } from './reports.js';

const oneOf = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(characters));
const token = (marks: string, min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: oneOf(`abcXYZ019${marks}`), minLength: min, maxLength: max, size: 'max' });
const text = (max: number, min = 0): fc.Arbitrary<string> =>
  fc.string({
    unit: oneOf('aZ9 .ăữ號-:/👀'),
    minLength: min,
    maxLength: Math.floor(max / 2),
  });
const some = <T>(entry: fc.Arbitrary<T>, max: number): fc.Arbitrary<T[]> =>
  fc.array(entry, { maxLength: max });
const known = (last: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: last });
const maybe = (last: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: last });
const distinct = (last: number, max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(known(last), { maxLength: max });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const instant = fc.record({
  seconds: fc.bigInt({ min: 0n, max: BigInt(RECEIVED_AT_MS / 1000 + 48 * 3600 - 1) }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});
const time = fc.record({ instant, precision: maybe(4) });
const size = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n });
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(''));
const country = fc.string({ unit: oneOf('ADENVZ'), minLength: 2, maxLength: 2 });
const digest = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: oneOf('0123456789abcdefABCDEF'), minLength: digits, maxLength: digits });

const grades: Readonly<Record<number, readonly string[]>> = {
  [SeverityAxis.INDUSTRY]: ['A1', 'A2', 'B1', 'B2'],
  [SeverityAxis.IWF]: ['A', 'B', 'C'],
  [SeverityAxis.COPINE]: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'],
  [SeverityAxis.NATIONAL_LEGALITY]: ['ILLEGAL', 'HARMFUL_NOT_ILLEGAL', 'NOT_ILLEGAL', 'UNASSESSED'],
};
const severity = known(4).chain((axis) =>
  fc.record({
    axis: fc.constant(axis),
    grade: fc.constantFrom(...(grades[axis] ?? [])),
    assessedBy: known(4),
  }),
);

const exactDigits: Readonly<Record<number, number>> = { 1: 32, 2: 40, 3: 64, 4: 128, 5: 64 };
const fingerprint = known(9).chain((algorithm) => {
  const digits = exactDigits[algorithm];
  return fc.record({
    algorithm: fc.constant(algorithm),
    value: digits === undefined ? token('+/', 1, 100) : digest(digits),
    basis: maybe(2),
    quality: optional(fc.integer({ min: 0, max: 100 })),
  });
});

const urlLocation = fc.record({ url: fc.webUrl(), hostIp: address });
const idLocation = fc.record({ contentId: text(1000, 1), serviceName: text(200, 1), hostIp: address });

const item = fc.record({
  contentTypes: some(known(8), 8),
  sizeBytes: size,
  uploadedAt: optional(time),
  uploaderIp: address,
  publiclyAvailable: optional(fc.boolean()),
  viewedByProvider: optional(fc.boolean()),
  annotations: distinct(8, 16),
  fingerprints: some(fingerprint, 16),
});

const decision = fc.record({
  visibility: distinct(7, 8),
  account: maybe(2),
  monetary: maybe(3),
  provision: maybe(4),
  ground: maybe(2),
  legalReference: text(500),
});

const identity = {
  reportId: token('_-', 1, 500),
  streamSequence: size,
  correlationId: token('_.:-', 0, 128),
  decidedAt: optional(time),
  reportedAt: optional(time),
};

const complete = fc
  .record({
    ...identity,
    contentCreatedAt: optional(time),
    incidentAt: optional(time),
    detectedAt: time,
    categories: fc.uniqueArray(known(18), { minLength: 1, maxLength: 9 }),
    keywords: some(text(100), 32),
    annotations: some(token('_.:/-', 1, 128), 32),
    severities: fc.uniqueArray(severity, { maxLength: 8, selector: (s) => `${s.axis} ${s.assessedBy}` }),
    urgency: maybe(3),
    urgencyReason: text(1000, 1),
    channel: maybe(10),
    serviceName: text(200),
    locations: fc.array(fc.oneof(urlLocation, idLocation), { minLength: 1, maxLength: 16 }),
    territorialScope: some(country, 250),
    contentLanguage: fc.constantFrom('', 'vi', 'en-GB', 'zh-Hant-TW', 'de-1996', 'x-demo', 'sl-rozaj-biske'),
    items: some(item, 5),
    source: maybe(6),
    detectionMethod: known(8),
    confidence: optional(fc.double({ min: 0, max: 1, noNaN: true })),
    automatedDetection: optional(fc.boolean()),
    automatedDecision: maybe(3),
    decision: optional(decision),
    subjects: some(fc.record({ role: known(4), account: text(1000, 1), ageBand: maybe(7) }), 8),
    bundle: optional(
      fc.record({
        id: token('_.:-', 1, 128),
        reason: text(1000),
        incidentCount: fc.integer({ min: 1, max: 0xffff_ffff }),
      }),
    ),
    externalRefs: some(fc.record({ system: known(6), id: token('_.:/-', 1, 200) }), 16),
    additionalInfo: text(3000),
  })
  .map(({ categories: [category = 1, ...additionalCategories], ...rest }) => ({
    ...rest,
    category,
    additionalCategories,
  }));

const later = fc.integer({ min: 1, max: 0xffff_ffff });
const first = fc.record({ kind: fc.constantFrom(ReportKind.UNSPECIFIED, ReportKind.INITIAL) });
const amendment = fc.record({ kind: fc.constant(ReportKind.AMENDMENT), revision: later });

const retraction = fc.record({
  ...identity,
  kind: fc.constant(ReportKind.RETRACTION),
  revision: later,
  retractionReason: text(1000, 1),
});

const attestation = fc.record({
  ...identity,
  kind: fc.constant(ReportKind.ZERO_ATTESTATION),
  revision: maybe(3),
  attestedPeriod: fc
    .tuple(fc.integer({ min: 0, max: RECEIVED_AT_MS / 1000 - 1 }), fc.integer({ min: 1, max: 48 * 3600 }))
    .map(([start, length]) => ({
      start: { seconds: BigInt(start) },
      end: { seconds: BigInt(start + length) },
    })),
});

/** A report with content: INITIAL or AMENDMENT. */
export const completeReport: fc.Arbitrary<Init> = fc
  .tuple(complete, fc.oneof(first, amendment))
  .map(([content, kind]) => ({ ...content, ...kind }));

/** A good report of any kind, received at `RECEIVED_AT_MS`. */
export const goodReport: fc.Arbitrary<Init> = fc.oneof(
  { arbitrary: completeReport, weight: 3 },
  { arbitrary: retraction, weight: 1 },
  { arbitrary: attestation, weight: 1 },
);
