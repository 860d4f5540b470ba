// The receipts of reports that are not taken. An answer stays below the 4 MiB that callers usually take as one message,
// however much is wrong with a batch.
import { create } from '@bufbuild/protobuf';
import type { Report } from '@lachan/proto/report';
import { ReceiptSchema, ReceiptStatus, Rule, type Receipt } from '@lachan/proto/report-service';
import type { Caller } from './authenticate.js';
import { authorityReportId } from './identify.js';
import type { KeyedHash } from './keyed-hash.js';
import { uuidText } from './uuid-text.js';
import { fault, violation, type Violation } from './violation.js';

/** In one batch; beyond it, only the first few of each report. */
const MAX_VIOLATIONS_TOLD = 10_000;
const FEW_VIOLATIONS = 3;
const restLeftOut = violation(
  '',
  fault(Rule.TOO_MANY, 'Too many violations in this batch: the rest is left out.'),
);

const USABLE_REPORT_ID = /^[A-Za-z0-9_-]{1,500}$/;

/** What of the violations of one batch is told. */
export class ToldViolations {
  #told = 0;

  /** Of the next report or event. */
  of(violations: readonly Violation[]): readonly Violation[] {
    const most = Math.max(MAX_VIOLATIONS_TOLD - this.#told, FEW_VIOLATIONS);
    const told = violations.length <= most ? violations : [...violations.slice(0, most), restLeftOut];
    this.#told += told.length;
    return told;
  }
}

/** Refuses the bad reports of one batch. */
export class Rejections {
  readonly #told = new ToldViolations();

  constructor(
    private readonly caller: Caller,
    private readonly keyed: KeyedHash,
  ) {}

  /** `report` is undefined where it could not be decoded. */
  of(index: number, report: Report | undefined, violations: readonly Violation[]): Receipt {
    const told = this.#told.of(violations);
    const reportId = report !== undefined && USABLE_REPORT_ID.test(report.reportId) ? report.reportId : '';
    return create(ReceiptSchema, {
      index,
      reportId,
      authorityReportId: reportId === '' ? '' : this.#idOf(reportId),
      status: ReceiptStatus.REJECTED,
      violations: told.map(({ field, rule, message, retryable }) => ({ field, rule, message, retryable })),
    });
  }

  #idOf(reportId: string): string {
    const { environment, providerId } = this.caller;
    return uuidText(authorityReportId(this.keyed, environment, providerId, reportId));
  }
}
