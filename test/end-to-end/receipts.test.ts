import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Category, DetectionMethod, FingerprintAlgorithm } from '@lachan/proto/report';
import { ReceiptStatus, Rule, type Receipt } from '@lachan/proto/report-service';
import { at, Reporter, ReportKind, type ReportOutcomes } from '@lachan/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DETECTED_MS, example, exampleMessage, type Fields } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { Place, recordOf, until, type Row, type Serving } from '../support/lachan-process.js';

const HOUR_MS = 3_600_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const accepted = (receipts: readonly Receipt[]): readonly Receipt[] =>
  receipts.filter(({ status }) => status === ReceiptStatus.ACCEPTED);
const rejections = (receipts: readonly Receipt[]) =>
  receipts
    .filter(({ status }) => status === ReceiptStatus.REJECTED)
    .map(({ index, reportId, violations }) => ({
      index,
      reportId,
      broken: violations.map(({ field, rule }) => `${field} ${Rule[rule]}`),
    }));

describe('what a sender is told', () => {
  let place: Place;
  let serving: Serving;
  let token: string;
  let testToken: string;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '50');
    token = await place.provider('Lachan Demo Provider');
    testToken = await place.provider('Lachan Demo Provider', 'TEST');
  });

  afterAll(async () => {
    for (const close of closing.splice(0)) await close();
    await place.remove();
  });

  const clientOf = (credential: string): GatewayClient => {
    const client = new GatewayClient(serving.grpc, credential);
    closing.push(() => client.close());
    return client;
  };
  const reporterOf = (credential: string): Reporter => {
    const reporter = new Reporter({ endpoint: serving.grpc, token: credential, lingerMs: 1 });
    closing.push(() => reporter.close({ deadlineMs: 0 }));
    return reporter;
  };
  const counts = async (environment = 'PRODUCTION'): Promise<Row> =>
    recordOf(
      await place.json('query', 'counts', '--param', `environment=${environment}`, '--format', 'json'),
    );
  /** What became of a report, once `sendings` of it have landed. */
  const outcomesOf = (reporter: Reporter, reportId: string, sendings: number): Promise<ReportOutcomes> =>
    until(`${sendings} outcomes of ${reportId}`, async () => {
      const found = await reporter.lookup(reportId);
      return found !== undefined && found.total >= sendings ? found : undefined;
    });

  describe('of 500 reports of which 3 are bad', () => {
    const BAD: Readonly<Record<number, Fields>> = {
      17: { confidence: 1.5 },
      250: { locations: [{ url: 'https://lachan-demo-1.vn/x' }, { url: 'ftp://lachan-demo-1.vn/x' }] },
      499: { category: Category.UNSPECIFIED, detectionMethod: DetectionMethod.UNSPECIFIED },
    };
    const batch = Array.from({ length: 500 }, (_, i) => exampleMessage(`r-${i}`, BAD[i]));
    let client: GatewayClient;
    let first: readonly Receipt[];
    let countsBefore: Row;

    beforeAll(async () => {
      client = clientOf(testToken);
      first = await client.submit(batch);
      countsBefore = await counts('TEST');
    });

    it('497 are accepted and 3 rejected, one receipt each, in the order sent', () => {
      expect(first.map(({ index }) => index)).toEqual(batch.map((_, i) => i));
      expect(first.map(({ reportId }) => reportId)).toEqual(batch.map(({ reportId }) => reportId));
      expect(accepted(first)).toHaveLength(497);
    });

    it('every violation names the field and the rule', () => {
      expect(rejections(first)).toEqual([
        { index: 17, reportId: 'r-17', broken: ['confidence RANGE'] },
        { index: 250, reportId: 'r-250', broken: ['locations[1].url FORMAT'] },
        { index: 499, reportId: 'r-499', broken: ['category REQUIRED', 'detection_method REQUIRED'] },
      ]);
    });

    it('every accepted one has an id of its own from the authority', () => {
      const ids = accepted(first).map(({ authorityReportId }) => authorityReportId);
      expect(new Set(ids).size).toBe(497);
      for (const id of ids) expect(id).toMatch(UUID);
    });

    it('sent again they get the same ids, and no new report', async () => {
      const again = await client.submit(batch);
      expect(again.map(({ authorityReportId, status }) => [authorityReportId, status])).toEqual(
        first.map(({ authorityReportId, status }) => [authorityReportId, status]),
      );
      expect(countsBefore).toMatchObject({ log_records: 497, reports: 497, duplicates: 0, conflicts: 0 });
      expect(await counts('TEST')).toMatchObject({
        log_records: 994,
        reports: 497,
        duplicates: 497,
        conflicts: 0,
      });
    });
  });

  it('a file is told by its lines: which are bad, in which field, and the others are accepted', async () => {
    const json = (reportId: string, change: Record<string, unknown> = {}): string =>
      JSON.stringify({
        reportId,
        category: 'CATEGORY_CSAM',
        locations: [{ url: 'https://lachan-demo-2.vn/x' }],
        detectedAt: { instant: '2026-10-01T08:00:00Z' },
        detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
        ...change,
      });
    const lines = Array.from({ length: 60 }, (_, i) => json(`line-${i + 1}`));
    lines[6] = json('line-7', { locations: [{ url: 'mailto:nobody@lachan-demo-2.vn' }] });
    lines[29] = json('line-30', { category: 'CATEGORY_OF_TOMORROW' });
    lines[59] = '{"reportId": ';
    const file = join(place.root, 'reports.ndjson');
    await writeFile(file, `${lines.join('\n')}\n`);
    const sent = recordOf(await place.json('submit', '--json', '--token', token, file));
    expect(sent).toMatchObject({ read: 60, accepted: 57, rejected: 3, unsent: 0 });
    const found = sent['rejections'];
    expect(
      Array.isArray(found)
        ? found.toSorted((a: Row, b: Row) => Number(a['line']) - Number(b['line']))
        : found,
    ).toMatchObject([
      { file, line: 7, violations: [{ field: 'locations[0].url', rule: 'FORMAT' }] },
      { file, line: 30, violations: [{ field: 'category', rule: 'UNKNOWN_VALUE' }] },
      { file, line: 60, violations: [{ rule: 'MALFORMED' }] },
    ]);
  });

  it('the same id with another content is a conflict that names the fields', async () => {
    const reporter = reporterOf(token);
    const first = await reporter.report(example('c-1', { additionalInfo: 'one', keywords: ['a'] }));
    await outcomesOf(reporter, 'c-1', 1);
    const change: Fields = {
      category: Category.GROOMING,
      additionalInfo: 'two',
      keywords: ['a'],
      confidence: 0.5,
    };
    const second = await reporter.report(example('c-1', change));
    expect([first.status, second.status]).toEqual(['ACCEPTED', 'ACCEPTED']);
    const { authorityReportId, total, outcomes } = await outcomesOf(reporter, 'c-1', 2);
    expect(first).toMatchObject({ authorityReportId });
    expect(second).toMatchObject({ authorityReportId });
    expect(total).toBe(2);
    expect(outcomes).toMatchObject([
      { revision: 0, outcome: 'LANDED', conflictFields: [] },
      { revision: 0, outcome: 'CONFLICT', conflictFields: ['category', 'confidence', 'additional_info'] },
    ]);
  });

  it('a conflict within one batch is told like any other', async () => {
    await clientOf(token).submit([
      exampleMessage('c-2', { additionalInfo: 'one' }),
      exampleMessage('c-2', { additionalInfo: 'two' }),
      exampleMessage('c-2', { additionalInfo: 'one' }),
    ]);
    const { outcomes } = await outcomesOf(reporterOf(token), 'c-2', 3);
    expect(outcomes.map(({ outcome, conflictFields }) => [outcome, conflictFields])).toEqual([
      ['LANDED', []],
      ['CONFLICT', ['additional_info']],
      ['DUPLICATE', []],
    ]);
  });

  it('the same report later, on another stream, told and counted otherwise, is a duplicate', async () => {
    const send = async (change: Fields): Promise<Receipt | undefined> => {
      const client = clientOf(token);
      const stream = client.stream();
      stream.send(1, [exampleMessage('d-1', change)]);
      const { receipts } = await stream.answer(1);
      stream.finish();
      expect(await stream.ended()).toMatchObject({ code: 'OK' });
      return receipts[0];
    };
    const first = await send({
      streamSequence: 1n,
      correlationId: 'trace-1',
      reportedAt: at(DETECTED_MS + HOUR_MS),
    });
    const later = await send({
      streamSequence: 77n,
      correlationId: 'trace-2',
      reportedAt: at(DETECTED_MS + 30 * HOUR_MS),
    });
    const bare = await send({});
    expect(later?.authorityReportId).toBe(first?.authorityReportId);
    expect(bare?.authorityReportId).toBe(first?.authorityReportId);
    const { outcomes } = await outcomesOf(reporterOf(token), 'd-1', 3);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['LANDED', 'DUPLICATE', 'DUPLICATE']);
  });

  it('a correction under the next revision and a retraction under the one after stand beside the report', async () => {
    const reporter = reporterOf(token);
    const sent = [
      example('k-1'),
      example('k-1', { kind: ReportKind.AMENDMENT, revision: 1, confidence: 0.9 }),
      { reportId: 'k-1', kind: ReportKind.RETRACTION, revision: 2, retractionReason: 'mistaken' },
    ];
    for (const report of sent) expect(await reporter.report(report)).toMatchObject({ status: 'ACCEPTED' });
    const { outcomes } = await outcomesOf(reporter, 'k-1', 3);
    expect(outcomes.map(({ revision, outcome }) => [revision, outcome])).toEqual([
      [0, 'LANDED'],
      [1, 'LANDED'],
      [2, 'LANDED'],
    ]);
  });

  it('nothing is known of a report that was never accepted, nor of one of another provider', async () => {
    const mine = reporterOf(token);
    const other = reporterOf(await place.provider('Lachan Demo Other'));
    await mine.report(example('own-1'));
    await outcomesOf(mine, 'own-1', 1);
    expect(await mine.lookup('own-2')).toBeUndefined();
    expect(await other.lookup('own-1')).toBeUndefined();
  });

  it('an accepted report says when it was received, and what would make it easier to act on', async () => {
    const fingerprints = [{ algorithm: FingerprintAlgorithm.MD5, value: 'ab'.repeat(16) }];
    const before = Date.now();
    const [bare, better] = await clientOf(token).submit([
      exampleMessage('h-1'),
      exampleMessage('h-2', { items: [{ fingerprints }] }),
    ]);
    const after = Date.now();
    for (const receipt of [bare, better]) {
      const receivedAt = receipt?.receivedAt === undefined ? NaN : timestampMs(receipt.receivedAt);
      expect(receivedAt).toBeGreaterThanOrEqual(before - 1);
      expect(receivedAt).toBeLessThanOrEqual(after + 1);
    }
    expect(bare?.missingFields).toContain('items.fingerprints');
    expect(better?.missingFields).not.toContain('items.fingerprints');
  });
});
