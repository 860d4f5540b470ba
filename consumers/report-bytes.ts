// A report as its bytes in the log, and where each of its fields begins: read from there straight into columns, without
// an object in between.
import { HEADER_BYTES, isUnreadable, reportRecordCodec, type Unreadable } from '../schemas/record-codec.js';
import { AvroCursor, type Shape } from '../schemas/avro-cursor.js';
import type { ReportRecord } from '../schemas/report-record.js';

const { shape } = reportRecordCodec;

/** The number of a field in the newest version, and what it is made of. */
export interface Field {
  readonly number: number;
  readonly shape: Shape;
}

export function fieldOf(name: keyof ReportRecord): Field {
  return memberOf(shape, name);
}

/** As `fieldOf`, of any record. */
export function memberOf({ names, fields }: Shape, name: string): Field {
  const number = names.indexOf(name);
  const member = fields[number];
  if (member === undefined) throw new TypeError(`no field is called ${name}`);
  return { number, shape: member };
}

const RECORD_KEY = fieldOf('recordKey').number;
const PAYLOAD_DIGEST = fieldOf('payloadDigest').number;
const FIELD_DIGESTS = fieldOf('fieldDigests').number;
const KEY_BYTES = 16;
const DIGEST_BYTES = 8;

/** Good as long as the bytes are. */
export class ReportBytes {
  constructor(
    /** Of the newest version, whole and read through once. */
    readonly bytes: Uint8Array,
    private readonly starts: Int32Array,
    private readonly first: number,
  ) {}

  /** Where in `bytes` a field begins. */
  startOf(field: number): number {
    return this.starts[this.first + field] ?? 0;
  }

  get recordKey(): Uint8Array {
    const at = this.startOf(RECORD_KEY);
    return this.bytes.subarray(at, at + KEY_BYTES);
  }

  get payloadDigest(): Uint8Array {
    const at = this.startOf(PAYLOAD_DIGEST);
    return this.bytes.subarray(at, at + DIGEST_BYTES);
  }

  get fieldDigests(): Uint8Array {
    cursor.moveTo(this.bytes, this.startOf(FIELD_DIGESTS));
    const length = cursor.length();
    return this.bytes.subarray(cursor.at, cursor.at + length);
  }
}

const cursor = new AvroCursor();

/** Reads reports through, for one batch. */
export class ReportReader {
  readonly #starts: Int32Array;
  #next = 0;

  constructor(reports: number) {
    this.#starts = new Int32Array(reports * shape.fields.length);
  }

  /** Never throws. */
  read(value: Uint8Array): ReportBytes | Unreadable {
    const bytes = reportRecordCodec.inNewestVersion(value);
    if (isUnreadable(bytes)) return bytes;
    const first = this.#next;
    try {
      cursor.moveTo(bytes, HEADER_BYTES);
      cursor.skipRecord(shape, this.#starts, first);
      cursor.finish();
      const report = new ReportBytes(bytes, this.#starts, first);
      if (!isInRange(report)) return UNDECODABLE;
      this.#next += shape.fields.length;
      return report;
    } catch {
      return UNDECODABLE;
    }
  }
}

const UNDECODABLE: Unreadable = { unreadable: 'UNDECODABLE' };

const MAX_UINT32 = 0xffff_ffff;
/** The end of ClickHouse's DateTime, 2106-02-07, and of what its DateTime64 can hold, 9999-12-31. */
const MAX_RECEIVED_AT_MS = MAX_UINT32 * 1_000 + 999;
const MAX_INSTANT_MS = 253_402_300_799_999;

const LONGS = [
  [fieldOf('receivedAtMs').number, MAX_RECEIVED_AT_MS],
  [fieldOf('revision').number, MAX_UINT32],
  [fieldOf('streamSequence').number, Number.MAX_SAFE_INTEGER],
] as const;
const INSTANTS = (['contentCreatedAt', 'incidentAt', 'detectedAt', 'decidedAt', 'reportedAt'] as const).map(
  (name) => fieldOf(name).number,
);
const CONFIDENCE = fieldOf('confidence').number;
const BUNDLE = fieldOf('bundle');
const BUNDLE_ID: Shape = memberOf(BUNDLE.shape.inner ?? BUNDLE.shape, 'id').shape;

/**
 * Whether all values fit into their columns. One that does not would be refused by the store with its
 * whole batch, for ever, or land as another value.
 */
function isInRange(report: ReportBytes): boolean {
  const { bytes } = report;
  for (const [field, most] of LONGS) {
    cursor.moveTo(bytes, report.startOf(field));
    if (!isWithin(cursor.long(), most)) return false;
  }
  for (const field of INSTANTS) {
    cursor.moveTo(bytes, report.startOf(field));
    if (cursor.isPresent() && !isWithin(cursor.long(), MAX_INSTANT_MS)) return false;
  }
  cursor.moveTo(bytes, report.startOf(CONFIDENCE));
  if (cursor.isPresent() && !isWithin(cursor.double(), 1)) return false;
  cursor.moveTo(bytes, report.startOf(BUNDLE.number));
  if (cursor.isPresent()) {
    cursor.skip(BUNDLE_ID);
    if (!isWithin(cursor.long(), MAX_UINT32)) return false;
  }
  return isKey(report.bytes, report.startOf(RECORD_KEY));
}

function isWithin(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

/** No keyed hash is all zeros; deduplication uses that to mark free places. */
function isKey(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + KEY_BYTES; i += 1) if (bytes[i] !== 0) return true;
  return false;
}
