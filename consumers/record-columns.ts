// The columns of `records`, and what each is made of.
import { Buffer } from 'node:buffer';
import { AvroCursor } from '../schemas/avro-cursor.js';
import type { ReportRecord } from '../schemas/report-record.js';
import type { Judged } from './deduplicate.js';
import {
  each,
  hex,
  INSTANT,
  itemOf,
  NO_REPORT,
  ofRow,
  share,
  text,
  texts,
  time,
  uint32,
  uint64,
  uuid,
  word,
  wordWriter,
  writeBase64,
  writeBool,
  writeText,
  writeUuid,
  writeWord,
  yesNo,
  type Column,
} from './column-kinds.js';
import { GrowingBytes } from './growing-bytes.js';
import { NestedItems } from './nested-items.js';
import { fieldOf, memberOf, type ReportBytes } from './report-bytes.js';
import { isEmpty, writeJson, writeName } from './write-json.js';

export const LOCATION = itemOf(fieldOf('locations').shape);
export const ITEM = itemOf(fieldOf('items').shape);
export const FINGERPRINT = itemOf(memberOf(ITEM, 'fingerprints').shape);
export const SEALED = itemOf(fieldOf('sealed').shape);

const OUTCOMES = ['', 'REPORT', 'DUPLICATE', 'CONFLICT', 'DEAD_LETTER'];
const NONE: readonly string[] = [];
/** Only for bytes that were read through before. */
const cursor = new AvroCursor(false);

const outcome: Column = {
  ...ofRow('outcome', '', (column, judged) => {
    column.uint8(OUTCOMES.indexOf(judged.outcome === 'REPEATED_REPLAY' ? 'DUPLICATE' : judged.outcome));
  }),
  words: OUTCOMES,
};

/** Why a dead letter is one; empty for all others. */
function ofDeadLetter(name: 'reason' | 'stage'): Column {
  return ofRow(name, 'String', (column, judged) => {
    column.string(judged.outcome === 'DEAD_LETTER' ? judged[name] : '');
  });
}

const original = ofRow('original', 'String', (column, judged) => {
  column.string(judged.outcome === 'DEAD_LETTER' ? base64(judged.original) : '');
});

const conflictFields: Column = {
  name: 'conflict_fields',
  type: 'Array(String)',
  write(column, { judged }) {
    let end = 0;
    column.arrays(judged.map((one) => (end += conflictFieldsOf(one).length)));
    for (const one of judged) for (const name of conflictFieldsOf(one)) column.string(name);
  },
};

/** What the provider did about the content being seen; none where it says nothing of a decision. */
const decisionVisibility: Column = {
  name: 'decision_visibility',
  type: 'Array(String)',
  write(column, { reports }) {
    const { number, shape } = fieldOf('decision');
    const word = itemOf(memberOf(itemOf(shape), 'visibility').shape);
    const words = new NestedItems(word, 0);
    for (const report of reports) {
      cursor.moveTo(report.bytes, report.startOf(number));
      // The first member: nothing stands in front of it.
      if (cursor.isPresent()) words.add(report.bytes, cursor.at);
      words.endRow();
    }
    column.arrays(words.ends);
    const write = wordWriter(word.symbols);
    for (let i = 0; i < words.length; i += 1) write(column, words.ownerOf(i), words.startOf(i, 0));
  },
};

/** How many incidents the report stands for. */
const incidentCount: Column = {
  name: 'incident_count',
  type: 'UInt32',
  write(column, { reports }) {
    const { number, shape } = fieldOf('bundle');
    const id = memberOf(itemOf(shape), 'id').shape;
    for (const report of reports) {
      cursor.moveTo(report.bytes, report.startOf(number));
      if (cursor.isPresent()) {
        cursor.skip(id);
        column.uint32(cursor.long());
      } else column.uint32(report === NO_REPORT ? 0 : 1);
    }
  },
};

const countries: Column = {
  name: 'location_countries',
  type: 'Array(String)',
  write(column, { locations, hostings }) {
    column.arrays(locations.ends);
    for (const { country } of hostings) writeWord(column, country);
  },
};

const asns: Column = {
  name: 'location_asns',
  type: 'Array(UInt32)',
  write(column, { locations, hostings }) {
    column.arrays(locations.ends);
    for (const { asn } of hostings) column.uint32(asn);
  },
};

const isVn: Column = {
  name: 'is_vn',
  type: 'Bool',
  write(column, { locations }) {
    const { number } = memberOf(LOCATION, 'isVnDomain');
    let item = 0;
    for (const end of locations.ends) {
      let any = 0;
      for (; item < end; item += 1) any |= locations.ownerOf(item)[locations.startOf(item, number)] ?? 0;
      column.uint8(any);
    }
  },
};

/** What has no column of its own: JSON, without what is empty; nothing at all when everything is. */
const details: Column = {
  name: 'details',
  type: 'String',
  write(column, { reports }) {
    for (const report of reports) {
      json.clear();
      writeDetails(report);
      column.stringOf(json.written(), 0, json.length);
    }
  },
};

const json = new GrowingBytes(4_096);
const DETAILS = (
  ['items', 'severities', 'decision', 'subjects', 'bundle', 'externalRefs', 'attestedPeriod'] as const
).map((name: keyof ReportRecord) => ({ name, ...fieldOf(name) }));

function writeDetails(report: ReportBytes): void {
  for (const { name, number, shape } of DETAILS) {
    const at = report.startOf(number);
    if (isEmpty(shape, report.bytes, at)) continue;
    json.ascii(json.length === 0 ? '{' : ',');
    writeName(name, json);
    writeJson(shape, report.bytes, at, json);
  }
  if (json.length > 0) json.ascii('}');
}

const lookupVersions: Column = {
  name: 'lookup_versions',
  type: 'String',
  write(column, { reports, context }) {
    const { number } = fieldOf('canonicalisedWith');
    const ours = Buffer.from(`; ${context.lookupVersions}`);
    for (const report of reports) {
      if (report === NO_REPORT) column.uint8(0);
      else {
        cursor.moveTo(report.bytes, report.startOf(number));
        const length = cursor.length();
        column.varint(length + ours.length);
        column.copy(report.bytes, cursor.at, cursor.at + length);
        column.copy(ours, 0, ours.length);
      }
    }
  },
};

export const COLUMNS: readonly Column[] = [
  ofRow('log_epoch', 'UInt32', (column, _, { epoch }) => {
    column.uint32(epoch);
  }),
  ofRow('log_partition', 'UInt32', (column, _, { partition }) => {
    column.uint32(partition);
  }),
  ofRow('log_offset', 'UInt64', (column, { offset }) => {
    column.uint64(offset);
  }),
  ofRow('landed_at', INSTANT, (column, _, { landedAtMs }) => {
    column.uint64(landedAtMs);
  }),
  outcome,
  word('environment', fieldOf('environment'), 'UNKNOWN'),
  // Of a row without a report 1970: the same however often it is landed.
  uint64('received_at', fieldOf('receivedAtMs'), INSTANT),
  ofDeadLetter('reason'),
  ofDeadLetter('stage'),
  original,
  conflictFields,
  text('provider_id', fieldOf('providerId')),
  text('report_id', fieldOf('reportId')),
  uint32('revision', fieldOf('revision')),
  word('kind', fieldOf('kind')),
  uuid('authority_report_id', fieldOf('authorityReportId')),
  uuid('record_key', fieldOf('recordKey')),
  hex('payload_digest', fieldOf('payloadDigest')),
  hex('field_digests', fieldOf('fieldDigests')),
  uint64('stream_sequence', fieldOf('streamSequence')),
  text('correlation_id', fieldOf('correlationId')),
  ...time('content_created', fieldOf('contentCreatedAt')),
  ...time('incident', fieldOf('incidentAt')),
  ...time('detected', fieldOf('detectedAt')),
  ...time('decided', fieldOf('decidedAt')),
  ...time('reported', fieldOf('reportedAt')),
  word('category', fieldOf('category')),
  texts('additional_categories', fieldOf('additionalCategories')),
  texts('annotations', fieldOf('annotations')),
  word('urgency', fieldOf('urgency')),
  word('channel', fieldOf('channel')),
  text('service_name', fieldOf('serviceName')),
  texts('territorial_scope', fieldOf('territorialScope')),
  text('content_language', fieldOf('contentLanguage')),
  word('source', fieldOf('source')),
  word('detection_method', fieldOf('detectionMethod')),
  share('confidence', fieldOf('confidence')),
  yesNo('automated_detection', fieldOf('automatedDetection')),
  word('automated_decision', fieldOf('automatedDecision')),
  decisionVisibility,
  incidentCount,
  each('location_keys', 'Array(UUID)', 'locations', writeUuid, memberOf(LOCATION, 'key')),
  each('location_hosts', 'Array(String)', 'locations', writeText, memberOf(LOCATION, 'host')),
  each('location_domains', 'Array(String)', 'locations', writeText, memberOf(LOCATION, 'registrableDomain')),
  each('location_is_vn_domain', 'Array(Bool)', 'locations', writeBool, memberOf(LOCATION, 'isVnDomain')),
  each('location_service_names', 'Array(String)', 'locations', writeText, memberOf(LOCATION, 'serviceName')),
  each('location_ips', 'Array(String)', 'locations', writeText, memberOf(LOCATION, 'hostIp')),
  countries,
  asns,
  isVn,
  each(
    'fingerprint_algorithms',
    'Array(String)',
    'fingerprints',
    wordWriter(memberOf(FINGERPRINT, 'algorithm').shape.symbols),
    memberOf(FINGERPRINT, 'algorithm'),
  ),
  each('fingerprint_values', 'Array(String)', 'fingerprints', writeText, memberOf(FINGERPRINT, 'value')),
  details,
  each('sealed_fields', 'Array(String)', 'sealed', writeText, memberOf(SEALED, 'field')),
  each('sealed_tokens', 'Array(UUID)', 'sealed', writeUuid, memberOf(SEALED, 'token')),
  each('sealed_boxes', 'Array(String)', 'sealed', writeBase64, memberOf(SEALED, 'box')),
  lookupVersions,
  ofRow('replay_of', 'String', (column, { replayOf }) => {
    column.string(replayOf);
  }),
];

function conflictFieldsOf(judged: Judged): readonly string[] {
  return 'record' in judged ? judged.conflictFields : NONE;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
