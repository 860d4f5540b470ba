import { ReportKind } from '@lachan/proto/report';
import { describe, expect, it } from 'vitest';
import { missingFields } from '../../gateway/missing-fields.js';
import { fingerprint, good, reportOf, RECEIVED_AT_S, type Init } from '../support/reports.js';

const missing = (init: Init): string[] => missingFields(reportOf(init));

const place = { url: 'https://lachan-demo-1.vn/x', hostIp: '192.0.2.1' };
const time = { instant: { seconds: RECEIVED_AT_S } };
const full: Init = {
  ...good,
  locations: [place],
  items: [{}, { fingerprints: [fingerprint] }],
  contentCreatedAt: time,
  decision: {},
};

describe('the hint of what would make a report easier to act on', () => {
  it('is empty where nothing is missing', () => {
    expect(missing(full)).toEqual([]);
  });

  it.each<[string, Init]>([
    ['locations', { locations: [] }],
    ['locations.host_ip', { locations: [{ url: place.url }, { contentId: 'c' }] }],
    ['items.fingerprints', { items: [{}] }],
    ['items.fingerprints', { items: [] }],
    ['content_created_at', { contentCreatedAt: undefined }],
    ['decision', { decision: undefined }],
  ])('names %s where a report has none', (field, change) => {
    expect(missing({ ...full, ...change })).toEqual([field]);
  });

  it('is content with one host address among several locations', () => {
    expect(missing({ ...full, locations: [{ url: place.url }, place] })).toEqual([]);
  });

  it('names all that is missing', () => {
    expect(missing(good)).toEqual([
      'locations.host_ip',
      'items.fingerprints',
      'content_created_at',
      'decision',
    ]);
  });

  it('is the same for an amendment, which stands for itself', () => {
    expect(missing({ ...good, kind: ReportKind.AMENDMENT, revision: 1 })).toEqual(missing(good));
  });

  it.each([
    ['a retraction', { reportId: 'r', kind: ReportKind.RETRACTION, revision: 1, retractionReason: 'x' }],
    ['an attestation', { reportId: 'r', kind: ReportKind.ZERO_ATTESTATION, attestedPeriod: {} }],
  ])('is empty for %s, which has no content', (_, init) => {
    expect(missing(init)).toEqual([]);
  });
});
