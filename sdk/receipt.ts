// What the caller of the SDK is told. Knows the answers of the wire; never how they came.
import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  Outcome,
  ReceiptStatus,
  Rule,
  type GetReportResponse,
  type Receipt as WireReceipt,
  type RecordOutcome as WireRecordOutcome,
  type Violation as WireViolation,
} from '@lachan/proto/report-service';

/** Which rule a report broke; UNSPECIFIED stands for one this version does not know. */
export type RuleName = keyof typeof Rule;

/** One broken rule. Never repeats the value that broke it. */
export interface Violation {
  /** Path of the field in the contract's names, as in "locations[0].host_ip"; empty for the report as a whole. */
  readonly field: string;
  readonly rule: RuleName;
  readonly message: string;
  /** Whether the same report could be accepted later, unchanged. */
  readonly retryable: boolean;
}

/** Why a report has no verdict of the authority. */
export const UNSENT_REASONS = [
  /** Too many reports wait already; nothing was sent. Wait for `ready()`. */
  'BUFFER_FULL',
  /** No answer came in time. Whether the authority has the report is unknown; reporting it again is safe. */
  'DEADLINE',
  /** The Reporter was closed first. Whether the authority has the report is unknown; reporting it again is safe. */
  'CLOSED',
  /** The gateway refused the credential, or the batch as a whole. */
  'REFUSED',
  /** Kept on the disk and still to be sent: its receipt goes to `spool.onReceipt`. Do not report it again. */
  'SPOOLED',
  /** The spool is full, or its disk takes no more; nothing was kept or sent. */
  'SPOOL_FULL',
  /** Not taken by the gateway within `spool.maxAgeMs`, and given up. */
  'EXPIRED',
] as const;

export type UnsentReason = (typeof UNSENT_REASONS)[number];

/** Durable: the report survives the death of the gateway and will be landed exactly once. */
export interface Accepted {
  readonly status: 'ACCEPTED';
  readonly reportId: string;
  /** The authority's id of the report: a UUID, the same for every re-send. */
  readonly authorityReportId: string;
  readonly receivedAt: Date;
  /** Names of fields that would make the report easier to act on. */
  readonly missingFields: readonly string[];
}

/** Not taken: the same report will be refused again unless a violation says it is retryable. */
export interface Rejected {
  readonly status: 'REJECTED';
  readonly reportId: string;
  /** Empty when the report was refused before it could be derived. */
  readonly authorityReportId: string;
  readonly violations: readonly Violation[];
}

/** No verdict. */
export interface Unsent {
  readonly status: 'UNSENT';
  readonly reportId: string;
  readonly reason: UnsentReason;
  readonly message: string;
}

export type Receipt = Accepted | Rejected | Unsent;

/** What became of the accepted sendings of one report. */
export interface ReportOutcomes {
  readonly authorityReportId: string;
  /** In order of receipt; the first 100. */
  readonly outcomes: readonly RecordOutcome[];
  /** How many there are in all. */
  readonly total: number;
}

export interface RecordOutcome {
  readonly revision: number;
  readonly outcome: keyof typeof Outcome;
  readonly receivedAt: Date | undefined;
  /** Of CONFLICT: the fields in which it differs from the report that landed first. */
  readonly conflictFields: readonly string[];
  /** Of DEAD_LETTERED: why. */
  readonly reason: string;
}

/** A call that failed as a whole. `code` is the name of the gRPC status. */
export class LachanError extends Error {
  override readonly name = 'LachanError';

  constructor(
    readonly code: string,
    message: string,
    /** How long the gateway asks to wait, in milliseconds, where it does. */
    readonly retryDelayMs: number | undefined,
  ) {
    super(message);
  }
}

/** The receipt of the wire for the caller; undefined when it breaks the contract. */
export function toReceipt(wire: WireReceipt, reportId: string): Accepted | Rejected | undefined {
  const { authorityReportId } = wire;
  if (wire.status === ReceiptStatus.REJECTED) {
    return { status: 'REJECTED', reportId, authorityReportId, violations: wire.violations.map(toViolation) };
  }
  if (wire.status !== ReceiptStatus.ACCEPTED || wire.receivedAt === undefined) return undefined;
  const receivedAt = new Date(timestampMs(wire.receivedAt));
  return { status: 'ACCEPTED', reportId, authorityReportId, receivedAt, missingFields: wire.missingFields };
}

export function toViolation({ field, rule, message, retryable }: WireViolation): Violation {
  return { field, rule: nameOf(Rule, rule) ?? 'UNSPECIFIED', message, retryable };
}

export function toOutcomes(wire: GetReportResponse): ReportOutcomes {
  const outcomes = wire.outcomes.map(toRecordOutcome);
  return { authorityReportId: wire.authorityReportId, outcomes, total: Number(wire.total) };
}

export function toRecordOutcome(record: WireRecordOutcome): RecordOutcome {
  return {
    revision: record.revision,
    outcome: nameOf(Outcome, record.outcome) ?? 'UNSPECIFIED',
    receivedAt: toDate(record.receivedAt),
    conflictFields: record.conflictFields,
    reason: record.reason,
  };
}

export function toDate(time: Timestamp | undefined): Date | undefined {
  return time && new Date(timestampMs(time));
}

/** A number of a newer contract has no name here, whatever its type says. */
export function nameOf<T extends Readonly<Record<string, string | number>>>(names: T, value: number) {
  return Object.keys(names).find((name): name is keyof T & string => names[name] === value);
}

export function unsent(reportId: string, reason: UnsentReason, message: string): Unsent {
  return { status: 'UNSENT', reportId, reason, message };
}

/** A report this side refuses by itself. */
export function rejected(reportId: string, violations: readonly Violation[]): Rejected {
  return { status: 'REJECTED', reportId, authorityReportId: '', violations };
}
