import { toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FingerprintAlgorithm, ReportSchema, Urgency } from '@lachan/proto/report';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBatch } from '../../gateway/read-batch.js';
import { completeReport, goodReport } from '../support/arbitrary-report.js';
import { broken, check, PICTURE, reportOf, times, UNKNOWN, type Init } from '../support/reports.js';

/** One fault each, and the path that has to be named for it. */
const faults: readonly (readonly [path: string, change: Init])[] = [
  ['report_id', { reportId: '' }],
  ['report_id', { reportId: 'a b' }],
  ['kind', { kind: UNKNOWN }],
  ['stream_sequence', { streamSequence: 2n ** 60n }],
  ['correlation_id', { correlationId: 'ă' }],
  ['content_created_at.instant', { contentCreatedAt: {} }],
  ['incident_at.instant', { incidentAt: { instant: { seconds: -1n } } }],
  ['detected_at', { detectedAt: undefined }],
  ['decided_at.precision', { decidedAt: { instant: {}, precision: 5 } }],
  ['reported_at.instant', { reportedAt: { instant: { seconds: 2n ** 40n } } }],
  ['category', { category: 0 }],
  ['additional_categories[1]', { additionalCategories: [2, 2] }],
  ['keywords[0]', { keywords: ['\u0007'] }],
  ['annotations[2]', { annotations: ['a', 'b', '#'] }],
  ['severities[0].grade', { severities: [{ axis: 1, grade: 'C', assessedBy: 1 }] }],
  ['urgency_reason', { urgency: Urgency.IMMINENT_RISK, urgencyReason: '' }],
  ['channel', { channel: UNKNOWN }],
  ['service_name', { serviceName: 'a'.repeat(201) }],
  ['locations', { locations: [], items: [] }],
  ['locations[0].url', { locations: [{ url: '/x' }] }],
  ['locations[1]', { locations: [{ url: 'https://lachan-demo-1.vn' }, {}] }],
  ['territorial_scope[0]', { territorialScope: ['v'] }],
  ['content_language', { contentLanguage: 'Vietnamese!' }],
  ['items', { items: times(65, {}) }],
  ['items[1].uploader_ip', { items: [{}, { uploaderIp: '1' }] }],
  [
    'items[0].fingerprints[0].value',
    { items: [{ fingerprints: [{ algorithm: FingerprintAlgorithm.MD5 }] }] },
  ],
  ['source', { source: UNKNOWN }],
  ['detection_method', { detectionMethod: 0 }],
  ['confidence', { confidence: 2 }],
  ['automated_decision', { automatedDecision: UNKNOWN }],
  ['decision.ground', { decision: { ground: UNKNOWN } }],
  ['subjects[0].account', { subjects: [{ role: 1 }] }],
  ['bundle.incident_count', { bundle: { id: 'b' } }],
  ['external_refs[0].system', { externalRefs: [{ id: '1' }] }],
  ['additional_info', { additionalInfo: PICTURE }],
  ['retraction_reason', { retractionReason: 'x' }],
  ['attested_period', { attestedPeriod: {} }],
];

describe('any report', () => {
  it('is good when it keeps the rules that stand beside its fields', () => {
    fc.assert(
      fc.property(goodReport, (init) => {
        expect(broken(init)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused by the name of the field in which it breaks one', () => {
    fc.assert(
      fc.property(completeReport, fc.constantFrom(...faults), (init, [path, change]) => {
        const named = check(reportOf({ ...init, ...change })).map(({ field }) => field);
        expect(named).toContain(path);
      }),
      { numRuns: 500 },
    );
  });

  it('is answered, whatever became of its bytes', () => {
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(goodReport, fc.array(edit, { minLength: 1, maxLength: 4 }), (init, edits) => {
        const bytes = toBinary(ReportSchema, reportOf(init));
        for (const [position, value] of edits) bytes[position % bytes.length] = value;
        const request = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(bytes).finish();
        const batch = readBatch(request, 'SubmitReportsRequest');
        if (batch.kind === 'refused') throw new Error('A batch is never refused for one of its reports.');
        for (const entry of batch.entries) {
          const violations = entry.report === undefined ? entry.violations : check(entry.report);
          expect(violations.length).toBeLessThanOrEqual(101);
        }
      }),
      { numRuns: 500 },
    );
  });
});
