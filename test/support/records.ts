// Records of the log for tests: what the gateway would have made of small reports.
import { createHash } from 'node:crypto';
import type { ReportRecord } from '../../schemas/report-record.js';

/** When the records of tests are received: 2026-11-02T00:00:00Z, in milliseconds. */
export const RECEIVED_AT_MS = Date.UTC(2026, 10, 2);

function digest(length: number, ...parts: readonly unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, length);
}

/** A good record; keys and digests follow from its identity and content, unless they are given. */
export function recordOf(change: Partial<ReportRecord> = {}): ReportRecord {
  const content = {
    environment: 'TEST',
    providerId: 'demo-platform',
    reportId: 'r-1',
    revision: 0,
    kind: 'INITIAL',
    receivedAtMs: RECEIVED_AT_MS,
    streamSequence: 0,
    correlationId: '',
    contentCreatedAt: null,
    incidentAt: null,
    detectedAt: { instantMs: RECEIVED_AT_MS - 3_600_000, precision: 'SECOND' },
    decidedAt: null,
    reportedAt: null,
    category: 'CSAM',
    additionalCategories: [],
    annotations: [],
    severities: [],
    urgency: 'ROUTINE',
    channel: 'UNSPECIFIED',
    serviceName: '',
    locations: [locationOf('lachan-demo-1.vn')],
    territorialScope: [],
    contentLanguage: '',
    items: [],
    source: 'UNSPECIFIED',
    detectionMethod: 'HASH_EXACT',
    confidence: null,
    automatedDetection: null,
    automatedDecision: 'UNSPECIFIED',
    decision: null,
    subjects: [],
    bundle: null,
    externalRefs: [],
    attestedPeriod: null,
    sealed: [],
    canonicalisedWith: 'public suffix list of the tests',
    ...change,
  } satisfies Partial<ReportRecord>;
  const { environment, providerId, reportId, revision } = content;
  const fieldDigests = Buffer.concat([
    fieldDigest(11, content.category),
    fieldDigest(19, content.serviceName),
    fieldDigest(
      20,
      content.locations.map(({ host }) => host),
    ),
    fieldDigest(26, content.confidence),
  ]);
  return {
    authorityReportId: digest(16, 'report', environment, providerId, reportId),
    recordKey: digest(16, 'key', environment, providerId, reportId, revision),
    fieldDigests,
    payloadDigest: digest(8, fieldDigests.toString('hex')),
    ...content,
  };
}

/** The contract's number of a field, and four bytes that stand for its value. */
function fieldDigest(field: number, value: unknown): Uint8Array {
  return Buffer.concat([Uint8Array.of(field), digest(4, value)]);
}

/** A location under a host of the tests. */
export function locationOf(host: string): ReportRecord['locations'][number] {
  return {
    key: digest(16, 'location', host),
    host,
    registrableDomain: host,
    isVnDomain: host.endsWith('.vn'),
    serviceName: '',
    hostIp: '192.0.2.1',
  };
}
