// GetReport: what became of the records of one of the caller's own reports.
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  GetReportRequestSchema,
  GetReportResponseSchema,
  Outcome,
  Rule,
  type RecordOutcomeSchema,
} from '@lachan/proto/report-service';
import { selectReportOutcomes, type ReportOutcome } from '../store/queries/report-outcomes.js';
import type { Select } from '../store/queries/select.js';
import type { Caller } from './authenticate.js';
import { authorityReportId } from './identify.js';
import type { KeyedHash } from './keyed-hash.js';
import type { Refusal } from './refusal.js';
import { uuidText } from './uuid-text.js';

const OUTCOMES = {
  REPORT: Outcome.LANDED,
  DUPLICATE: Outcome.DUPLICATE,
  CONFLICT: Outcome.CONFLICT,
  DEAD_LETTER: Outcome.DEAD_LETTERED,
} as const;

/** The encoded response, or why there is none. Rejects with the store's fault. */
export async function getReport(
  bytes: Uint8Array,
  { environment, providerId }: Caller,
  keyed: KeyedHash,
  select: Select,
): Promise<Uint8Array | Refusal> {
  const reportId = readReportId(bytes);
  if (reportId === undefined || !/^[A-Za-z0-9_-]{1,500}$/.test(reportId)) {
    const message = 'Must be 1 to 500 of A-Z, a-z, 0-9, _ and -.';
    return {
      kind: 'invalid',
      violations: [{ field: 'report_id', rule: Rule.FORMAT, message, retryable: false }],
    };
  }
  const id = uuidText(authorityReportId(keyed, environment, providerId, reportId));
  const { outcomes, total } = await selectReportOutcomes(select, environment, id);
  if (total === 0) return { kind: 'not-found' };
  return toBinary(
    GetReportResponseSchema,
    create(GetReportResponseSchema, {
      reportId,
      authorityReportId: id,
      total: BigInt(total),
      outcomes: outcomes.map(recordOutcome),
    }),
  );
}

/** What became of one record, as the contract says it. */
export function recordOutcome(of: ReportOutcome): MessageInitShape<typeof RecordOutcomeSchema> {
  const { revision, outcome, receivedAtMs, conflictFields, reason } = of;
  return {
    revision,
    outcome: OUTCOMES[outcome],
    receivedAt: timestampFromMs(receivedAtMs),
    conflictFields: [...conflictFields],
    reason,
  };
}

function readReportId(bytes: Uint8Array): string | undefined {
  try {
    return fromBinary(GetReportRequestSchema, bytes).reportId;
  } catch {
    return undefined;
  }
}
