import { fromJson, type JsonValue, type Message } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import {
  Category,
  DetectionMethod,
  Precision,
  ReportKind,
  ReportSchema,
  type Report,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { describe, expect, it } from 'vitest';
import {
  accepted,
  broken,
  check,
  good,
  instantAt,
  RECEIVED_AT_S,
  refused,
  reportOf,
  fingerprint,
  PICTURE,
  times,
  UNKNOWN,
  urlPlace,
  withFingerprint,
  withItem,
  withPlace,
  type Init,
} from '../support/reports.js';

const FIVE_FIELDS: JsonValue = {
  reportId: 'r-1',
  category: 'CATEGORY_CSAM',
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: { instant: '2026-11-01T08:00:00Z', precision: 'PRECISION_SECOND' },
  detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
};

const HOUR_S = 3600n;
const at = (seconds: bigint, nanos = 0) => ({ instant: instantAt(seconds, nanos) });
const retraction: Init = {
  reportId: 'r-1',
  revision: 1,
  kind: ReportKind.RETRACTION,
  retractionReason: 'sent by mistake',
};
const attestation: Init = {
  reportId: 'r-1',
  kind: ReportKind.ZERO_ATTESTATION,
  attestedPeriod: { start: instantAt(RECEIVED_AT_S - HOUR_S), end: instantAt(RECEIVED_AT_S) },
};

describe('the five fields', () => {
  it('of the domain model are a good report', () => {
    expect(check(fromJson(ReportSchema, FIVE_FIELDS))).toEqual([]);
  });

  accepted([
    ['a fingerprint in place of a location', { locations: [], ...withFingerprint({}) }],
    ['a content id in place of a URL', withPlace({ contentId: '1', serviceName: 'Demo' })],
    ['an amendment', { kind: ReportKind.AMENDMENT, revision: 1 }],
  ]);

  refused([
    ['without report_id', { reportId: '' }, 'report_id REQUIRED'],
    ['without category', { category: Category.UNSPECIFIED }, 'category REQUIRED'],
    ['without location and fingerprint', { locations: [] }, 'locations REQUIRED'],
    ['with an item that has no fingerprint', { locations: [], items: [{}] }, 'locations REQUIRED'],
    ['without detected_at', { detectedAt: undefined }, 'detected_at REQUIRED'],
    [
      'without detection_method',
      { detectionMethod: DetectionMethod.UNSPECIFIED },
      'detection_method REQUIRED',
    ],
  ]);

  it('are all told of when all are missing', () => {
    expect(broken({})).toEqual([
      'report_id REQUIRED',
      'category REQUIRED',
      'detected_at REQUIRED',
      'detection_method REQUIRED',
      'locations REQUIRED',
    ]);
  });
});

describe('the identity of a report', () => {
  accepted([
    ['a report_id of 500 characters', { reportId: 'a_-Z9'.repeat(100) }],
    ['the highest stream_sequence', { streamSequence: 2n ** 53n - 1n }],
    ['a correlation_id of 128 characters', { correlationId: 'aZ9_.:-x'.repeat(16) }],
  ]);
  refused([
    ['a report_id of 501 characters', { reportId: 'a'.repeat(501) }, 'report_id LENGTH'],
    ['a report_id with another character', { reportId: 'a/b' }, 'report_id FORMAT'],
    ['a report_id beyond ASCII', { reportId: 'ă' }, 'report_id FORMAT'],
    ['a kind nobody knows', { kind: UNKNOWN }, 'kind UNKNOWN_VALUE'],
    ['INITIAL with a revision', { kind: ReportKind.INITIAL, revision: 1 }, 'revision INCONSISTENT'],
    ['an unspecified kind with a revision', { revision: 1 }, 'revision INCONSISTENT'],
    ['AMENDMENT without a revision', { kind: ReportKind.AMENDMENT }, 'revision INCONSISTENT'],
    ['a stream_sequence of 2^53', { streamSequence: 2n ** 53n }, 'stream_sequence RANGE'],
    ['a correlation_id of 129 characters', { correlationId: 'a'.repeat(129) }, 'correlation_id LENGTH'],
    ['a correlation_id with a space', { correlationId: 'a b' }, 'correlation_id FORMAT'],
  ]);
});

describe('a retraction', () => {
  it('is good with a reason and without content', () => {
    const sent = {
      streamSequence: 3n,
      correlationId: 'c',
      decidedAt: at(RECEIVED_AT_S),
      reportedAt: at(RECEIVED_AT_S),
    };
    expect(broken({ ...retraction, ...sent })).toEqual([]);
  });

  it.each([
    ['without a reason', { retractionReason: '' }, 'retraction_reason REQUIRED'],
    ['with a reason of 1,001 characters', { retractionReason: 'a'.repeat(1001) }, 'retraction_reason LENGTH'],
    ['with media for a reason', { retractionReason: PICTURE }, 'retraction_reason MEDIA'],
    ['without a revision', { revision: 0 }, 'revision INCONSISTENT'],
    ['with a category', { category: Category.CSAM }, 'category FORBIDDEN'],
    ['with a location', { locations: [{}] }, 'locations FORBIDDEN'],
    ['with an item', { items: [{}] }, 'items FORBIDDEN'],
    ['with detected_at', { detectedAt: {} }, 'detected_at FORBIDDEN'],
    ['with detection_method', { detectionMethod: UNKNOWN }, 'detection_method FORBIDDEN'],
    ['with a confidence of 0', { confidence: 0 }, 'confidence FORBIDDEN'],
    ['with an empty decision', { decision: {} }, 'decision FORBIDDEN'],
    ['with additional_info', { additionalInfo: 'x' }, 'additional_info FORBIDDEN'],
    ['with an attested period', { attestedPeriod: {} }, 'attested_period FORBIDDEN'],
  ] as const)('is refused %s', (_, change, expected) => {
    expect(broken({ ...retraction, ...change })).toEqual([expected]);
  });
});

describe('an attestation that there is nothing to report', () => {
  it('is good with a period and without content, in any revision', () => {
    expect(broken(attestation)).toEqual([]);
    expect(broken({ ...attestation, revision: 2 })).toEqual([]);
  });

  const start = at(RECEIVED_AT_S - HOUR_S).instant;
  const tooLate = at(RECEIVED_AT_S + 49n * HOUR_S).instant;
  it.each([
    ['without a period', { attestedPeriod: undefined }, ['attested_period REQUIRED']],
    [
      'with an empty period',
      { attestedPeriod: {} },
      ['attested_period.start REQUIRED', 'attested_period.end REQUIRED'],
    ],
    [
      'that ends when it starts',
      { attestedPeriod: { start, end: start } },
      ['attested_period.end INCONSISTENT'],
    ],
    [
      'that ends before it starts',
      { attestedPeriod: { start, end: at(0n).instant } },
      ['attested_period.end INCONSISTENT'],
    ],
    ['for the future', { attestedPeriod: { start, end: tooLate } }, ['attested_period.end RANGE']],
    ['with a location', { locations: [urlPlace] }, ['locations FORBIDDEN']],
    ['with a service', { serviceName: 'Demo' }, ['service_name FORBIDDEN']],
    ['with a reason to retract', { retractionReason: 'x' }, ['retraction_reason FORBIDDEN']],
  ])('is refused %s', (_, change: Init, expected) => {
    expect(broken({ ...attestation, ...change })).toEqual(expected);
  });
});

describe('a report with content', () => {
  refused([
    ['with a reason to retract', { retractionReason: 'x' }, 'retraction_reason FORBIDDEN'],
    ['with an attested period', { attestedPeriod: {} }, 'attested_period FORBIDDEN'],
  ]);
});

describe('an instant', () => {
  accepted([
    ['the first of 1970', { detectedAt: at(0n) }],
    ['48 hours ahead', { detectedAt: at(RECEIVED_AT_S + 48n * HOUR_S) }],
    ['known to the day', { detectedAt: { ...at(RECEIVED_AT_S), precision: Precision.DAY } }],
    ['with all its nanoseconds', { detectedAt: at(0n, 999_999_999) }],
  ]);
  refused([
    ['none in the time', { detectedAt: {} }, 'detected_at.instant REQUIRED'],
    ['before 1970', { detectedAt: at(-1n, 999_999_999) }, 'detected_at.instant RANGE'],
    [
      'a second too far ahead',
      { detectedAt: at(RECEIVED_AT_S + 48n * HOUR_S + 1n) },
      'detected_at.instant RANGE',
    ],
    ['milliseconds given as seconds', { detectedAt: at(RECEIVED_AT_S * 1000n) }, 'detected_at.instant RANGE'],
    ['the largest int64', { detectedAt: at(2n ** 63n - 1n) }, 'detected_at.instant RANGE'],
    ['the smallest int64', { detectedAt: at(-(2n ** 63n)) }, 'detected_at.instant RANGE'],
    ['negative nanos', { detectedAt: at(RECEIVED_AT_S, -1) }, 'detected_at.instant RANGE'],
    [
      'nanos of a whole second',
      { detectedAt: at(RECEIVED_AT_S, 1_000_000_000) },
      'detected_at.instant RANGE',
    ],
    [
      'a precision nobody knows',
      { detectedAt: { ...at(RECEIVED_AT_S), precision: UNKNOWN } },
      'detected_at.precision UNKNOWN_VALUE',
    ],
    ['content_created_at', { contentCreatedAt: {} }, 'content_created_at.instant REQUIRED'],
    ['incident_at', { incidentAt: {} }, 'incident_at.instant REQUIRED'],
    ['decided_at', { decidedAt: {} }, 'decided_at.instant REQUIRED'],
    ['reported_at', { reportedAt: {} }, 'reported_at.instant REQUIRED'],
    ['uploaded_at of an item', withItem({ uploadedAt: {} }), 'items[0].uploaded_at.instant REQUIRED'],
  ]);

  it('is worth sending again only when its time will come', () => {
    const retryable = (seconds: bigint): boolean[] =>
      check(reportOf({ ...good, detectedAt: at(seconds) })).map((v) => v.retryable);
    expect(retryable(RECEIVED_AT_S + 49n * HOUR_S)).toEqual([true]);
    expect(retryable(RECEIVED_AT_S * 1000n)).toEqual([false]);
    expect(retryable(-1n)).toEqual([false]);
  });
});

describe('a text', () => {
  refused([
    ['a control character', { additionalInfo: 'a\u0000b' }, 'additional_info FORMAT'],
    ['an escape sequence', { additionalInfo: '\u001b[31m' }, 'additional_info FORMAT'],
    ['a delete character', { additionalInfo: '\u007f' }, 'additional_info FORMAT'],
    ['a control character of Latin-1', { additionalInfo: '\u009b' }, 'additional_info FORMAT'],
    ['half a surrogate pair', { additionalInfo: 'a\ud83d' }, 'additional_info FORMAT'],
    ['the second half alone', { additionalInfo: '\udc40a' }, 'additional_info FORMAT'],
    ['media in additional_info', { additionalInfo: PICTURE }, 'additional_info MEDIA'],
    ['media in urgency_reason', { urgencyReason: PICTURE }, 'urgency_reason MEDIA'],
    ['media in a keyword', { keywords: [PICTURE] }, 'keywords[0] MEDIA'],
    ['media in service_name', { serviceName: PICTURE }, 'service_name MEDIA'],
    [
      'media in a content id',
      withPlace({ contentId: PICTURE, serviceName: 'x' }),
      'locations[0].content_id MEDIA',
    ],
    ['media in an account', { subjects: [{ role: 1, account: PICTURE }] }, 'subjects[0].account MEDIA'],
    [
      'media in a legal reference',
      { decision: { legalReference: PICTURE } },
      'decision.legal_reference MEDIA',
    ],
    [
      'media in the reason of a bundle',
      { bundle: { id: 'b', reason: PICTURE, incidentCount: 1 } },
      'bundle.reason MEDIA',
    ],
    [
      'media that is too long as well',
      { additionalInfo: PICTURE.repeat(60) },
      'additional_info LENGTH',
      'additional_info MEDIA',
    ],
  ]);

  it('may end in a character that takes two code units, just within its limit', () => {
    expect(broken({ ...good, additionalInfo: `${'a'.repeat(2998)}👀` })).toEqual([]);
    expect(broken({ ...good, additionalInfo: `${'a'.repeat(2999)}👀` })).toEqual(['additional_info LENGTH']);
  });
});

describe('a field that the contract does not have', () => {
  const full = (): Report =>
    reportOf({
      ...good,
      severities: [{ axis: 1, grade: 'A1', assessedBy: 1 }],
      items: [{ uploadedAt: at(0n), fingerprints: [fingerprint] }],
      decision: {},
      subjects: [{ role: 1, account: 'a' }],
      bundle: { id: 'b', incidentCount: 1 },
      externalRefs: [{ system: 1, id: '1' }],
    });
  const places: readonly (readonly [path: string, of: (report: Report) => Message | undefined])[] = [
    ['#99', (report) => report],
    ['detected_at#99', (report) => report.detectedAt],
    ['detected_at.instant#99', (report) => report.detectedAt?.instant],
    ['severities[0]#99', (report) => report.severities[0]],
    ['locations[0]#99', (report) => report.locations[0]],
    ['items[0]#99', (report) => report.items[0]],
    ['items[0].uploaded_at#99', (report) => report.items[0]?.uploadedAt],
    ['items[0].fingerprints[0]#99', (report) => report.items[0]?.fingerprints[0]],
    ['decision#99', (report) => report.decision],
    ['subjects[0]#99', (report) => report.subjects[0]],
    ['bundle#99', (report) => report.bundle],
    ['external_refs[0]#99', (report) => report.externalRefs[0]],
  ];

  it.each(places)('is refused and named: %s', (path, of) => {
    const report = full();
    const message = of(report);
    if (message !== undefined)
      message.$unknown = [{ no: 99, wireType: WireType.Varint, data: new Uint8Array([1]) }];
    expect(check(report)).toMatchObject([{ field: path, rule: Rule.UNKNOWN_FIELD, retryable: false }]);
  });

  it('is refused in the period of an attestation', () => {
    const report = reportOf(attestation);
    const unknown = [{ no: 99, wireType: WireType.Varint, data: new Uint8Array([1]) }];
    if (report.attestedPeriod?.end !== undefined) report.attestedPeriod.end.$unknown = unknown;
    if (report.attestedPeriod !== undefined) report.attestedPeriod.$unknown = unknown;
    expect(check(report).map(({ field }) => field)).toEqual(['attested_period.end#99', 'attested_period#99']);
  });
});

describe('what a refusal says', () => {
  it('is about 10,000 locations: that there are too many, and what is wrong with the first 16', () => {
    expect(broken({ ...good, locations: times(10_000, {}) })).toEqual([
      'locations TOO_MANY',
      ...Array.from({ length: 16 }, (_, i) => `locations[${i}] REQUIRED`),
    ]);
  });

  it('ends after 100 violations, with one more that says so', () => {
    const report = reportOf({ ...good, items: times(64, { fingerprints: times(16, {}) }) });
    const violations = check(report);
    expect(violations).toHaveLength(101);
    expect(violations[100]).toMatchObject({ field: '', rule: Rule.TOO_MANY });
  });

  it('tells what is allowed and never what was sent', () => {
    const sent = 'Q\u0000secret'.repeat(1000);
    const violations = check(
      reportOf({
        reportId: sent,
        correlationId: sent,
        keywords: [sent],
        annotations: [sent],
        severities: [{ axis: 1, grade: sent, assessedBy: 1 }],
        serviceName: sent,
        locations: [{ url: sent, contentId: sent, serviceName: sent, hostIp: sent }],
        territorialScope: [sent],
        contentLanguage: sent,
        items: [{ uploaderIp: sent, fingerprints: [{ algorithm: 1, value: sent }] }],
        decision: { legalReference: sent },
        subjects: [{ role: 1, account: sent }],
        bundle: { id: sent, reason: sent, incidentCount: 1 },
        externalRefs: [{ system: 1, id: sent }],
        additionalInfo: sent,
        retractionReason: sent,
      }),
    );
    expect(violations.length).toBeGreaterThan(20);
    for (const { field, message } of violations) {
      expect(field + message).not.toContain('secret');
      expect(message).toMatch(/^[A-Z0-9].*\.$/);
    }
  });

  it('is for a good report the same empty list, which nobody can change', () => {
    expect(check(reportOf(good))).toBe(check(reportOf(retraction)));
    expect(Object.isFrozen(check(reportOf(good)))).toBe(true);
  });
});
