import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  GetReportRequestSchema,
  GetReportResponseSchema,
  Outcome,
  ReceiptStatus,
} from '@lachan/proto/report-service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authorityReportId } from '../../gateway/identify.js';
import { uuidText } from '../../gateway/uuid-text.js';
import { LogFault } from '../../log/log.js';
import type { GatewayClient } from '../support/gateway-client.js';
import { keyed } from '../support/gateway-records.js';
import { GatewayUnderTest } from '../support/gateway-under-test.js';
import { until } from '../support/lachan-process.js';
import { submitBytes } from '../support/receiving.js';
import { good, reportOf, times } from '../support/reports.js';

const SERVICE = '/lachan.v1.ReportService';
const numbered = (reportId: string) => reportOf({ ...good, reportId });
const batch = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => numbered(`${name}-${i}`));
const lookup = (reportId: string): Uint8Array =>
  toBinary(GetReportRequestSchema, create(GetReportRequestSchema, { reportId }));

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
});
afterEach(async () => {
  await gateway.stop();
});

describe('a batch', () => {
  it('is answered once it is in the log, by receipts in order', async () => {
    const receipts = await gateway.client('a').submit(batch('r', 500));
    expect(receipts.map(({ index, reportId, status }) => [index, reportId, status])).toEqual(
      times(500, 0).map((_, i) => [i, `r-${i}`, ReceiptStatus.ACCEPTED]),
    );
    expect((await gateway.records()).map(({ reportId }) => reportId)).toEqual(
      receipts.map(({ reportId }) => reportId),
    );
  });

  it('is not answered while it is not in the log', async () => {
    gateway.hold();
    const stream = gateway.client('a').stream();
    stream.send(1, [numbered('r')]);
    await until('the batch at the log', () => (gateway.heldBatches === 1 ? true : undefined));
    // Whatever the server had to say before now, it has said before it answers this.
    await gateway.client('a').call(`${SERVICE}/GetReport`, lookup('r'));
    expect(stream.responses().map(({ batchSequence }) => batchSequence)).toEqual([0n]);
    gateway.letGo();
    expect((await stream.answer(1)).receipts).toMatchObject([{ status: ReceiptStatus.ACCEPTED }]);
  });

  it('of every caller is answered, when many send at once, and each record has its provider', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const send = async (name: string, i: number): Promise<void> => {
      const client = gateway.client(name);
      if (i % 2 === 0) {
        await Promise.all(times(10, 0).map((_, n) => client.submit(batch(`${name}-${n}`, 50))));
        return;
      }
      const stream = client.stream();
      for (let n = 0; n < 10; n += 1) stream.send(n + 1, batch(`${name}-${n}`, 50));
      await Promise.all(times(10, 0).map((_, n) => stream.answer(n + 1)));
      stream.finish();
      expect(await stream.ended()).toMatchObject({ code: 'OK' });
    };
    await Promise.all(names.map(send));
    const sent = names.flatMap((name) =>
      times(10, 0).flatMap((_, n) => times(50, 0).map((__, i) => `${name} ${name}-${n}-${i}`)),
    );
    const arrived = (await gateway.records()).map(({ providerId, reportId }) => `${providerId} ${reportId}`);
    expect(arrived.toSorted()).toEqual(sent.toSorted());
    expect(gateway.faults).toEqual([]);
  });
});

describe('a caller without a good token', () => {
  it.each<[string, (client: GatewayClient) => Promise<unknown>]>([
    ['SubmitReports', (client) => client.submitBytes(new Uint8Array())],
    ['StreamReports', (client) => client.stream().ended()],
    ['GetReport', (client) => client.call(`${SERVICE}/GetReport`, lookup('r'))],
  ])('is refused by %s, and told what to send', async (_, call) => {
    gateway.revoked.add('b');
    for (const client of [gateway.client(), gateway.client('b')]) {
      expect(await call(client)).toMatchObject({
        code: 'UNAUTHENTICATED',
        rich: { code: 16, reason: 'CREDENTIAL_NOT_VALID', domain: 'lachan' },
      });
    }
    expect(await gateway.records()).toEqual([]);
  });

  it('is cut off in an open stream by the next batch', async () => {
    const stream = gateway.client('a').stream();
    stream.send(1, [numbered('r-1')]);
    await stream.answer(1);
    gateway.revoked.add('a');
    stream.send(2, [numbered('r-2')]);
    expect(await stream.ended()).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await gateway.records()).map(({ reportId }) => reportId)).toEqual(['r-1']);
  });
});

describe('a call that fails', () => {
  it('names the fields of a batch that is unusable', async () => {
    const answer = await gateway.client('a').submitBytes(new Uint8Array());
    expect(answer).toMatchObject({
      code: 'INVALID_ARGUMENT',
      rich: { reason: 'REQUEST_NOT_VALID', violations: ['reports REQUIRED'] },
    });
  });

  it('says how long to wait while landing is behind, and goes on in a stream', async () => {
    gateway.landingLag = 150_000;
    const client = gateway.client('a');
    const answer = await client.submitBytes(submitBytes([numbered('r')]));
    expect(answer).toMatchObject({ code: 'RESOURCE_EXHAUSTED', rich: { reason: 'WAIT' } });
    expect(answer.ok || answer.rich?.retryAfterMs).toBeGreaterThan(0);
    const stream = client.stream();
    stream.send(1, [numbered('r')]);
    const response = await stream.answer(1);
    expect(response).toMatchObject({ receipts: [], credit: 100 });
    expect(response.throttle?.retryDelay).toBeDefined();
    gateway.landingLag = 0;
    stream.send(2, [numbered('r')]);
    expect(await stream.answer(2)).toMatchObject({ credit: 10_000, receipts: [{ reportId: 'r' }] });
  });

  it('keeps the cause of a fault to itself', async () => {
    const fault = new LogFault('DAMAGED', 'secrets of the house');
    gateway.log.append = () => Promise.reject(fault);
    const client = gateway.client('a');
    const stream = client.stream();
    stream.send(1, [numbered('r')]);
    const endings = [await client.submitBytes(submitBytes([numbered('r')])), await stream.ended()];
    for (const ending of endings) {
      expect(ending).toMatchObject({ code: 'INTERNAL', rich: { reason: 'FAULT' } });
      expect(JSON.stringify(ending)).not.toMatch(/secrets|DAMAGED|LogFault/);
    }
    expect(gateway.faults).toEqual([fault, fault]);
  });
});

describe('what became of a report', () => {
  it('is told to its own provider only', async () => {
    const landed = uuidText(authorityReportId(keyed, 'TEST', 'a', 'r-1'));
    gateway.select = (_, params) =>
      Promise.resolve(
        params?.['id'] === landed && params['environment'] === 'TEST'
          ? [{ revision: 0, outcome: 'REPORT', received: 5, conflict_fields: [], reason: '', total: 1 }]
          : [],
      );
    const answer = await gateway.client('a').call(`${SERVICE}/GetReport`, lookup('r-1'));
    if (!answer.ok) throw new Error(answer.code);
    expect(fromBinary(GetReportResponseSchema, answer.bytes)).toMatchObject({
      reportId: 'r-1',
      authorityReportId: landed,
      outcomes: [{ outcome: Outcome.LANDED }],
    });
    for (const [provider, id] of [
      ['b', 'r-1'],
      ['a', 'r-2'],
    ] as const) {
      expect(await gateway.client(provider).call(`${SERVICE}/GetReport`, lookup(id))).toMatchObject({
        code: 'NOT_FOUND',
        rich: { reason: 'NOTHING_LANDED' },
      });
    }
  });

  it('is not asked for under an id that no report has', async () => {
    expect(await gateway.client('a').call(`${SERVICE}/GetReport`, lookup('a b'))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      rich: { violations: ['report_id FORMAT'] },
    });
  });

  it('fails as a fault of ours when the store does', async () => {
    gateway.select = () => Promise.reject(new Error('secrets of the house'));
    const answer = await gateway.client('a').call(`${SERVICE}/GetReport`, lookup('r-1'));
    expect(answer).toMatchObject({ code: 'INTERNAL', rich: { reason: 'FAULT' } });
    expect(JSON.stringify(answer)).not.toContain('secrets');
  });
});
