// A topic that is not what was landed from any longer: records gone, partitions added, another topic in its place.
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { openKafkaLog } from '../../log/kafka.js';
import type { Extent, Log } from '../../log/log.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { rowsIn } from '../support/cluster-landed.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { exampleMessages } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { kafkaLogOptions } from '../support/kafka/log-options.js';
import { complaintOf, textOf, until } from '../support/lachan-process.js';

const PARTITIONS = 3;
const BATCH = 300;
/** Its records are deleted before they have landed. */
const CUT = 1;

describe.skipIf(!(await mayStartBrokers()))('a topic that is not the one that was landed from', () => {
  let cluster: TestLachanCluster;
  let gateway: RoleProcess;
  let consumers: RoleProcess;
  let console: RoleProcess;
  let client: GatewayClient;
  let log: Log;
  let admin: Admin;

  const startConsumers = (): Promise<RoleProcess> =>
    cluster.start('consumers', '--session-timeout-ms', '6000');
  const submit = async (name: string): Promise<void> => {
    const receipts = await client.submit(exampleMessages(name, BATCH));
    expect(receipts.every(({ status }) => status === ReceiptStatus.ACCEPTED)).toBe(true);
  };
  const partitionsOf = async (name: string): Promise<readonly unknown[]> => {
    const rows = await cluster.select(
      `SELECT DISTINCT log_partition AS p FROM records WHERE report_id LIKE '${name}-%' ORDER BY p`,
    );
    return rows.map((row) => row['p']);
  };
  /** As somebody finds them who has not known the topic before. */
  const extentsNow = async (): Promise<readonly Extent[]> => {
    const fresh = await openKafkaLog(kafkaLogOptions(cluster.kafka.brokers));
    try {
      return await fresh.extents(REPORTS_TOPIC);
    } finally {
      await fresh.close();
    }
  };
  const heldCount = (): number => consumers.stderr.split('a partition is not landed any further').length - 1;
  const heldFor = (what: string): Promise<string> =>
    until(what, async () => {
      const { status, body } = await consumers.asked('readyz');
      return status === 503 ? textOf(body['problem']) : undefined;
    });

  beforeAll(async () => {
    cluster = await TestLachanCluster.make({ partitions: PARTITIONS });
    await cluster.json('migrate', '--json');
    const token = await cluster.provider('Lachan Demo Topic');
    [gateway, consumers, console] = await Promise.all([
      cluster.start('gateway'),
      startConsumers(),
      cluster.start('console'),
    ]);
    client = new GatewayClient(gateway.grpc, token);
    log = await openKafkaLog(kafkaLogOptions(cluster.kafka.brokers));
    admin = new Kafka({ brokers: [...cluster.kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await submit('first');
    await until('it to land', async () => (await rowsIn(cluster)) === BATCH || undefined);
    expect(await consumers.stop()).toEqual({ code: 0, signal: null });
  });
  afterAll(async () => {
    client.close();
    await log.close();
    await admin.disconnect();
    await cluster.remove();
  });

  it('and has lost records that had not landed stops that partition, never jumps; the others go on, the lag shows it', async () => {
    await submit('second');
    const before = (await log.committed(LANDING_GROUP, REPORTS_TOPIC))[CUT];
    const end = (await log.extents(REPORTS_TOPIC))[CUT]?.end ?? 0;
    await admin.fetchTopicOffsets(REPORTS_TOPIC);
    await admin.deleteTopicRecords({
      topic: REPORTS_TOPIC,
      partitions: [{ partition: CUT, offset: String(end - 1) }],
    });
    consumers = await startConsumers();
    const problem = await heldFor('landing to stop');
    expect(problem).toContain(`Partition ${CUT} of ${REPORTS_TOPIC} cannot be read from`);
    expect(await consumers.asked('healthz')).toMatchObject({ status: 200 });
    await submit('third');
    await until('the others to land', async () => (await partitionsOf('third')).length === 2 || undefined);
    expect(await partitionsOf('third')).toEqual([0, 2]);
    expect(await partitionsOf('second')).toEqual([0, 2]);
    expect((await log.committed(LANDING_GROUP, REPORTS_TOPIC))[CUT]).toEqual(before);

    const lagOf = async (partition: number): Promise<number | undefined> =>
      (await console.metrics()).get(
        `lachan_partition_lag_records{topic="${REPORTS_TOPIC}",partition="${partition}"}`,
      );
    await until('the console to know', async () => (await lagOf(0)) === 0 || undefined);
    await until('the console to know', async () => (await lagOf(2)) === 0 || undefined);
    const { first = 0, end: last = 0 } = (await log.extents(REPORTS_TOPIC))[CUT] ?? {};
    expect(await lagOf(CUT)).toBeGreaterThanOrEqual(last - first);
    expect((await consumers.metrics()).get('lachan_landing_stopped')).toBe(1);
  });

  it('has more partitions: nobody starts on it, and who runs goes on with those it knows', async () => {
    await admin.createPartitions({ topicPartitions: [{ topic: REPORTS_TOPIC, count: PARTITIONS + 1 }] });
    await until(
      'it to have one more',
      async () => (await extentsNow()).length === PARTITIONS + 1 || undefined,
    );
    for (const role of ['consumers', 'gateway'] as const) {
      const asBefore = await cluster.begin(role).finished();
      expect(asBefore).toMatchObject({ code: 1, stdout: '' });
      expect(complaintOf(asBefore)).toMatch(/has 4 partitions, configured are 3/);
      const asFound = await cluster.begin(role, '--kafka-partitions', '4').finished();
      expect(asFound).toMatchObject({ code: 1, stdout: '' });
      expect(complaintOf(asFound)).toMatch(/lachan\.takedowns\.v1 .* has 3 partitions, configured are 4/);
    }
    await submit('fourth');
    expect((await extentsNow())[PARTITIONS]).toEqual({
      partition: PARTITIONS,
      first: 0,
      end: 0,
    });
    await until('it to land', async () => (await partitionsOf('fourth')).length === 2 || undefined);
  });

  it('was deleted and made again: who runs lands nothing of it', async () => {
    await admin.deleteTopics({ topics: [REPORTS_TOPIC] });
    const partitions = { topic: REPORTS_TOPIC, numPartitions: PARTITIONS, replicationFactor: 1 };
    await until(
      'it to be gone',
      async () => !(await admin.listTopics()).includes(REPORTS_TOPIC) || undefined,
    );
    const configEntries = [
      { name: 'retention.ms', value: String(168 * 3_600_000) },
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
      { name: 'max.message.bytes', value: '2097152' },
    ];
    await admin.createTopics({ topics: [{ ...partitions, configEntries }] });
    const rows = await rowsIn(cluster);
    await until('the gateway to take reports again', () =>
      client.submit(exampleMessages('fifth', BATCH)).catch(() => undefined),
    );
    await until(
      'every partition to be held',
      () => {
        if (heldCount() >= PARTITIONS) return true;
        if (consumers.hasEnded) throw new Error(consumers.stderr);
        return undefined;
      },
      60_000,
    );
    expect(await partitionsOf('fifth')).toEqual([]);
    expect(await rowsIn(cluster)).toBe(rows);
  });

  it('was deleted and made again: nobody begins to land from it, however much it holds by then', async () => {
    await consumers.stop();
    const shorter = await cluster.begin('consumers').finished();
    expect(shorter).toMatchObject({ code: 1, stdout: '' });
    expect(complaintOf(shorter)).toMatch(/the log was replaced or lost its end/);

    for (let n = 0; n < 4; n += 1) await submit(`more-${n}`);
    consumers = await startConsumers();
    const problem = await heldFor('landing to stop');
    expect(problem).toMatch(/the log is older than the store, or another one/);
    await until('every partition to be held', () => heldCount() >= PARTITIONS || undefined);
    expect(await rowsIn(cluster, `report_id LIKE 'more-%'`)).toBe(0);
  });
});
