// From what the caller gave to the bytes that are sent. Bytes are made once, however often they are sent.
import {
  create,
  isMessage,
  ScalarType,
  toBinary,
  type DescField,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import { ReportSchema } from '@lachan/proto/report';
import { expectation, ShapeCheck, violation, type Dialect, type Fault } from './check-shape.js';
import { at } from './event-time.js';
import { rejected, type Rejected, type Violation } from './receipt.js';

/** A report as a plain object of the fields that are known, or as a `Report` message. */
export type ReportInit = MessageInitShape<typeof ReportSchema>;

export type Encoded =
  | { readonly ok: true; readonly reportId: string; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly receipt: Rejected };

const MAX_UINT32 = 0xffff_ffff;
const MAX_UINT64 = 0xffff_ffff_ffff_ffffn;

const INIT: Dialect = {
  keys: (field) => [field.localName],
  isValue: () => false,
  fault: initFault,
};
/** Of plain objects of the contract's fields. */
export const initCheck = new ShapeCheck(INIT);

/** Encodes reports, and remembers the time of reporting within one millisecond. */
export class ReportEncoder {
  readonly #maxBytes: number;
  #stampedMs = NaN;
  #stamp = new Uint8Array();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Never throws: what cannot be encoded is a rejection that names the fields. `nowMs` becomes `reported_at` where that is absent. */
  encode(init: ReportInit, nowMs: number): Encoded {
    try {
      return this.#encode(init, nowMs);
    } catch {
      // The encoder's own words may repeat the value.
      return refuse(reportIdOf(init), [violation('', 'MALFORMED', 'the report cannot be encoded')]);
    }
  }

  #encode(init: ReportInit, nowMs: number): Encoded {
    const reportId = reportIdOf(init);
    // A message was made by generated code; a plain object may be a slip that encoding would swallow.
    const wrong = isMessage(init, ReportSchema) ? undefined : initCheck.violations(ReportSchema, init);
    if (wrong !== undefined) return refuse(reportId, wrong);
    const message = create(ReportSchema, init);
    const body = toBinary(ReportSchema, message);
    const bytes = message.reportedAt === undefined ? this.#stamped(body, nowMs) : body;
    if (bytes.length > this.#maxBytes) {
      const limit = `is longer than ${this.#maxBytes} bytes, the most this Reporter sends`;
      return refuse(reportId, [violation('', 'LENGTH', limit)]);
    }
    return { ok: true, reportId, bytes };
  }

  /** Fields of a message may stand in any order, so the time is added behind, without touching the caller's message. */
  #stamped(body: Uint8Array, nowMs: number): Uint8Array {
    if (nowMs !== this.#stampedMs) {
      this.#stamp = toBinary(ReportSchema, create(ReportSchema, { reportedAt: at(nowMs) }));
      this.#stampedMs = nowMs;
    }
    // From Node's pool: an allocation of its own costs far more than the copy.
    const bytes = Buffer.allocUnsafe(body.length + this.#stamp.length);
    bytes.set(body);
    bytes.set(this.#stamp, body.length);
    return bytes;
  }
}

/** The caller's own key, wherever the report ends; empty where there is none. */
export function reportIdOf(init: unknown): string {
  try {
    return typeof init === 'object' &&
      init !== null &&
      'reportId' in init &&
      typeof init.reportId === 'string'
      ? init.reportId
      : '';
  } catch {
    return '';
  }
}

function refuse(reportId: string, violations: readonly Violation[]): Encoded {
  return { ok: false, receipt: rejected(reportId, violations) };
}

function initFault(field: DescField, value: unknown): Fault | undefined {
  return fits(field, value) ? undefined : { rule: 'MALFORMED', message: `must be ${expectation(field)}` };
}

function fits(field: DescField, value: unknown): boolean {
  if (field.enum !== undefined) return Number.isInteger(value);
  switch (field.scalar) {
    case ScalarType.STRING:
      return typeof value === 'string';
    case ScalarType.BOOL:
      return typeof value === 'boolean';
    case ScalarType.DOUBLE:
      return typeof value === 'number';
    case ScalarType.UINT64:
      return typeof value === 'bigint' ? value >= 0n && value <= MAX_UINT64 : isNatural(value);
    case ScalarType.UINT32:
      return isNatural(value) && value <= MAX_UINT32;
    default:
      // The numbers of a Timestamp: encoding refuses what they cannot hold.
      return typeof value === 'number' || typeof value === 'bigint';
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
