import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DeadLetter } from '../../consumers/decode.js';
import { decode } from '../../consumers/decode.js';
import type { Judged, JudgedRecord } from '../../consumers/deduplicate.js';
import { encodeRows, RECORD_COLUMNS, type RowContext } from '../../consumers/encode-row.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import type { EventTime, ReportRecord } from '../../schemas/report-record.js';
import { anyRecord } from '../support/arbitrary-record.js';
import { readNative, type NativeRow } from '../support/read-native.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';

const context: RowContext = {
  epoch: 3,
  partition: 2,
  landedAtMs: RECEIVED_AT_MS + 5,
  enrichLocation: ({ ip }) => (ip === '192.0.2.1' ? { country: 'VN', asn: 64_500 } : { country: '', asn: 0 }),
  lookupVersions: 'lookups of the tests',
};

/** As decoding and deduplication hand it on. */
function reported(record: ReportRecord, change: Partial<JudgedRecord> = {}): JudgedRecord {
  const [decoded] = decode([{ offset: 7, value: reportRecordCodec.encode(record) }]);
  if (decoded?.outcome !== 'READ') throw new Error('a record that cannot be read');
  return { ...decoded, outcome: 'REPORT', conflictFields: [], ...change };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** One object per row, by the names of the columns. */
function rowsOf(batch: readonly Judged[]): readonly NativeRow[] {
  const { types, rows } = readNative(encodeRows(batch, context));
  expect(Object.keys(types)).toEqual(RECORD_COLUMNS);
  expect(rows).toHaveLength(batch.length);
  return rows;
}

const timeColumns = (name: string, time: EventTime | null): Record<string, unknown> => ({
  [`${name}_at`]: time === null ? null : time.instantMs,
  [`${name}_precision`]: time === null ? '' : time.precision,
});

/** What the columns hold by their names and comments in the schema of the store. */
function expectedRow(
  record: ReportRecord,
  { offset, outcome, conflictFields, replayOf }: JudgedRecord,
): Record<string, unknown> {
  const places = record.locations.map(({ hostIp }) => context.enrichLocation({ ip: hostIp }));
  const fingerprints = record.items.flatMap((item) => item.fingerprints);
  return {
    log_epoch: 3,
    log_partition: 2,
    log_offset: offset,
    landed_at: context.landedAtMs,
    outcome,
    environment: record.environment,
    received_at: record.receivedAtMs,
    reason: '',
    stage: '',
    original: '',
    conflict_fields: conflictFields,
    replay_of: replayOf,
    provider_id: record.providerId,
    report_id: record.reportId,
    revision: record.revision,
    kind: record.kind,
    authority_report_id: hex(record.authorityReportId),
    record_key: hex(record.recordKey),
    payload_digest: hex(record.payloadDigest),
    field_digests: hex(record.fieldDigests),
    stream_sequence: record.streamSequence,
    correlation_id: record.correlationId,
    ...timeColumns('content_created', record.contentCreatedAt),
    ...timeColumns('incident', record.incidentAt),
    ...timeColumns('detected', record.detectedAt),
    ...timeColumns('decided', record.decidedAt),
    ...timeColumns('reported', record.reportedAt),
    category: record.category,
    additional_categories: record.additionalCategories,
    annotations: record.annotations,
    urgency: record.urgency,
    channel: record.channel,
    service_name: record.serviceName,
    territorial_scope: record.territorialScope,
    content_language: record.contentLanguage,
    source: record.source,
    detection_method: record.detectionMethod,
    confidence: record.confidence,
    automated_detection: record.automatedDetection === null ? '' : record.automatedDetection ? 'YES' : 'NO',
    automated_decision: record.automatedDecision,
    decision_visibility: record.decision === null ? [] : record.decision.visibility,
    incident_count: record.bundle === null ? 1 : record.bundle.incidentCount,
    location_keys: record.locations.map(({ key }) => hex(key)),
    location_hosts: record.locations.map(({ host }) => host),
    location_domains: record.locations.map(({ registrableDomain }) => registrableDomain),
    location_is_vn_domain: record.locations.map(({ isVnDomain }) => isVnDomain),
    location_service_names: record.locations.map(({ serviceName }) => serviceName),
    location_ips: record.locations.map(({ hostIp }) => hostIp),
    location_countries: places.map(({ country }) => country),
    location_asns: places.map(({ asn }) => asn),
    is_vn: record.locations.some(({ isVnDomain }) => isVnDomain),
    fingerprint_algorithms: fingerprints.map(({ algorithm }) => algorithm),
    fingerprint_values: fingerprints.map(({ value }) => value),
    sealed_fields: record.sealed.map(({ field }) => field),
    sealed_tokens: record.sealed.map(({ token }) => hex(token)),
    sealed_boxes: record.sealed.map(({ box }) => base64(box)),
    lookup_versions: `${record.canonicalisedWith}; ${context.lookupVersions}`,
  };
}

/** Leaves out what is not given: null, an empty list, and UNSPECIFIED where it is the name of a closed list. */
function given(
  members: Readonly<Record<string, unknown>>,
  texts: readonly string[] = [],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([name, value]) =>
        value !== null &&
        !(value === 'UNSPECIFIED' && !texts.includes(name)) &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** What `details` holds once it is read again. */
function expectedDetails(record: ReportRecord): Record<string, unknown> {
  const { items, severities, decision, subjects, bundle, externalRefs, attestedPeriod } = record;
  return given({
    items: items.map((item) =>
      given({
        ...item,
        fingerprints: item.fingerprints.map((fingerprint) => given({ ...fingerprint }, ['value'])),
      }),
    ),
    severities: severities.map((severity) => given({ ...severity }, ['grade'])),
    decision: decision && given({ ...decision }),
    subjects: subjects.map((subject) => given({ ...subject })),
    bundle,
    externalRefs: externalRefs.map((ref) => given({ ...ref }, ['id'])),
    attestedPeriod,
  });
}

describe('a row of the landing table', () => {
  it('holds every value of its record, whatever stands in it', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), fc.array(fc.string()), (record, offset, conflictFields) => {
        const judged = reported(record, { offset, outcome: 'CONFLICT', conflictFields });
        const { details, ...row } = rowsOf([judged])[0]!;
        expect(row).toEqual(expectedRow(record, judged));
        const expected = expectedDetails(record);
        if (Object.keys(expected).length === 0) expect(details).toBe('');
        else expect(JSON.parse(String(details))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('tells where a location is hosted, and leaves open what is not known', () => {
    const { location_countries, location_asns, is_vn } = rowsOf([
      reported(
        recordOf({
          locations: [locationOf('host-1.example'), { ...locationOf('a.vn'), hostIp: '2001:db8::1' }],
        }),
      ),
    ])[0]!;
    expect({ location_countries, location_asns, is_vn }).toEqual({
      location_countries: ['VN', ''],
      location_asns: [64_500, 0],
      is_vn: true,
    });
  });

  it('of a dead letter holds its original bytes and why it is one, and nothing else', () => {
    const dead: DeadLetter = {
      outcome: 'DEAD_LETTER',
      offset: 9,
      reason: 'UNKNOWN_SCHEMA',
      stage: 'decode',
      original: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      replayOf: '',
    };
    const row = rowsOf([dead])[0]!;
    expect(row).toMatchObject({
      log_epoch: 3,
      log_partition: 2,
      log_offset: 9,
      landed_at: context.landedAtMs,
      outcome: 'DEAD_LETTER',
      environment: 'UNKNOWN',
      received_at: 0,
      reason: 'UNKNOWN_SCHEMA',
      stage: 'decode',
      original: base64(dead.original),
    });
    const known = [
      'log_epoch',
      'log_partition',
      'log_offset',
      'landed_at',
      'outcome',
      'environment',
      'reason',
      'stage',
      'original',
    ];
    for (const column of RECORD_COLUMNS) {
      if (known.includes(column)) continue;
      const value = JSON.stringify(row[column]);
      expect(`${column} ${value}`).toMatch(/ (?:""|0|null|\[\]|false|"0{16}"|"0{32}")$/);
    }
  });

  it('of a replay names the dead letter it is a replay of, whatever became of it', () => {
    const replayOf = '1:0:41';
    const dead: DeadLetter = {
      outcome: 'DEAD_LETTER',
      offset: 9,
      reason: 'UNDECODABLE',
      stage: 'decode',
      original: Buffer.from('bytes'),
      replayOf,
    };
    const batch: Judged[] = [
      reported(recordOf(), { replayOf }),
      dead,
      { outcome: 'REPEATED_REPLAY', offset: 10, replayOf },
    ];
    expect(
      rowsOf(batch).map(({ outcome, environment, original, replay_of }) => [
        outcome,
        environment,
        original,
        replay_of,
      ]),
    ).toEqual([
      ['REPORT', 'TEST', '', replayOf],
      ['DEAD_LETTER', 'UNKNOWN', base64(dead.original), replayOf],
      ['DUPLICATE', 'UNKNOWN', '', replayOf],
    ]);
  });

  it('stands in the order of its record, also when rows are far longer than usual', () => {
    const long = '字"\\\n'.repeat(20_000);
    const records = Array.from({ length: 30 }, (_, offset) =>
      recordOf({ reportId: `r-${offset}`, serviceName: offset % 7 === 0 ? long : '' }),
    );
    const batch = records.map((record, offset) => reported(record, { offset }));
    expect(
      rowsOf(batch).map(({ log_offset, report_id, service_name }) => [log_offset, report_id, service_name]),
    ).toEqual(records.map(({ reportId, serviceName }, offset) => [offset, reportId, serviceName]));
  });
});
