// A broker that is slow, or hangs, under the whole gateway: what was reported as failed may have been appended.
import { setTimeout as sleep } from 'node:timers/promises';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../log/kafka.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { expectClusterLandedOnce } from '../support/cluster-landed.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { exampleMessages } from '../support/example-reports.js';
import { finishAccepted, LONG, Sender } from '../support/faults.js';
import { GatewayClient } from '../support/gateway-client.js';
import { kafkaLogOptions } from '../support/kafka/log-options.js';
import { until } from '../support/lachan-process.js';
import { submitBytes } from '../support/receiving.js';

const IN_DOUBT = 50;
const SLOW_MS = LONG ? 60_000 : 8_000;
/** Of every half second the broker works a tenth. */
const TURN_MS = 500;
const WORKS_MS = 50;

describe.skipIf(!(await mayStartBrokers()))(
  'a broker that answers late or not at all, under gateway and consumers',
  () => {
    let cluster: TestLachanCluster;
    let gateway: RoleProcess;
    let client: GatewayClient;
    let token: string;

    const untilReady = (): Promise<true> =>
      until(
        'the gateway to be ready',
        async () => (await gateway.asked('readyz')).status === 200 || undefined,
      );
    const logEnd = async (): Promise<number> => {
      const log = await openKafkaLog(kafkaLogOptions(cluster.kafka.brokers));
      const extents = await log.extents(REPORTS_TOPIC);
      await log.close();
      return extents.reduce((sum, { end }) => sum + end, 0);
    };

    beforeAll(async () => {
      cluster = await TestLachanCluster.make({ partitions: 3 });
      await cluster.json('migrate', '--json');
      token = await cluster.provider('Lachan Demo Broker');
      [gateway] = await Promise.all([
        cluster.start('gateway'),
        cluster.start('consumers', '--session-timeout-ms', '6000'),
      ]);
      client = new GatewayClient(gateway.grpc, token);
    });
    afterAll(async () => {
      client.close();
      await cluster.remove();
    });

    it('hangs in the middle of an append: told as failed, appended all the same, a duplicate when sent again', async () => {
      const [broker] = cluster.kafka.nodes;
      const reports = exampleMessages('doubt', IN_DOUBT);
      // The gateway knows its leaders.
      await client.submit(exampleMessages('before', 10));
      const before = await logEnd();
      broker?.freeze();
      const refused = await client.submitBytes(submitBytes(reports));
      expect(refused).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
      expect(!refused.ok && refused.rich?.retryAfterMs).toBeGreaterThanOrEqual(1_000);
      expect(await gateway.asked('healthz')).toMatchObject({ status: 200 });
      broker?.thaw();
      await untilReady();
      const after = await logEnd();
      expect(after).toBeGreaterThanOrEqual(before + IN_DOUBT);

      const receipts = await client.submit(reports);
      expect(receipts.every(({ status }) => status === ReceiptStatus.ACCEPTED)).toBe(true);
      const ids = [...reports, ...exampleMessages('before', 10)].map(({ reportId }) => reportId);
      const rows = await expectClusterLandedOnce(cluster, ids);
      expect(rows).toEqual({ REPORT: IN_DOUBT + 10, DUPLICATE: after + IN_DOUBT - (IN_DOUBT + 10) });
    });

    it('works a tenth of the time: everything that is sent is accepted, sooner or later, and lands once', async () => {
      const [broker] = cluster.kafka.nodes;
      const senders = ['slow-a', 'slow-b'].map(
        (name) => new Sender({ name, endpoint: gateway.grpc, token, perTurn: 3 }),
      );
      const endMs = performance.now() + SLOW_MS;
      while (performance.now() < endMs) {
        broker?.freeze();
        await sleep(TURN_MS - WORKS_MS);
        broker?.thaw();
        await sleep(WORKS_MS);
        expect(await gateway.asked('healthz')).toMatchObject({ status: 200 });
      }
      const accepted = await finishAccepted(...senders);
      expect(accepted.length).toBeGreaterThan(100);
      const earlier = (id: string): boolean => id.startsWith('doubt-') || id.startsWith('before-');
      await expectClusterLandedOnce(cluster, accepted, earlier);
    });

    it('has ended all connections while nothing was sent: the first report afterwards is taken', async () => {
      const [broker] = cluster.kafka.nodes;
      await broker?.kill();
      await broker?.start();
      await untilReady();
      const [receipt] = await client.submit(exampleMessages('idle', 1));
      expect(receipt).toMatchObject({ status: ReceiptStatus.ACCEPTED });
      await expectClusterLandedOnce(cluster, ['idle-0'], (id) => id !== 'idle-0');
    });
  },
);
