import { create } from '@bufbuild/protobuf';
import { at, Category, DetectionMethod, Precision, reportFromJson, ReportSchema } from '@lachan/sdk';
import { describe, expect, it } from 'vitest';

const USEFUL = {
  reportId: 'r-1',
  category: 'CATEGORY_CSAM',
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: { instant: '2026-11-01T08:00:00Z', precision: 'PRECISION_SECOND' },
  detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
};

function violations(json: unknown): string[] {
  const read = reportFromJson(json);
  return read.ok ? [] : read.violations.map(({ field, rule }) => `${field} ${rule}`);
}

describe('a report from JSON', () => {
  it('needs five fields to be useful', () => {
    expect(reportFromJson(USEFUL)).toEqual({
      ok: true,
      report: create(ReportSchema, {
        reportId: 'r-1',
        category: Category.CSAM,
        locations: [{ url: 'https://lachan-demo-1.vn/x' }],
        detectedAt: at(Date.UTC(2026, 10, 1, 8), Precision.SECOND),
        detectionMethod: DetectionMethod.HASH_EXACT,
      }),
    });
  });

  it('may use the names of the contract, numbers of enum values, and 64-bit numbers as strings', () => {
    expect(reportFromJson({ report_id: 'r-1', category: 1, streamSequence: '9007199254740993' })).toEqual({
      ok: true,
      report: create(ReportSchema, {
        reportId: 'r-1',
        category: Category.CSAM,
        streamSequence: 9007199254740993n,
      }),
    });
  });

  it.each<[string, object, string]>([
    ['an unknown field', { reportID: 'r-1' }, 'reportID UNKNOWN_FIELD'],
    ['an unknown field further in', { locations: [{ uri: 'x' }] }, 'locations[0].uri UNKNOWN_FIELD'],
    ['an unknown name of a value', { category: 'CATEGORY_NO_SUCH' }, 'category UNKNOWN_VALUE'],
    ['a short name of a value', { category: 'CSAM' }, 'category UNKNOWN_VALUE'],
    [
      'an unknown name in a list',
      { additionalCategories: ['CATEGORY_CSAM', 'X'] },
      'additional_categories[1] UNKNOWN_VALUE',
    ],
    [
      'an unknown name further in',
      { decision: { visibility: ['GONE'] } },
      'decision.visibility[0] UNKNOWN_VALUE',
    ],
    ['a truth value for an enum', { category: true }, 'category MALFORMED'],
    ['a number for a string', { reportId: 7 }, 'report_id MALFORMED'],
    ['text for a truth value', { automatedDetection: 'Yes' }, 'automated_detection MALFORMED'],
    ['an object for a list', { locations: { url: 'x' } }, 'locations MALFORMED'],
    ['a list for an object', { decision: [] }, 'decision MALFORMED'],
    ['a wrong field in a list', { locations: [{ url: 'x' }, { url: 7 }] }, 'locations[1].url MALFORMED'],
    ['nothing in a list', { keywords: ['a', null] }, 'keywords[1] MALFORMED'],
    ['a date without a time', { detectedAt: { instant: '2026-11-01' } }, 'detected_at.instant MALFORMED'],
    ['a bare instant', { detectedAt: '2026-11-01T08:00:00Z' }, 'detected_at MALFORMED'],
    ['a negative revision', { revision: -1 }, 'revision MALFORMED'],
    ['a field under both of its names', { report_id: 'r-2' }, ' MALFORMED'],
  ])('with %s is refused by the name of the field', (_, wrong, expected) => {
    expect(violations({ ...USEFUL, ...wrong })).toEqual([expected]);
  });

  it('is refused with every fault at once, and without repeating a value', () => {
    const secret = 'https://lachan-demo-2.vn/secret';
    const wrong = { category: secret, [secret]: 1, locations: [{ url: { secret } }], revision: secret };
    expect(violations(wrong)).toEqual([
      'category UNKNOWN_VALUE',
      '(unprintable) UNKNOWN_FIELD',
      'locations[0].url MALFORMED',
      'revision MALFORMED',
    ]);
    expect(JSON.stringify(reportFromJson(wrong))).not.toContain('lachan-demo-2');
  });

  it.each([[undefined], [null], ['{}'], [7], [[USEFUL]]])('is no %s', (json) => {
    expect(violations(json)).toEqual([' MALFORMED']);
  });
});
