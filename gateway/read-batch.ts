// Splits a batch into its reports and decodes each by itself, so that one unreadable report is refused alone.
import type { Report } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { decodeReport, isReport, type Content } from './decode-report.js';
import { fault, Findings, type Violation } from './violation.js';
import { LENGTH_DELIMITED, UNREADABLE, VARINT, WireReader } from './wire-reader.js';

/** The messages of `lachan.v1` that carry reports. */
export type BatchMessage = 'SubmitReportsRequest' | 'StreamReportsRequest';

const MAX_REPORTS = 1000;

/** One report of a batch, at its position from 0: decoded, or refused because it cannot be. */
export type BatchEntry =
  | { readonly index: number; readonly report: Report; readonly content: Content }
  | { readonly index: number; readonly report: undefined; readonly violations: readonly Violation[] };

export interface Batch {
  readonly kind: 'batch';
  /** From 1 up; 0 in a SubmitReportsRequest, which has none. */
  readonly batchSequence: number;
  /** How many reports: 1 to 1,000. */
  readonly size: number;
  /** In the order sent. Each is decoded when it is come to: a batch of large reports is never in memory whole. */
  readonly entries: Iterable<BatchEntry>;
}

/** The batch is unusable as a whole; no report of it was decoded. */
export interface BatchRefusal {
  readonly kind: 'refused';
  /** As far as it could be read, else 0. */
  readonly batchSequence: number;
  readonly violations: readonly Violation[];
}

const NO_FIELD = 0;
/** Field numbers of each message. */
const layouts = {
  SubmitReportsRequest: { sequence: NO_FIELD, reports: 1 },
  StreamReportsRequest: { sequence: 1, reports: 2 },
} as const;

const badSequence = fault(
  Rule.RANGE,
  'Must be given: 1 to 9007199254740991 (2^53-1), never twice on one stream.',
);
const noReports = fault(Rule.REQUIRED, `1 to ${MAX_REPORTS} reports.`);
const tooManyReports = fault(Rule.TOO_MANY, `1 to ${MAX_REPORTS} reports: send the others in another batch.`);
const unreadable = {
  SubmitReportsRequest: fault(Rule.MALFORMED, 'The bytes are not a lachan.v1.SubmitReportsRequest.'),
  StreamReportsRequest: fault(Rule.MALFORMED, 'The bytes are not a lachan.v1.StreamReportsRequest.'),
} as const;

/** Reads a message as it came over the wire. Neither this nor reading the entries throws, whatever the bytes. */
export function readBatch(bytes: Uint8Array, message: BatchMessage): Batch | BatchRefusal {
  const reader = new WireReader(bytes);
  const { batchSequence, bounds, violations } = split(reader, message);
  if (violations.length > 0) return { kind: 'refused', batchSequence, violations };
  const entries = { [Symbol.iterator]: () => readReports(reader, bounds) };
  return { kind: 'batch', batchSequence, size: bounds.length, entries };
}

interface Outline {
  readonly batchSequence: number;
  /** Where each report begins and ends; no more than a batch may have. */
  readonly bounds: readonly (readonly [start: number, end: number])[];
  readonly violations: readonly Violation[];
}

/** Reads the batch without its reports. */
function split(reader: WireReader, message: BatchMessage): Outline {
  const { sequence, reports } = layouts[message];
  const found = new Findings();
  const bounds: (readonly [number, number])[] = [];
  const end = reader.bytes.length;
  let batchSequence = 0;
  let count = 0;
  let readable = true;
  while (readable && reader.at < end) {
    const tag = reader.uint32(end);
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === reports && wireType === LENGTH_DELIMITED) {
      const innerEnd = reader.endOfBytes(end);
      readable = innerEnd !== UNREADABLE;
      count += 1;
      if (readable && count <= MAX_REPORTS) bounds.push([reader.at, innerEnd]);
      if (readable) reader.at = innerEnd;
    } else if (number === sequence && wireType === VARINT && sequence !== NO_FIELD) {
      batchSequence = reader.uint64(end);
      readable = batchSequence !== UNREADABLE;
    } else {
      readable = number !== 0 && number !== sequence && number !== reports && reader.skip(wireType, end);
      if (readable) found.addUnknown('', [{ no: number }]);
    }
  }
  const known = Number.isSafeInteger(batchSequence) && batchSequence > 0;
  if (!readable) found.add('', '', unreadable[message]);
  else if (sequence !== NO_FIELD && !known) found.add('', 'batch_sequence', badSequence);
  if (readable && count === 0) found.add('', 'reports', noReports);
  if (count > MAX_REPORTS) found.add('', 'reports', tooManyReports);
  return { batchSequence: known ? batchSequence : 0, bounds, violations: found.result() };
}

function* readReports(reader: WireReader, bounds: Outline['bounds']): Generator<BatchEntry, undefined> {
  let index = 0;
  for (const [start, end] of bounds) yield readReport(reader, start, end, index++);
}

function readReport(reader: WireReader, start: number, end: number, index: number): BatchEntry {
  reader.at = start;
  const decoded = decodeReport(reader, end);
  if (!isReport(decoded)) return { index, report: undefined, violations: [decoded] };
  return { index, report: decoded.report, content: decoded.content };
}
