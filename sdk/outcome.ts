// What became of a platform's reports, as its host sees it. Knows the answers of the wire; never how they came.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CaseResult,
  WatchOutcomesRequestSchema,
  WatchOutcomesResponseSchema,
  type ReportOutcome as WireOutcome,
} from '@lachan/proto/report-service';
import { nameOf, toDate, toRecordOutcome, type RecordOutcome } from './receipt.js';
import type { WatchKind } from './watch-kind.js';

/** News of one report: first of each sending of it, then of the cases of its locations. */
export type ReportOutcome = RecordNews | CaseNews | UnknownNews;

/** What became of one accepted sending. */
export interface RecordNews {
  readonly kind: 'RECORD';
  readonly reportId: string;
  readonly authorityReportId: string;
  readonly record: RecordOutcome;
}

/** What came of the case of one location of the report. */
export interface CaseNews {
  readonly kind: 'CASE';
  readonly reportId: string;
  readonly authorityReportId: string;
  readonly locationKey: string;
  /** UNSPECIFIED stands for one this version does not know. */
  readonly result: keyof typeof CaseResult;
  readonly at: Date | undefined;
}

/** Something this version does not know. */
export interface UnknownNews {
  readonly kind: 'UNKNOWN';
  readonly reportId: string;
  readonly authorityReportId: string;
}

/** How WatchOutcomes tells. */
export const OUTCOMES: WatchKind<ReportOutcome> = {
  method: 'watchOutcomes',
  request: (cursor) => toBinary(WatchOutcomesRequestSchema, create(WatchOutcomesRequestSchema, { cursor })),
  read(bytes) {
    const { outcomes, cursor } = fromBinary(WatchOutcomesResponseSchema, bytes);
    return { values: outcomes.map(toOutcome), cursor };
  },
  keyOf: (outcome) => outcome.reportId,
  idOf: (outcome) => outcome.reportId,
};

function toOutcome({ reportId, authorityReportId, of }: WireOutcome): ReportOutcome {
  switch (of.case) {
    case 'record':
      return { kind: 'RECORD', reportId, authorityReportId, record: toRecordOutcome(of.value) };
    case 'caseOutcome': {
      const { locationKey, result, at } = of.value;
      const name = nameOf(CaseResult, result) ?? 'UNSPECIFIED';
      return { kind: 'CASE', reportId, authorityReportId, locationKey, result: name, at: toDate(at) };
    }
    default:
      return { kind: 'UNKNOWN', reportId, authorityReportId };
  }
}
