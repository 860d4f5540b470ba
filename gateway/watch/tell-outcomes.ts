// What WatchOutcomes tells: what became of each record, then of the cases of the locations of its report.
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CaseResult, ReportOutcomeSchema, WatchOutcomesResponseSchema } from '@lachan/proto/report-service';
import type { Audience } from '../../store/queries/notices.js';
import {
  selectCaseOutcomes,
  selectRecordOutcomes,
  selectReportsOf,
  type CaseEventRow,
  type ReportOfLocation,
} from '../../store/queries/outcomes.js';
import type { Select } from '../../store/queries/select.js';
import { recordOutcome } from '../get-report.js';
import type { PagePlan } from './lanes.js';
import type { Page, Source } from './source.js';
import { appliedOf } from './tell-notices.js';

/** What the contract promises of one message. */
const MAX_OUTCOMES = 500;
/** Reports of one provider at one location that are told of its case. */
const MAX_REPORTS = 1_000;
/** Events read at once: each may concern that many reports of every provider. */
const MAX_EVENTS = 100;

export const outcomes: Source = {
  kind: 'outcomes',
  topics: ['reports', 'takedowns'],
  maxParts: MAX_OUTCOMES,
  read: (select, plan, audience, limit) =>
    plan.topic === 'reports'
      ? readRecordOutcomes(select, plan, audience, limit)
      : readCaseOutcomes(select, plan, audience, Math.min(limit, MAX_EVENTS)),
  cursorPart: (cursor) =>
    toBinary(WatchOutcomesResponseSchema, create(WatchOutcomesResponseSchema, { cursor })),
};

async function readRecordOutcomes(
  select: Select,
  plan: PagePlan,
  audience: Audience,
  limit: number,
): Promise<Page> {
  const rows = await selectRecordOutcomes(select, plan, audience, limit);
  return {
    entries: rows.map((row) => {
      const { environment, providerId, partition, offset, reportId, authorityReportId } = row;
      const bytes = partOf({
        reportId,
        authorityReportId,
        of: { case: 'record', value: recordOutcome(row) },
      });
      return { environment, providerId, partition, offset, bytes };
    }),
    cut: rows.length < limit ? undefined : rows.at(-1),
  };
}

async function readCaseOutcomes(
  select: Select,
  plan: PagePlan,
  audience: Audience,
  limit: number,
): Promise<Page> {
  const found = await selectCaseOutcomes(select, plan, audience, limit);
  const cut = found.length < limit ? undefined : found.at(-1);
  const rows = await appliedOf(select, audience, found);
  if (rows.length === 0) return { entries: [], cut };
  const keys = [...new Set(rows.map(({ locationKey }) => locationKey))];
  const reports = new Map<string, ReportOfLocation[]>();
  for (const report of await selectReportsOf(select, audience, keys, MAX_REPORTS)) {
    const known = reports.get(placeOf(report));
    if (known === undefined) reports.set(placeOf(report), [report]);
    else known.push(report);
  }
  return {
    entries: rows.flatMap((row) => {
      const value = {
        locationKey: row.locationKey,
        result: resultOf(row),
        at: timestampFromMs(row.atMs),
      };
      return (reports.get(placeOf(row)) ?? []).map(({ providerId, reportId, authorityReportId }) => ({
        environment: row.environment,
        providerId,
        partition: row.partition,
        offset: row.offset,
        bytes: partOf({ reportId, authorityReportId, of: { case: 'caseOutcome', value } }),
      }));
    }),
    cut,
  };
}

function resultOf({ type, closedAs }: CaseEventRow): CaseResult {
  switch (type) {
    case 'VERIFIED_DOWN':
      return CaseResult.ACTIONED;
    case 'ALREADY_DOWN':
      return CaseResult.ALREADY_DOWN;
    case 'ASSESSED':
      return CaseResult.NEED_MORE_INFORMATION;
    case 'REFERRED':
      return CaseResult.REFERRED;
    case 'CLOSED':
      return closedAs === 'NOT_ILLEGAL' ? CaseResult.NOT_ILLEGAL : CaseResult.NOT_RESOLVABLE;
    default:
      throw new TypeError('an event that decides nothing');
  }
}

function partOf(outcome: MessageInitShape<typeof ReportOutcomeSchema>): Uint8Array {
  return toBinary(
    WatchOutcomesResponseSchema,
    create(WatchOutcomesResponseSchema, { outcomes: [create(ReportOutcomeSchema, outcome)] }),
  );
}

function placeOf(row: { readonly environment: string; readonly locationKey: string }): string {
  return `${row.environment} ${row.locationKey}`;
}
