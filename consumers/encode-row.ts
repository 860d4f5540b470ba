// One judged record to one line of JSONCompactEachRow. Written by hand: JSON.stringify of a row object costs twice
// as much, and no object outlives this step.
import { Buffer } from 'node:buffer';
import type { EventTime, ReportRecord } from '../schemas/report-record.js';
import type { Judged, JudgedRecord } from './deduplicate.js';
import type { DeadLetter } from './decode.js';
import type { Hosting } from './enrich.js';

/** Columns of `records` in the order of the values of a line. */
export const RECORD_COLUMNS = [
  'log_epoch',
  'log_partition',
  'log_offset',
  'landed_at',
  'outcome',
  'environment',
  'received_at',
  'reason',
  'stage',
  'original',
  'conflict_fields',
  'provider_id',
  'report_id',
  'revision',
  'kind',
  'authority_report_id',
  'record_key',
  'payload_digest',
  'field_digests',
  'stream_sequence',
  'correlation_id',
  'content_created_at',
  'content_created_precision',
  'incident_at',
  'incident_precision',
  'detected_at',
  'detected_precision',
  'decided_at',
  'decided_precision',
  'reported_at',
  'reported_precision',
  'category',
  'additional_categories',
  'annotations',
  'urgency',
  'channel',
  'service_name',
  'territorial_scope',
  'content_language',
  'source',
  'detection_method',
  'confidence',
  'automated_detection',
  'automated_decision',
  'incident_count',
  'location_keys',
  'location_hosts',
  'location_domains',
  'location_is_vn_domain',
  'location_service_names',
  'location_ips',
  'location_countries',
  'location_asns',
  'is_vn',
  'fingerprint_algorithms',
  'fingerprint_values',
  'details',
  'sealed_fields',
  'sealed_tokens',
  'sealed_boxes',
  'lookup_versions',
] as const;

/** Where the batch stands, and what enriches it. */
export interface RowContext {
  readonly epoch: number;
  readonly partition: number;
  readonly landedAtMs: number;
  readonly enrichLocation: (location: { readonly ip: string }) => Hosting;
  readonly lookupVersions: string;
}

/** A guess, so that growing is rare. */
const BYTES_PER_ROW = 1_500;

/** All rows of a batch as one block of bytes. */
export function encodeRows(batch: readonly Judged[], context: RowContext): Buffer {
  let block = Buffer.allocUnsafe(Math.max(4_096, batch.length * BYTES_PER_ROW));
  let end = 0;
  for (const judged of batch) {
    const row =
      judged.outcome === 'DEAD_LETTER' ? deadLetterRow(judged, context) : reportRow(judged, context);
    // Row by row: one text of the whole batch would keep all its pieces alive at once.
    const most = end + row.length * 3;
    if (most > block.length) {
      const larger = Buffer.allocUnsafe(Math.max(block.length * 2, most));
      block.copy(larger, 0, 0, end);
      block = larger;
    }
    end += block.write(row, end, 'utf8');
  }
  return block.subarray(0, end);
}

const NO_UUID = '"00000000000000000000000000000000"';
const NO_DIGEST = '"0000000000000000"';

function deadLetterRow({ offset, reason, stage, original }: DeadLetter, context: RowContext): string {
  // Nothing of it can be read, so its time of receipt is not known: 1970, the same however often it is landed.
  return (
    `[${context.epoch},${context.partition},${offset},${context.landedAtMs},"DEAD_LETTER","UNKNOWN",0,` +
    `${text(reason)},${text(stage)},"${base64(original)}",[],"","",0,"",${NO_UUID},${NO_UUID},${NO_DIGEST},"",0,"",` +
    'null,"",null,"",null,"",null,"",null,"","",[],[],"","","",[],"","","",null,"","",0,' +
    '[],[],[],[],[],[],[],[],false,[],[],"",[],[],[],""]\n'
  );
}

function reportRow(
  { offset, outcome, record: r, conflictFields }: JudgedRecord,
  context: RowContext,
): string {
  let keys = '';
  let hosts = '';
  let domains = '';
  let vn = '';
  let services = '';
  let ips = '';
  let countries = '';
  let asns = '';
  let isVn = false;
  for (const location of r.locations) {
    const { country, asn } =
      location.hostIp === '' ? NOWHERE : context.enrichLocation({ ip: location.hostIp });
    const comma = keys === '' ? '' : ',';
    keys += `${comma}"${hex(location.key)}"`;
    hosts += comma + text(location.host);
    domains += comma + text(location.registrableDomain);
    vn += comma + String(location.isVnDomain);
    services += comma + text(location.serviceName);
    ips += comma + text(location.hostIp);
    countries += comma + text(country);
    asns += comma + String(asn);
    isVn ||= location.isVnDomain;
  }
  let sealedFields = '';
  let sealedTokens = '';
  let sealedBoxes = '';
  for (const { field, token, box } of r.sealed) {
    const comma = sealedFields === '' ? '' : ',';
    sealedFields += comma + text(field);
    sealedTokens += `${comma}"${hex(token)}"`;
    sealedBoxes += `${comma}"${base64(box)}"`;
  }
  let algorithms = '';
  let fingerprints = '';
  for (const item of r.items) {
    for (const { algorithm, value } of item.fingerprints) {
      const comma = algorithms === '' ? '' : ',';
      algorithms += comma + text(algorithm);
      fingerprints += comma + text(value);
    }
  }
  return (
    `[${context.epoch},${context.partition},${offset},${context.landedAtMs},"${outcome}","${r.environment}",` +
    `${r.receivedAtMs},"","","",${texts(conflictFields)},${text(r.providerId)},${text(r.reportId)},` +
    `${r.revision},"${r.kind}","${hex(r.authorityReportId)}","${hex(r.recordKey)}","${hex(r.payloadDigest)}",` +
    `"${hex(r.fieldDigests)}",${r.streamSequence},${text(r.correlationId)},` +
    `${time(r.contentCreatedAt)},${time(r.incidentAt)},${time(r.detectedAt)},${time(r.decidedAt)},` +
    `${time(r.reportedAt)},"${r.category}",${texts(r.additionalCategories)},${texts(r.annotations)},` +
    `"${r.urgency}","${r.channel}",${text(r.serviceName)},${texts(r.territorialScope)},` +
    `${text(r.contentLanguage)},"${r.source}","${r.detectionMethod}",${String(r.confidence)},` +
    `${r.automatedDetection === null ? '""' : r.automatedDetection ? '"YES"' : '"NO"'},"${r.automatedDecision}",` +
    `${r.bundle?.incidentCount ?? 1},[${keys}],[${hosts}],[${domains}],[${vn}],[${services}],[${ips}],` +
    `[${countries}],[${asns}],${isVn},[${algorithms}],[${fingerprints}],${details(r)},` +
    `[${sealedFields}],[${sealedTokens}],[${sealedBoxes}],` +
    `${text(`${r.canonicalisedWith}; ${context.lookupVersions}`)}]\n`
  );
}

const NOWHERE: Hosting = { country: '', asn: 0 };

/** What has no column of its own, as JSON in a text, without what is empty; '' when there is nothing. */
function details(r: ReportRecord): string {
  const parts: Record<string, unknown> = {};
  if (r.items.length > 0) parts['items'] = r.items;
  if (r.severities.length > 0) parts['severities'] = r.severities;
  if (r.decision !== null) parts['decision'] = r.decision;
  if (r.subjects.length > 0) parts['subjects'] = r.subjects;
  if (r.bundle !== null) parts['bundle'] = r.bundle;
  if (r.externalRefs.length > 0) parts['externalRefs'] = r.externalRefs;
  if (r.attestedPeriod !== null) parts['attestedPeriod'] = r.attestedPeriod;
  const json = JSON.stringify(parts, withoutEmpty);
  return json === '{}' ? '""' : JSON.stringify(json);
}

/** Members of `details` that hold a name of a closed list; the word in a provider's own text is no empty value. */
const ENUM_MEMBERS: ReadonlySet<string> = new Set([
  'algorithm',
  'basis',
  'axis',
  'assessedBy',
  'account',
  'monetary',
  'provision',
  'ground',
  'role',
  'ageBand',
  'system',
]);

function withoutEmpty(key: string, value: unknown): unknown {
  const isEmpty =
    value === null ||
    (value === 'UNSPECIFIED' && ENUM_MEMBERS.has(key)) ||
    (Array.isArray(value) && value.length === 0);
  return isEmpty ? undefined : value;
}

function time(value: EventTime | null): string {
  return value === null ? 'null,""' : `${value.instantMs},"${value.precision}"`;
}

function texts(values: readonly string[]): string {
  return values.length === 0 ? '[]' : JSON.stringify(values);
}

// Nearly every text is plain: the test is a third of the price of JSON.stringify.
const NEEDS_ESCAPING = /["\\\u0000-\u001f]/;

function text(value: string): string {
  if (value === '') return '""';
  return NEEDS_ESCAPING.test(value) ? JSON.stringify(value) : `"${value}"`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
