import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { RecordEventsRequestSchema, RecordEventsResponseSchema } from '@lachan/proto/authority-service';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { TakedownEventType, type TakedownEventSchema } from '@lachan/proto/takedown';
import {
  at,
  Category,
  cursorFile,
  DetectionMethod,
  openLocation,
  Reporter,
  Takedowns,
  type ActionReceipt,
  type Notice,
  type ReportOutcome,
  type WatchFault,
} from '@lachan/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayClient } from '../support/gateway-client.js';
import { freePort, Place, recordOf, textOf, until, type Serving } from '../support/lachan-process.js';

const RETRY = { initialMs: 50, maxMs: 500 };
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const urlOf = (n: number): string => `https://lachan-demo-1.vn/case/${n}`;

/** An operator, by plain gRPC. */
class Operator {
  constructor(private readonly client: GatewayClient) {}

  async record(...events: readonly MessageInitShape<typeof TakedownEventSchema>[]): Promise<string[]> {
    const request = create(RecordEventsRequestSchema, { events: [...events] });
    const bytes = toBinary(RecordEventsRequestSchema, request);
    const answer = await this.client.call('/lachan.v1.AuthorityService/RecordEvents', bytes);
    if (!answer.ok) throw new Error(`RecordEvents: ${answer.code} ${answer.message}`);
    const { receipts } = fromBinary(RecordEventsResponseSchema, answer.bytes);
    for (const { status, violations } of receipts) {
      if (status !== ReceiptStatus.ACCEPTED) throw new Error(JSON.stringify(violations));
    }
    return receipts.map(({ locationKey }) => locationKey);
  }
}

describe('a platform that takes down, on a real gateway', () => {
  let place: Place;
  let serving: Serving;
  let token: string;
  let operatorToken: string;
  let endpoint: string;
  const ports: string[] = [];
  const closing: (() => unknown)[] = [];

  const operator = (): Operator => {
    const client = new GatewayClient(endpoint, operatorToken);
    closing.push(() => client.close());
    return new Operator(client);
  };
  const start = async (): Promise<void> => {
    serving = await place.start(...ports);
  };

  beforeAll(async () => {
    place = await Place.make();
    const port = await freePort();
    endpoint = `127.0.0.1:${port}`;
    ports.push('--grpc-port', String(port));
    await start();
    token = await place.provider('platform-a');
    const keyFile = join(place.root, 'notices-public.pem');
    await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    for (const args of [
      ['providers', 'own', 'platform-a', '--domain', 'lachan-demo-1.vn'],
      ['providers', 'key', 'platform-a', keyFile],
    ]) {
      const { code, stderr } = await place.run(...args);
      if (code !== 0) throw new Error(stderr);
    }
    operatorToken = textOf(recordOf(await place.json('operators', 'add', 'duty', '--json'))['token']);
  });

  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await place.remove();
  });

  it('is told every notice and every outcome, and its claims arrive, through two kills of the gateway', async () => {
    const told: Notice[] = [];
    const opened = new Map<string, unknown>();
    const receipts: ActionReceipt[] = [];
    const outcomes: ReportOutcome[] = [];
    const faults: WatchFault[] = [];
    const options = { endpoint, token, retry: RETRY };
    const reporter = new Reporter(options);
    const takedowns = new Takedowns(options);
    closing.push(
      () => reporter.close({ deadlineMs: 0 }),
      () => takedowns.close({ deadlineMs: 0 }),
    );
    const outcomeWatch = takedowns.onOutcome((outcome) => void outcomes.push(outcome));
    const noticeWatch = takedowns.onNotice(
      async (notice) => {
        told.push(notice);
        opened.set(notice.locationKey, openLocation(notice, pem));
        const receipt = await takedowns.claim(notice);
        if (receipt.status !== 'ACCEPTED') throw new Error('not claimed');
        receipts.push(receipt);
      },
      {
        ...(await cursorFile(join(place.root, 'notices.cursor'))),
        retry: RETRY,
        onFault: (fault) => faults.push(fault),
      },
    );
    // Outcomes are told from now on: nobody may report before it is now.
    await until('a beginning', () => (outcomeWatch.cursor === '' ? undefined : true));

    /** Lands a report of each location, and has it assessed and noticed; the keys of their cases. */
    const notice = async (numbers: readonly number[]): Promise<readonly string[]> => {
      const reports = numbers.map((n) =>
        reporter.report({
          reportId: `r-${n}`,
          category: Category.CSAM,
          locations: [{ url: urlOf(n) }],
          detectedAt: at(Date.now()),
          detectionMethod: DetectionMethod.HASH_EXACT,
        }),
      );
      for (const { status } of await Promise.all(reports)) expect(status).toBe('ACCEPTED');
      const landed = (n: number): boolean =>
        outcomes.some((one) => one.reportId === `r-${n}` && one.kind === 'RECORD');
      await until('outcomes', () => (numbers.every(landed) ? true : undefined));
      const on = (n: number) => ({ location: { url: urlOf(n) } });
      await operator().record(
        ...numbers.map((n) => ({ eventId: `assess-${n}`, type: TakedownEventType.ASSESSED, ...on(n) })),
      );
      return operator().record(
        ...numbers.map((n) => ({
          eventId: `notice-${n}`,
          type: TakedownEventType.NOTICE_ISSUED,
          legalBasis: 'Law 116/2025/QH15 art. 25(2)',
          ...on(n),
        })),
      );
    };

    const keys: string[] = [];
    for (let round = 0; round < 3; round++) {
      keys.push(...(await notice([0, 1, 2, 3].map((i) => round * 4 + i))));
      if (round === 2) break;
      await serving.process.kill();
      await start();
    }
    await until('a claim of every notice', () => {
      const claimed = new Set(receipts.map((receipt) => 'locationKey' in receipt && receipt.locationKey));
      return keys.every((key) => claimed.has(key)) ? true : undefined;
    });

    expect(keys).toHaveLength(12);
    for (const [n, key] of keys.entries()) {
      expect(opened.get(key)).toEqual({ url: urlOf(n) });
      expect(told.find(({ locationKey }) => locationKey === key)).toMatchObject({
        type: 'NOTICE_ISSUED',
        cycle: 1,
        host: 'lachan-demo-1.vn',
        category: Category.CSAM,
        legalBasis: 'Law 116/2025/QH15 art. 25(2)',
        reportIds: [`r-${n}`],
      });
    }
    expect(new Set(told.map(({ noticeId }) => noticeId)).size).toBe(12);
    expect(faults.filter(({ kind }) => kind !== 'DISCONNECTED' && kind !== 'HANDLER_FAILED')).toEqual([]);

    const [first = ''] = keys;
    await operator().record({
      eventId: 'down-0',
      type: TakedownEventType.VERIFIED_DOWN,
      locationKey: first,
    });
    await until('the outcome of the case', () =>
      outcomes.some((one) => one.kind === 'CASE' && one.locationKey === first) ? true : undefined,
    );
    expect(outcomes.find((one) => one.kind === 'CASE')).toMatchObject({
      reportId: 'r-0',
      result: 'ACTIONED',
    });

    // What was worked off is not told again, and what comes after is.
    await noticeWatch.close();
    const again: string[] = [];
    takedowns.onNotice((notice) => void again.push(notice.locationKey), {
      ...(await cursorFile(join(place.root, 'notices.cursor'))),
    });
    const [last = ''] = await notice([99]);
    await until('the last notice', () => (again.includes(last) ? true : undefined));
    expect(again).toEqual([last]);
  });
});
