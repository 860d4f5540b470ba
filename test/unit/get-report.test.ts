import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { GetReportRequestSchema, GetReportResponseSchema, Outcome, Rule } from '@lachan/proto/report-service';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../gateway/authenticate.js';
import { getReport } from '../../gateway/get-report.js';
import { authorityReportId } from '../../gateway/identify.js';
import { uuidText } from '../../gateway/uuid-text.js';
import type { SelectParams } from '../../store/queries/select.js';
import { keyed } from '../support/gateway-records.js';
import { caller } from '../support/receiving.js';

interface Row {
  readonly environment: string;
  readonly id: string;
  readonly revision?: number;
  readonly outcome?: string;
  readonly receivedAtMs?: number;
  readonly conflictFields?: readonly string[];
  readonly reason?: string;
}

/** A store that holds these rows, and answers with those of the environment and id that it is asked for. */
const storeOf =
  (...rows: readonly Row[]) =>
  (_sql: string, params: SelectParams = {}) => {
    const found = rows.filter(
      ({ environment, id }) => environment === params['environment'] && id === params['id'],
    );
    return Promise.resolve(
      found.map((row) => ({
        revision: row.revision ?? 0,
        outcome: row.outcome ?? 'REPORT',
        received: String(row.receivedAtMs ?? 0),
        conflict_fields: row.conflictFields ?? [],
        reason: row.reason ?? '',
        total: String(found.length),
      })),
    );
  };

const requestOf = (reportId: string): Uint8Array =>
  toBinary(GetReportRequestSchema, create(GetReportRequestSchema, { reportId }));
const idOf = (reportId: string, { environment, providerId }: Caller = caller): string =>
  uuidText(authorityReportId(keyed, environment, providerId, reportId));

async function found(reportId: string, ...rows: readonly Row[]) {
  const answer = await getReport(requestOf(reportId), caller, keyed, storeOf(...rows));
  if (!(answer instanceof Uint8Array)) throw new Error(`refused: ${answer.kind}`);
  return fromBinary(GetReportResponseSchema, answer);
}

const mine = { environment: caller.environment, id: idOf('r-1') };

describe('what became of a report', () => {
  it('is told for each of its records, in the order of the log', async () => {
    const response = await found(
      'r-1',
      { ...mine, receivedAtMs: 1_000 },
      { ...mine, receivedAtMs: 2_000, outcome: 'DUPLICATE' },
      { ...mine, receivedAtMs: 3_000, outcome: 'CONFLICT', conflictFields: ['category', 'keywords'] },
      { ...mine, revision: 1, outcome: 'DEAD_LETTER', reason: 'UNDECODABLE' },
    );
    expect(response).toMatchObject({ reportId: 'r-1', authorityReportId: idOf('r-1'), total: 4n });
    expect(response.outcomes).toMatchObject([
      { revision: 0, outcome: Outcome.LANDED },
      { revision: 0, outcome: Outcome.DUPLICATE },
      { revision: 0, outcome: Outcome.CONFLICT, conflictFields: ['category', 'keywords'] },
      { revision: 1, outcome: Outcome.DEAD_LETTERED, reason: 'UNDECODABLE' },
    ]);
    expect(response.outcomes.slice(0, 3).map((one) => one.receivedAt && timestampMs(one.receivedAt))).toEqual(
      [1_000, 2_000, 3_000],
    );
  });

  it.each<[string, Row[]]>([
    ['has not landed', []],
    ["is another provider's", [{ ...mine, id: idOf('r-1', { ...caller, providerId: 'provider-b' }) }]],
    [
      'is of the other environment',
      [{ environment: 'PRODUCTION', id: idOf('r-1', { ...caller, environment: 'PRODUCTION' }) }],
    ],
  ])('is not told where the report %s', async (_, rows) => {
    const answer = await getReport(requestOf('r-1'), caller, keyed, storeOf(...rows));
    expect(answer).toEqual({ kind: 'not-found' });
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['an empty id', requestOf('')],
    ['an id of 501 characters', requestOf('a'.repeat(501))],
    ['an id with a line end', requestOf('r-1\n')],
    ['an id that no report may have', requestOf("r' OR 1=1")],
    ['bytes that are no request', Uint8Array.of(0xff, 0xff)],
    ['text that is not UTF-8', Uint8Array.of(0x0a, 0x01, 0xff)],
  ])('is not asked of the store for %s', async (_, bytes) => {
    const never = () => Promise.reject(new Error('asked'));
    const answer = await getReport(bytes, caller, keyed, never);
    expect(answer).toMatchObject({
      kind: 'invalid',
      violations: [{ field: 'report_id', rule: Rule.FORMAT }],
    });
  });

  it('may be asked for the longest id', async () => {
    const reportId = '_-aZ9'.repeat(100);
    const response = await found(reportId, { ...mine, id: idOf(reportId) });
    expect(response).toMatchObject({ reportId, total: 1n });
  });

  it('fails as the store does', async () => {
    const fault = new Error('the store does not answer');
    await expect(getReport(requestOf('r-1'), caller, keyed, () => Promise.reject(fault))).rejects.toBe(fault);
  });
});
