import { clone, create, fromBinary } from '@bufbuild/protobuf';
import { at, Category, DetectionMethod, Precision, ReportSchema, type ReportInit } from '@lachan/sdk';
import { LocationSchema } from '@lachan/proto/report';
import { describe, expect, it } from 'vitest';
import { ReportEncoder } from '../../sdk/encode-report.js';

const NOW_MS = Date.UTC(2026, 10, 1, 8, 0, 0, 250);
const encoder = new ReportEncoder(2_000);

const USEFUL: ReportInit = {
  reportId: 'r-1',
  category: Category.CSAM,
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: at(NOW_MS, Precision.SECOND),
  detectionMethod: DetectionMethod.HASH_EXACT,
};

/** What a caller without types may hand over. */
function encode(init: unknown) {
  return encoder.encode(init as ReportInit, NOW_MS);
}

function decoded(init: unknown) {
  const encoded = encode(init);
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.receipt));
  return fromBinary(ReportSchema, encoded.bytes);
}

function violations(init: unknown): string[] {
  const encoded = encode(init);
  return encoded.ok ? [] : encoded.receipt.violations.map(({ field, rule }) => `${field} ${rule}`);
}

describe('encoding a report', () => {
  it('sends the fields that were given and the time of reporting', () => {
    const expected = create(ReportSchema, { ...USEFUL, reportedAt: at(NOW_MS, Precision.MS) });
    expect(decoded(USEFUL)).toEqual(expected);
    expect(decoded(create(ReportSchema, USEFUL))).toEqual(expected);
  });

  it('keeps a time of reporting that was given', () => {
    const reportedAt = at(0, Precision.DAY);
    expect(decoded({ ...USEFUL, reportedAt })).toEqual(create(ReportSchema, { ...USEFUL, reportedAt }));
  });

  it("leaves the caller's message as it was", () => {
    const message = create(ReportSchema, USEFUL);
    const before = clone(ReportSchema, message);
    encode(message);
    expect(message).toEqual(before);
  });

  it('tells each report its own time', () => {
    const first = encoder.encode(USEFUL, NOW_MS);
    const second = encoder.encode(USEFUL, NOW_MS + 1);
    expect(first.ok && fromBinary(ReportSchema, first.bytes).reportedAt).toEqual(
      create(ReportSchema, { reportedAt: at(NOW_MS) }).reportedAt,
    );
    expect(second.ok && fromBinary(ReportSchema, second.bytes).reportedAt).toEqual(
      create(ReportSchema, { reportedAt: at(NOW_MS + 1) }).reportedAt,
    );
  });

  it.each<[string, object, string]>([
    ['a field the contract does not have', { url: 'https://lachan-demo-1.vn/x' }, 'url UNKNOWN_FIELD'],
    ['a number for a string', { contentLanguage: 7 }, 'content_language MALFORMED'],
    ['the name of an enum value', { category: 'CATEGORY_CSAM' }, 'category MALFORMED'],
    ['text for a list', { keywords: 'one' }, 'keywords MALFORMED'],
    ['a wrong element of a list', { annotations: ['a', 7] }, 'annotations[1] MALFORMED'],
    ['a wrong field in a list', { locations: [{}, { url: 7 }] }, 'locations[1].url MALFORMED'],
    ['a string for a message', { locations: ['https://lachan-demo-1.vn/x'] }, 'locations[0] MALFORMED'],
    ['a Date for an EventTime', { detectedAt: new Date(0) }, 'detected_at MALFORMED'],
    ['a Date for an instant', { detectedAt: { instant: new Date(0) } }, 'detected_at.instant MALFORMED'],
    ['text for a truth value', { automatedDetection: 'yes' }, 'automated_detection MALFORMED'],
    ['text for a number', { confidence: '0.9' }, 'confidence MALFORMED'],
    ['a negative revision', { revision: -1 }, 'revision MALFORMED'],
    ['a fraction for a whole number', { revision: 0.5 }, 'revision MALFORMED'],
    ['a sequence beyond 64 bits', { streamSequence: 1n << 64n }, 'stream_sequence MALFORMED'],
    ['a list where nothing may be absent', { keywords: [null] }, 'keywords[0] MALFORMED'],
    ['a fraction of a second in seconds', { detectedAt: { instant: { seconds: 1.5 } } }, ' MALFORMED'],
  ])('refuses %s by the name of the field', (_, wrong, expected) => {
    expect(violations({ ...USEFUL, ...wrong })).toEqual([expected]);
  });

  it('names every fault at once, and never a value', () => {
    const init = {
      ...USEFUL,
      reportId: 'r-9',
      urgencyReason: 7,
      contentLanguage: { secret: 'vi' },
      'https://lachan-demo-1.vn/': 1,
    };
    const encoded = encode(init);
    expect(encoded.ok || encoded.receipt.reportId).toBe('r-9');
    expect(violations(init)).toEqual([
      'urgency_reason MALFORMED',
      'content_language MALFORMED',
      '(unprintable) UNKNOWN_FIELD',
    ]);
    expect(JSON.stringify(encoded)).not.toContain('lachan-demo-1');
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'r-1'],
    ['a list', [USEFUL]],
    [
      'an object whose fields throw',
      {
        get reportId() {
          throw new Error('https://lachan-demo-1.vn/x');
        },
      },
    ],
  ])('refuses %s without throwing', (_, init) => {
    expect(violations(init)).toEqual([' MALFORMED']);
    expect(JSON.stringify(encode(init))).not.toContain('lachan-demo-1');
  });

  it('refuses a message of another type by the fields that do not belong', () => {
    expect(violations(create(LocationSchema, { url: 'https://lachan-demo-1.vn/x' }))).toContain(
      'url UNKNOWN_FIELD',
    );
  });

  it('takes absent fields written as undefined or null', () => {
    expect(violations({ ...USEFUL, serviceName: undefined, decision: null })).toEqual([]);
  });

  it('refuses a report longer than what may be sent', () => {
    expect(violations({ ...USEFUL, additionalInfo: 'x'.repeat(2_000) })).toEqual([' LENGTH']);
  });

  it('stops counting faults at a hundred', () => {
    expect(violations({ ...USEFUL, keywords: Array.from({ length: 5_000 }, () => 7) })).toHaveLength(100);
  });
});

describe('a time with its precision', () => {
  it('is an instant to the millisecond unless told otherwise', () => {
    const { detectedAt } = create(ReportSchema, { detectedAt: at(new Date(NOW_MS)) });
    expect(detectedAt?.precision).toBe(Precision.MS);
    expect(detectedAt?.instant).toMatchObject({
      seconds: BigInt((NOW_MS - 250) / 1_000),
      nanos: 250_000_000,
    });
  });

  it('of a date that is none has no instant, for the gateway to refuse', () => {
    expect(at(new Date(NaN))).toEqual({ precision: Precision.MS });
    expect(at(8.64e15, Precision.DAY)).toEqual({ precision: Precision.DAY });
  });
});
