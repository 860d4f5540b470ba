// ClickHouse away, broken or refusing, under consumers as whole processes.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/demo/random.js';
import { openKafkaLog } from '../../log/kafka.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import type { StandInFault } from '../support/clickhouse-http.js';
import { expectClusterLandedOnce, rowsIn, tellStore } from '../support/cluster-landed.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { finishAccepted, LONG, SEED, Sender, tellSeed } from '../support/faults.js';
import { kafkaLogOptions } from '../support/kafka/log-options.js';
import { textOf, until } from '../support/lachan-process.js';
import { recordOf } from '../support/records.js';

/** An insert is given up after two thirds of it. */
const SESSION_MS = 6_000;
const PARTITIONS = 3;
const ROUNDS = LONG ? 8 : 1;
const OF_TWO_MONTHS = 200;
/** 2026-10-31T23:00:00Z and 2026-11-01T01:00:00Z, in milliseconds. */
const MONTHS_MS = [Date.UTC(2026, 9, 31, 23), Date.UTC(2026, 10, 1, 1)] as const;

/** What the store answers, or does, instead of taking a block. */
const FAULTS: readonly StandInFault[] = [
  { kind: 'reset-after' },
  { kind: 'reset-before' },
  { kind: 'reset-unread' },
  { kind: 'silent-after' },
  { kind: 'half-open' },
  { kind: 'cut-answer' },
  { kind: 'late', ms: SESSION_MS },
  { kind: 'slow', ms: SESSION_MS },
  { kind: 'status-after', status: 502 },
  { kind: 'exception', code: 252, name: 'TOO_MANY_PARTS' },
  { kind: 'exception', code: 241, name: 'MEMORY_LIMIT_EXCEEDED' },
  { kind: 'exception', code: 159, name: 'TIMEOUT_EXCEEDED' },
  { kind: 'exception-in-body', code: 241, name: 'MEMORY_LIMIT_EXCEEDED' },
];

describe.skipIf(!(await mayStartBrokers()))(
  `consumers as processes, whose ClickHouse fails under load (seed ${SEED})`,
  () => {
    const random = seededRandom(SEED);
    let cluster: TestLachanCluster;
    let token: string;
    let gateway: RoleProcess;
    let consumers: RoleProcess;
    let loads = 0;
    let appended = 0;
    let sender: Sender;
    /** Of all that was sent so far, and what the test has appended by itself. */
    const accepted: string[] = [];

    const start = (): Promise<RoleProcess> =>
      cluster.start('consumers', '--session-timeout-ms', String(SESSION_MS));
    const retries = async (): Promise<number> =>
      [...(await consumers.metrics())]
        .filter(([name]) => name.startsWith('lachan_landing_retries_total'))
        .reduce((sum, [, n]) => sum + n, 0);
    const untilFaultsAreOver = (): Promise<true> =>
      until('the faults to be over', async () => (await cluster.store.faultsLeft()) === 0 || undefined);
    const untilMoreHasLanded = async (): Promise<void> => {
      const before = await rowsIn(cluster);
      await until('more to land', async () => (await rowsIn(cluster)) > before || undefined);
    };
    /** As a gateway would, in two months in turn; resolves with their ids. */
    const append = async (name: string, count: number): Promise<readonly string[]> => {
      const records = Array.from({ length: count }, (_, n) =>
        recordOf({
          environment: 'PRODUCTION',
          reportId: `${name}-${(appended += 1)}`,
          receivedAtMs: MONTHS_MS[n % 2]!,
        }),
      );
      const log = await openKafkaLog(kafkaLogOptions(cluster.kafka.brokers));
      await log.append(
        REPORTS_TOPIC,
        records.map((record) => ({ key: record.recordKey, value: reportRecordCodec.encode(record) })),
      );
      await log.close();
      return records.map(({ reportId }) => reportId);
    };
    /** The load ends, so that the numbers stand still. */
    const expectAllLandedOnce = async (): Promise<void> => {
      accepted.push(...(await finishAccepted(sender)));
      await expectClusterLandedOnce(cluster, accepted);
    };

    beforeAll(async () => {
      tellSeed('cluster-store.test.ts');
      cluster = await TestLachanCluster.make({ partitions: PARTITIONS });
      await cluster.json('migrate', '--json');
      token = await cluster.provider('Lachan Demo Store');
      [gateway, consumers] = await Promise.all([cluster.start('gateway'), start()]);
    });
    beforeEach(async () => {
      sender = new Sender({ name: `s${(loads += 1)}`, endpoint: gateway.grpc, token, perTurn: 3 });
      await sender.progress(100);
    });
    afterAll(() => cluster.remove());

    it('repeat each block until its fate is known, whatever the store does with it, and land it once', async () => {
      const before = await retries();
      const drawn = Array.from({ length: ROUNDS }, () =>
        FAULTS.map((fault) => ({ fault, rank: random() }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ fault }) => fault),
      ).flat();
      await cluster.store.fail(...drawn.map((fault) => ({ ...fault, table: 'records' })));
      await untilFaultsAreOver();
      await untilMoreHasLanded();
      // Two kinds come before the request is read: a request that is being read meanwhile does not meet them.
      expect(await retries()).toBeGreaterThanOrEqual(before + drawn.length - 2 * ROUNDS);
      expect(await consumers.asked('readyz')).toMatchObject({ status: 200 });
      expect(consumers.stderr).toContain('engine error 252');
      await expectAllLandedOnce();
    });

    it.each([
      ['intent and insert', 'silent-before'],
      ['insert and commit', 'silent-after'],
    ] as const)('that are killed between %s leave the batch to the next, once', async (_, kind) => {
      await cluster.store.fail({ kind, times: PARTITIONS, table: 'records' });
      await untilFaultsAreOver();
      // The engine has what it was given, and nobody will hear of it.
      if (kind === 'silent-after') await sleep(1_000);
      await consumers.kill();
      consumers = await start();
      await untilMoreHasLanded();
      await expectAllLandedOnce();
    });

    it('wait while it is frozen, and while it is killed in the middle of its inserts', async () => {
      cluster.store.signal('SIGSTOP');
      await sleep(SESSION_MS);
      cluster.store.signal('SIGCONT');
      await untilMoreHasLanded();
      for (let round = 0; round < ROUNDS + 1; round += 1) {
        await sleep(random() * 1_000);
        await cluster.store.kill();
        await sender.progress(50);
        await cluster.store.restart();
        await untilMoreHasLanded();
      }
      expect(await consumers.asked('readyz')).toMatchObject({ status: 200 });
      await expectAllLandedOnce();
    });

    it('land a batch of two months once, though a view refuses one of them and they are killed in between', async () => {
      await tellStore(
        cluster,
        'CREATE TABLE broken (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10000',
        `CREATE MATERIALIZED VIEW broken_of_records TO broken AS SELECT log_offset AS n FROM records
         WHERE throwIf(received_at >= '2026-11-01' AND received_at < '2026-11-02', 'the view of the test') = 0`,
      );
      const enough = (await retries()) + 2;
      accepted.push(...(await append('months', OF_TWO_MONTHS)));
      await until('landing to try again', async () => (await retries()) >= enough || undefined);
      expect(consumers.stderr).toContain('engine error 395');
      expect(consumers.stderr).not.toContain('the view of the test');
      await consumers.kill();
      consumers = await start();
      await until('the next one to try', async () => (await retries()) >= 1 || undefined);
      await sender.progress(100);
      await tellStore(cluster, 'DROP VIEW broken_of_records');
      await expectAllLandedOnce();
      expect(await rowsIn(cluster, `report_id LIKE 'months-%'`)).toBe(OF_TWO_MONTHS);
    });

    it('stop a partition whose tokens were forgotten before it could repeat its block; the audit tells, the others go on', async () => {
      await finishAccepted(sender);
      await tellStore(cluster, 'ALTER TABLE records MODIFY SETTING non_replicated_deduplication_window = 1');
      await cluster.store.fail({ kind: 'silent-after', table: 'records' });
      // Blocks of the others follow the one that nobody hears of.
      const problem = await until('a partition to be held', async () => {
        await append('forgotten', 10);
        await sleep(200);
        const { status, body } = await consumers.asked('readyz');
        return status === 503 ? textOf(body['problem']) : undefined;
      });
      expect(problem).toMatch(/were inserted again, and the store now holds/);
      expect((await consumers.metrics()).get('lachan_landing_stopped')).toBe(1);
      const held = Number(/partition (\d+)/.exec(problem)?.[1]);
      await append('later', 60);
      const others = [0, 1, 2].filter((partition) => partition !== held);
      await until('the others to land', async () => {
        const rows = await cluster.select(
          `SELECT DISTINCT log_partition AS p FROM records WHERE report_id LIKE 'later-%' ORDER BY p`,
        );
        return rows.map((row) => row['p']).join() === others.join() || undefined;
      });
      const audit = await cluster.run('audit', '--json');
      expect(audit.code).not.toBe(0);
      expect(JSON.parse(audit.stdout)).toMatchObject({ ok: false });
    });
  },
);
