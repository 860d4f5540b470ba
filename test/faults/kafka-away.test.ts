import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { GetReportRequestSchema, ReceiptStatus } from '@lachan/proto/report-service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submitBytes } from '../support/receiving.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { exampleMessage } from '../support/example-reports.js';
import { finishAccepted, LONG, Sender } from '../support/faults.js';
import { GatewayClient, type Answer } from '../support/gateway-client.js';
import { recordOf, textOf, until } from '../support/lachan-process.js';
import { anonymousBytes } from '../support/process-memory.js';

const AWAY_MS = LONG ? 120_000 : 15_000;
/** Callers that never give up: each has a batch on its way all the time. */
const CALLERS = 8;
const MIB = 1_048_576;
const MOST_GROWTH_MIB = 30;
/** What the role may need under full load. */
const MOST_MIB = 300;
const SAMPLES = 30;

describe.skipIf(!(await mayStartBrokers()))(
  `a gateway whose brokers are away for ${AWAY_MS / 1_000} s under load`,
  () => {
    let cluster: TestLachanCluster;
    let gateway: RoleProcess;
    let token: string;
    let senders: readonly Sender[];
    const refusals: Answer[] = [];
    let memoryMib: readonly number[];
    let readyAway: number;
    let healthAway: number;

    beforeAll(async () => {
      cluster = await TestLachanCluster.make();
      await cluster.json('migrate', '--json');
      token = await cluster.provider('Lachan Demo Away');
      [gateway] = await Promise.all([
        cluster.start('gateway'),
        cluster.start('consumers', '--session-timeout-ms', '6000'),
      ]);
      senders = ['a', 'b'].map((name) => new Sender({ name, endpoint: gateway.grpc, token, perTurn: 5 }));
      for (const sender of senders) await sender.progress(200);

      const [broker] = cluster.kafka.nodes;
      await broker?.kill();
      await until(
        'the gateway to say so',
        async () => (await gateway.asked('readyz')).status === 503 || undefined,
      );
      let away = true;
      const client = new GatewayClient(gateway.grpc, token);
      const callers = Array.from({ length: CALLERS }, async (_, caller) => {
        for (let n = 0; away; n += 1) {
          const answer = await client.submitBytes(submitBytes([exampleMessage(`away-${caller}-${n}`)]));
          refusals.push(answer);
          await sleep(20);
        }
      });
      const measured: number[] = [];
      const untilMs = performance.now() + AWAY_MS;
      while (performance.now() < untilMs) {
        await sleep(AWAY_MS / SAMPLES);
        measured.push(anonymousBytes(gateway.pid) / MIB);
      }
      memoryMib = measured;
      readyAway = (await gateway.asked('readyz')).status;
      healthAway = (await gateway.asked('healthz')).status;
      away = false;
      await Promise.all(callers);
      client.close();
      await broker?.start();
    });
    afterAll(() => cluster.remove());

    it('tells callers UNAVAILABLE, with the time to wait', () => {
      expect(refusals.length).toBeGreaterThan(CALLERS * 10);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
        expect(!refusal.ok && refusal.rich?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
      }
    });

    it('lives, is not ready, and needs no more memory the longer it lasts', () => {
      expect([healthAway, readyAway]).toEqual([200, 503]);
      // Between two collections it rises and falls: what stays is what the valleys show.
      const third = Math.ceil(memoryMib.length / 3);
      const [early, late] = [memoryMib.slice(0, third), memoryMib.slice(-third)].map((some) =>
        Math.min(...some),
      );
      expect(late! - early!).toBeLessThan(MOST_GROWTH_MIB);
      expect(Math.max(...memoryMib)).toBeLessThan(MOST_MIB);
    });

    it('takes everything that waited when they are back, and it lands once', async () => {
      await until(
        'the gateway to be ready',
        async () => (await gateway.asked('readyz')).status === 200 || undefined,
      );
      const accepted = await finishAccepted(...senders);
      const counts = recordOf(
        await cluster.json('query', 'counts', '--format', 'json', '--wait-ms', '120000'),
      );
      expect(counts).toMatchObject({ reports: accepted.length, conflicts: 0, dead_letters: 0 });
      const rows = await cluster.select(`SELECT report_id FROM records WHERE outcome = 'REPORT'`);
      expect(rows.map((row) => textOf(row['report_id'])).sort()).toEqual([...accepted].sort());
      expect(await cluster.json('audit', '--json')).toMatchObject({ ok: true, problems: [] });
    });

    it('goes on taking reports while ClickHouse is away, and says that nothing can be asked for', async () => {
      await cluster.store.kill();
      const client = new GatewayClient(gateway.grpc, token);
      const [receipt] = await client.submit([exampleMessage('storeless')]);
      expect(receipt).toMatchObject({ status: ReceiptStatus.ACCEPTED });
      const asked = toBinary(
        GetReportRequestSchema,
        create(GetReportRequestSchema, { reportId: 'storeless' }),
      );
      const refused = await client.call('/lachan.v1.ReportService/GetReport', asked);
      expect(refused).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
      expect(!refused.ok && refused.rich?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
      await cluster.store.restart();
      await until('it to land', async () => {
        const answer = await client.call('/lachan.v1.ReportService/GetReport', asked);
        return answer.ok || undefined;
      });
      client.close();
      expect((await gateway.metrics()).get('lachan_gateway_faults_total')).toBe(0);
      expect(await cluster.json('audit', '--json')).toMatchObject({ ok: true, problems: [] });
    });
  },
);
