import { create, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FingerprintAlgorithm, ReportSchema } from '@lachan/proto/report';
import { ReceiptStatus, Rule, SubmitReportsResponseSchema, type Receipt } from '@lachan/proto/report-service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorityReportId } from '../../gateway/identify.js';
import { uuidText } from '../../gateway/uuid-text.js';
import { LogFault } from '../../log/log.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { goodReport } from '../support/arbitrary-report.js';
import { keyed, opened, plain } from '../support/gateway-records.js';
import { isPending } from '../support/held-log.js';
import { caller, receiptsOf, Receiving, submitBytes } from '../support/receiving.js';
import { good, RECEIVED_AT_MS, reportOf, times, type Init } from '../support/reports.js';

const { ACCEPTED, REJECTED } = ReceiptStatus;
const numbered = (reportId: string, change: Init = {}) => reportOf({ ...good, reportId, ...change });
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `r-${i}`);
const idOf = (reportId: string): string =>
  uuidText(authorityReportId(keyed, caller.environment, caller.providerId, reportId));
const statuses = (receipts: readonly Receipt[]): ReceiptStatus[] => receipts.map(({ status }) => status);

/** A good report of more than a mebibyte. */
const huge = (reportId: string) => {
  const fingerprint = { algorithm: FingerprintAlgorithm.OTHER, value: 'ab'.repeat(2048) };
  return numbered(reportId, { items: times(64, { fingerprints: times(5, fingerprint) }) });
};

describe('a batch of 500 of which 3 are bad', () => {
  const bad = new Map([
    [0, { category: 0 }],
    [250, { locations: [{ url: 'not a url' }] }],
    [499, { streamSequence: 2n ** 60n }],
  ]);
  const reports = ids(500).map((id, i) => numbered(id, bad.get(i)));

  it('is answered by one receipt each, in order: 497 accepted, 3 rejected', async () => {
    const receipts = receiptsOf(await new Receiving().submit(reports));
    expect(receipts.map(({ index }) => index)).toEqual(ids(500).map((_, i) => i));
    expect(receipts.map(({ reportId }) => reportId)).toEqual(ids(500));
    expect(statuses(receipts)).toEqual(ids(500).map((_, i) => (bad.has(i) ? REJECTED : ACCEPTED)));
    const told = receipts.flatMap(({ index, violations }) =>
      violations.map(({ field, rule }) => [index, field, Rule[rule]]),
    );
    expect(told).toEqual([
      [0, 'category', 'REQUIRED'],
      [250, 'locations[0].url', 'FORMAT'],
      [499, 'stream_sequence', 'RANGE'],
    ]);
  });

  it('leaves the 497 in the log, in order, and counts both', async () => {
    const receiving = new Receiving();
    await receiving.submit(reports);
    expect(receiving.records().map(({ reportId }) => reportId)).toEqual(
      ids(500).filter((_, i) => !bad.has(i)),
    );
    expect(receiving.counts).toEqual([{ accepted: 497, rejected: 3 }]);
  });
});

describe('an accepted report', () => {
  it("has the authority's id, the time of receipt and a hint of what is missing", async () => {
    const [receipt] = receiptsOf(await new Receiving().submit([numbered('r-1')]));
    expect(receipt).toMatchObject({ status: ACCEPTED, authorityReportId: idOf('r-1'), violations: [] });
    expect(receipt?.receivedAt && timestampMs(receipt.receivedAt)).toBe(RECEIVED_AT_MS);
    expect(receipt?.missingFields).toEqual([
      'locations.host_ip',
      'items.fingerprints',
      'content_created_at',
      'decision',
    ]);
  });

  it('stands in the log as it was sent, sealed, under the id it was told', async () => {
    const receiving = new Receiving();
    await receiving.submit([numbered('r-1', { additionalInfo: 'Thêm' })]);
    const [record] = receiving.records();
    expect(record).toMatchObject({ ...caller, reportId: 'r-1', receivedAtMs: RECEIVED_AT_MS });
    expect(uuidText(Buffer.from(record?.authorityReportId ?? []))).toBe(idOf('r-1'));
    expect(record && opened(record)).toEqual({
      'locations[0].url': 'https://lachan-demo-1.vn/x',
      additional_info: 'Thêm',
    });
    const [logged] = receiving.log.records(REPORTS_TOPIC);
    expect(plain(logged?.key)).toBe(plain(record?.authorityReportId));
  });

  it('gets the same id and the same digest when it is sent again, on a stream and at another time', async () => {
    const receiving = new Receiving();
    await receiving.submit([numbered('r-1')]);
    const again = numbered('r-1', { streamSequence: 9n, correlationId: 'c' });
    const [receipt] = receiptsOf(await receiving.stream(1, [again]));
    expect(receipt?.authorityReportId).toBe(idOf('r-1'));
    const [first, second] = receiving.records();
    expect(second?.recordKey).toEqual(first?.recordKey);
    expect(second?.payloadDigest).toEqual(first?.payloadDigest);
    expect(second?.fieldDigests).toEqual(first?.fieldDigests);
  });

  it('of any good content becomes a record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(goodReport, { minLength: 1, maxLength: 4 }), async (inits) => {
        const receiving = new Receiving({ maxInFlightBytes: 1e9 });
        const receipts = receiptsOf(await receiving.submit(inits.map(reportOf)));
        expect(statuses(receipts)).toEqual(inits.map(() => ACCEPTED));
        expect(receiving.records().map(({ reportId }) => reportId)).toEqual(inits.map((one) => one.reportId));
      }),
    );
  });
});

describe('a refused report', () => {
  it('has an id where its own is usable, and never repeats what is not', async () => {
    const receipts = receiptsOf(
      await new Receiving().submit([numbered('r-1', { category: 0 }), numbered('ngày 1', {})]),
    );
    expect(receipts).toMatchObject([
      { reportId: 'r-1', authorityReportId: idOf('r-1'), missingFields: [] },
      { reportId: '', authorityReportId: '' },
    ]);
    expect(JSON.stringify(receipts)).not.toContain('ngày');
  });

  it('that cannot be read is refused alone', async () => {
    const request = new BinaryWriter();
    for (const bytes of [[0xff], [...toBinary(ReportSchema, numbered('r-1'))]]) {
      request.tag(1, WireType.LengthDelimited).bytes(Uint8Array.from(bytes));
    }
    const receiving = new Receiving();
    const receipts = receiptsOf(await receiving.submitBytes(request.finish()));
    expect(statuses(receipts)).toEqual([REJECTED, ACCEPTED]);
    expect(receipts[0]?.violations).toMatchObject([{ field: '', rule: Rule.MALFORMED }]);
    expect(receiving.records()).toHaveLength(1);
  });

  it('that is too large to be kept is refused alone', async () => {
    const receiving = new Receiving({ maxInFlightBytes: 1e9 });
    const batch = [numbered('r-1'), huge('r-2'), numbered('r-3')];
    const receipts = receiptsOf(await receiving.submit(batch));
    expect(statuses(receipts)).toEqual([ACCEPTED, REJECTED, ACCEPTED]);
    expect(receipts[1]?.violations).toMatchObject([{ field: '', rule: Rule.LENGTH, retryable: false }]);
    expect(receiving.records().map(({ reportId }) => reportId)).toEqual(['r-1', 'r-3']);
  });

  it('makes no record, and a batch of nothing else does not reach the log', async () => {
    const receiving = new Receiving();
    receiving.log.failWith(new LogFault('REFUSED', 'nothing to append'));
    const receipts = receiptsOf(await receiving.submit([numbered('r-1', { category: 0 })]));
    expect(statuses(receipts)).toEqual([REJECTED]);
    expect(receiving.counts).toEqual([{ accepted: 0, rejected: 1 }]);
  });

  it.each<[string, () => Uint8Array]>([
    ['values', () => submitBytes(times(1000, reportOf({ territorialScope: times(250, 'x') })))],
    [
      'unknown fields',
      () => {
        const report = new BinaryWriter();
        for (let i = 0; i < 300; i += 1) report.tag(536_870_911 - i, WireType.Varint).uint32(0);
        const bytes = report.finish();
        const request = new BinaryWriter();
        for (let i = 0; i < 1000; i += 1) request.tag(1, WireType.LengthDelimited).bytes(bytes);
        return request.finish();
      },
    ],
  ])('is told why within 4 MiB, however many bad %s its batch has', async (_, request) => {
    const receipts = receiptsOf(await new Receiving({ maxInFlightBytes: 1e9 }).submitBytes(request()));
    const response = create(SubmitReportsResponseSchema, { receipts: [...receipts] });
    expect(toBinary(SubmitReportsResponseSchema, response).length).toBeLessThan(4_194_304);
    expect(receipts).toHaveLength(1000);
    for (const { status, violations } of receipts) {
      expect(status).toBe(REJECTED);
      expect(violations.length).toBeGreaterThan(0);
    }
    expect(receipts[0]?.violations.length).toBeGreaterThan(100);
    expect(receipts[999]?.violations.at(-1)).toMatchObject({ field: '', rule: Rule.TOO_MANY });
  });
});

describe('an answer', () => {
  it('is not given before the records are durable', async () => {
    const receiving = new Receiving();
    receiving.log.hold();
    const answering = receiving.submit([numbered('r-1')]);
    expect(await isPending(answering)).toBe(true);
    expect(receiving.counts).toEqual([]);
    receiving.log.letGo();
    expect(statuses(receiptsOf(await answering))).toEqual([ACCEPTED]);
    expect(receiving.records()).toHaveLength(1);
  });

  it.each(['FULL', 'UNAVAILABLE'] as const)(
    'is to wait when the log is %s: nothing was taken',
    async (code) => {
      const receiving = new Receiving();
      receiving.log.failWith(new LogFault(code, 'a cause that stays at home'));
      const answer = await receiving.stream(7, [numbered('r-1')]);
      expect(answer).toMatchObject({ kind: 'wait', batchSequence: 7, isUnavailable: code === 'UNAVAILABLE' });
      expect(answer.kind === 'wait' && answer.retryAfterMs).toBeGreaterThan(0);
      expect(JSON.stringify(answer)).not.toContain('at home');
      expect(receiving.records()).toEqual([]);
      expect(receiving.counts).toEqual([]);
      receiving.log.failWith(undefined);
      expect(statuses(receiptsOf(await receiving.stream(7, [numbered('r-1')])))).toEqual([ACCEPTED]);
    },
  );

  it.each([new LogFault('DAMAGED', 'x'), new LogFault('REFUSED', 'x'), new TypeError('a bug')])(
    'is not given when the log fails for good: %s',
    async (fault) => {
      const receiving = new Receiving();
      receiving.log.failWith(fault);
      await expect(receiving.submit([numbered('r-1')])).rejects.toBe(fault);
      expect(receiving.counts).toEqual([]);
    },
  );

  it('is to wait while landing is behind, or too much is in flight', async () => {
    const receiving = new Receiving({ maxInFlightBytes: 100 });
    receiving.landingLag = 1_001;
    expect(await receiving.stream(3, [numbered('r-1')])).toMatchObject({ kind: 'wait', batchSequence: 3 });
    receiving.landingLag = 0;
    receiving.log.hold();
    const first = receiving.stream(4, [numbered('r-1')]);
    expect(await receiving.stream(5, [numbered('r-2')])).toMatchObject({ kind: 'wait', batchSequence: 5 });
    receiving.log.letGo();
    expect(await first).toMatchObject({ kind: 'receipts', batchSequence: 4 });
    expect(receiving.records().map(({ reportId }) => reportId)).toEqual(['r-1']);
  });

  it('is that the batch is unusable as a whole, where it is', async () => {
    const receiving = new Receiving();
    expect(await receiving.stream(0, [numbered('r-1')])).toMatchObject({
      kind: 'refused',
      batchSequence: 0,
      violations: [{ field: 'batch_sequence', rule: Rule.RANGE }],
    });
    expect(await receiving.submit([])).toMatchObject({ kind: 'refused' });
    expect(await receiving.submitBytes(Uint8Array.of(0xff))).toMatchObject({ kind: 'refused' });
    expect(receiving.admission.inFlightBytes).toBe(0);
  });
});

describe('the place of a batch', () => {
  it.each<[string, Error | undefined, Init]>([
    ['accepted', undefined, {}],
    ['rejected', undefined, { category: 0 }],
    ['told to wait', new LogFault('FULL', 'x'), {}],
    ['met by a fault', new Error('x'), {}],
  ])('is given back when it is %s', async (_, fault, change) => {
    const receiving = new Receiving();
    receiving.log.hold();
    receiving.log.failWith(fault);
    const answering = receiving.submit([numbered('r-1'), numbered('r-2', change)]);
    expect(receiving.admission.inFlightBytes).toBeGreaterThan(0);
    receiving.log.letGo();
    await answering.catch(() => undefined);
    expect(receiving.admission.inFlightBytes).toBe(0);
  });
});
