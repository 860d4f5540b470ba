import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../log/kafka.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { ReceiptStatus, type Receipt } from '@lachan/proto/report-service';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { exampleMessages } from '../support/example-reports.js';
import { Sender, finishAccepted } from '../support/faults.js';
import { GatewayClient } from '../support/gateway-client.js';
import { complaintOf, freePort, lachan, recordOf, textOf, until } from '../support/lachan-process.js';

const PARTITIONS = 4;
const BATCH = 300;
const FLOOD = 10;
const FLOOD_KEY = Buffer.from('not a record');

describe.skipIf(!(await mayStartBrokers()))('a cluster of two gateways, two consumers and a console', () => {
  let cluster: TestLachanCluster;
  let gateways: readonly RoleProcess[];
  let consumers: readonly RoleProcess[];
  let console: RoleProcess;
  let token: string;
  const clients: GatewayClient[] = [];

  const clientOf = (gateway: RoleProcess): GatewayClient => {
    const client = new GatewayClient(gateway.grpc, token);
    clients.push(client);
    return client;
  };
  const counts = async (): Promise<unknown> =>
    cluster.json('query', 'counts', '--format', 'json', '--wait-ms', '120000');

  beforeAll(async () => {
    cluster = await TestLachanCluster.make({ partitions: PARTITIONS });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await cluster.remove();
  });

  describe('before it can serve', () => {
    it('says what to do when nothing has been migrated, and migrates twice without harm', async () => {
      for (const role of ['gateway', 'consumers', 'console'] as const) {
        const refused = await cluster.begin(role).finished();
        expect(refused).toMatchObject({ code: 1, stdout: '' });
        expect(complaintOf(refused)).toMatch(/0001_records.*run lachan migrate/);
      }
      expect((await cluster.run('providers', 'list')).stderr).toContain('run lachan migrate');
      const names = ['0001_records', '0002_views', '0003_registries', '0004_takedown'];
      expect(await cluster.json('migrate', '--json')).toEqual({ applied: names });
      expect(await cluster.json('migrate', '--json')).toEqual({ applied: [] });
    });

    it('takes providers in while the brokers are away', async () => {
      const made = await cluster.json(
        'providers',
        'add',
        'Early',
        '--json',
        '--kafka-brokers',
        'kafka.example:9',
      );
      expect(recordOf(made)['provider_id']).toBe('early');
    });

    it('refuses what is missing or wrong, all at once, in words and with an exit status', async () => {
      const nothing = await cluster
        .begin('gateway', '--kafka-brokers', 'nowhere', '--clickhouse-url', '')
        .finished();
      expect(nothing.code).toBe(2);
      expect(complaintOf(nothing)).toContain('nowhere is not HOST:PORT');
      expect(complaintOf(nothing)).toContain('give --clickhouse-url');

      const missing = join(cluster.keys, 'not-there');
      const keyless = await cluster.begin('gateway', '--identity-key-file', missing).finished();
      expect(keyless.code).toBe(2);
      expect(complaintOf(keyless)).toContain(`${missing} is not there`);
      expect(complaintOf(keyless)).toContain('lachan keys make');

      const mixedUp = await cluster
        .begin('gateway', '--authority-public-key-file', cluster.privateKey)
        .finished();
      expect(complaintOf(mixedUp)).toContain('holds a private key');

      const password = join(cluster.keys, '..', 'empty');
      await writeFile(password, '');
      const secretless = await cluster
        .begin('consumers', '--clickhouse-password-file', password, '--kafka-sasl-username', 'somebody')
        .finished();
      expect(secretless.code).toBe(2);
      expect(complaintOf(secretless)).toContain('is empty');
      expect(complaintOf(secretless)).toContain('belong together');

      const alone = await cluster
        .begin('gateway', '--kafka-brokers', `127.0.0.1:${await freePort()}`, '--start-wait-ms', '1000')
        .finished();
      expect(alone.code).toBe(1);
      expect(complaintOf(alone)).toMatch(/Kafka/);

      const storeless = await cluster
        .begin(
          'consumers',
          '--clickhouse-url',
          `http://127.0.0.1:${await freePort()}`,
          '--start-wait-ms',
          '1000',
        )
        .finished();
      expect(storeless.code).toBe(1);
      complaintOf(storeless);
    });

    it('does not make keys over others', async () => {
      const again = await lachan({}, 'keys', 'make', '--out', cluster.keys).finished();
      expect(complaintOf(again)).toContain('is there already');
    });
  });

  describe('serving', () => {
    const answers: (readonly Receipt[])[] = [];

    beforeAll(async () => {
      const session = ['--session-timeout-ms', '6000'];
      [gateways, consumers, console] = await Promise.all([
        Promise.all([cluster.start('gateway'), cluster.start('gateway')]),
        Promise.all([cluster.start('consumers', ...session), cluster.start('consumers', ...session)]),
        cluster.start('console'),
      ]);
      token = await cluster.provider('Lachan Demo Cluster');
    });

    it('is ready, each of them, and has shared the partitions out', async () => {
      for (const role of [...gateways, ...consumers, console]) {
        expect(await role.asked('healthz')).toEqual({ status: 200, body: { ok: true } });
        await until('it to be ready', async () => (await role.asked('readyz')).status === 200 || undefined);
      }
      // One more: the topic of data keys.
      await until('both consumers to own partitions', async () => {
        const owned = await Promise.all(
          consumers.map(async (one) => (await one.metrics()).get('lachan_landing_partitions') ?? 0),
        );
        return (
          (owned.every((n) => n > 0) && owned.reduce((a, b) => a + b, 0) === 2 * PARTITIONS + 1) || undefined
        );
      });
    });

    it('gives a report the same receipt from each gateway, and lands it once', async () => {
      const reports = exampleMessages('r', BATCH);
      for (const gateway of gateways) {
        const client = clientOf(gateway);
        // The gateways read the registry every few seconds.
        await until('the token to be known', async () => {
          const answer = await client.submit(reports).catch(() => undefined);
          if (answer !== undefined) answers.push(answer);
          return answer;
        });
      }
      const [first = [], second = []] = answers;
      expect(first).toHaveLength(BATCH);
      expect(first.every(({ status }) => status === ReceiptStatus.ACCEPTED)).toBe(true);
      const idsOf = (receipts: readonly Receipt[]): string[] =>
        receipts.map(({ authorityReportId }) => authorityReportId);
      expect(idsOf(second)).toEqual(idsOf(first));
      expect(new Set(idsOf(first)).size).toBe(BATCH);
      expect(await counts()).toMatchObject({
        log_records: 2 * BATCH,
        reports: BATCH,
        duplicates: BATCH,
        conflicts: 0,
        dead_letters: 0,
      });
      const used = await cluster.select('SELECT DISTINCT log_partition AS p FROM records ORDER BY p');
      expect(used.map((row) => row['p'])).toEqual([0, 1, 2, 3]);
    });

    it('seals under a key of each gateway, that the authority opens', async () => {
      const [keys = {}] = await cluster.select('SELECT toString(count()) AS n FROM data_keys');
      expect(keys['n']).toBe('2');
      const id = answers[0]?.[7]?.authorityReportId ?? '';
      const { stdout, code } = await cluster.run('unseal', id, '--private-key', cluster.privateKey);
      expect(code).toBe(0);
      for (const line of stdout.trimEnd().split('\n')) {
        expect(recordOf(JSON.parse(line))['fields']).toEqual({
          'locations[0].url': 'https://lachan-demo-1.vn/r-7',
        });
      }
    });

    it('ends a consumer and a gateway under load in order, and loses nothing', async () => {
      const [leaving, staying] = gateways;
      const port = await freePort();
      const third = await cluster.start('gateway', '--grpc-address', `127.0.0.1:${port}`);
      const senders = [staying, third].map(
        (gateway, i) => new Sender({ name: `s${i}`, endpoint: gateway?.grpc ?? '', token, perTurn: 10 }),
      );
      for (const sender of senders) await sender.progress(300);
      const stream = clientOf(leaving!).stream();
      await until('the stream to be open', () => stream.messages.length > 0 || undefined);
      stream.send(1, exampleMessages('r', BATCH));
      await until('the batch to be answered', () => stream.messages.length > 1 || undefined);
      expect(await leaving?.stop()).toEqual({ code: 0, signal: null });
      // It was ended, not cut off.
      expect(await stream.ended()).toMatchObject({ code: 'OK' });
      expect(await consumers[0]?.stop()).toEqual({ code: 0, signal: null });
      for (const sender of senders) await sender.progress(300);
      expect(await third.stop()).toEqual({ code: 0, signal: null });
      await cluster.start('gateway', '--grpc-address', `127.0.0.1:${port}`);
      const accepted = await finishAccepted(...senders);

      const counted = recordOf(await counts());
      expect(counted).toMatchObject({ reports: accepted.length + BATCH, conflicts: 0, dead_letters: 0 });
      const rows = await cluster.select(
        `SELECT report_id FROM records WHERE outcome = 'REPORT' AND report_id LIKE 's%'`,
      );
      expect(rows.map((row) => textOf(row['report_id'])).sort()).toEqual([...accepted].sort());
    });

    it('is audited, per partition, and has the same numbers in the table, the totals and the console', async () => {
      const audit = recordOf(await cluster.json('audit', '--json'));
      expect(audit).toMatchObject({ ok: true, problems: [] });
      expect(audit['partitions']).toHaveLength(2 * PARTITIONS + 1);
      const [inTable, inView] = await Promise.all([
        cluster.select(
          'SELECT outcome, toString(count()) AS n FROM records GROUP BY outcome ORDER BY outcome',
        ),
        cluster.select(
          'SELECT outcome, toString(sum(records)) AS n FROM record_totals GROUP BY outcome ORDER BY outcome',
        ),
      ]);
      expect(inView).toEqual(inTable);
      const rows = inTable.reduce((sum, row) => sum + Number(row['n']), 0);
      await until('the console to have counted them', async () => {
        const metrics = await console.metrics();
        return (
          (['committed_records', 'table_rows', 'view_rows'].every(
            (name) => metrics.get(`lachan_audit_${name}`) === rows,
          ) &&
            metrics.get('lachan_landing_lag_records') === 0) ||
          undefined
        );
      });
      expect(await cluster.json('dead-letters', 'list', '--format', 'json')).toEqual([]);
    });

    it('stops one partition for a flood of dead letters, says how to go on, and lands the others', async () => {
      const strict = ['--session-timeout-ms', '6000', '--max-dead-letters-in-a-row', '5'];
      await consumers[1]?.stop();
      const stopping = await cluster.start('consumers', ...strict);
      const topics = { partitions: PARTITIONS, replication: 1, minInsyncReplicas: 1, retentionMs: 3_600_000 };
      const now = (): number => performance.now();
      const log = await openKafkaLog({ brokers: cluster.kafka.brokers, clientId: 'test', topics, now });
      await log.append(
        REPORTS_TOPIC,
        Array.from({ length: FLOOD }, () => ({ key: FLOOD_KEY, value: FLOOD_KEY })),
      );
      await log.close();

      const problem = await until('landing to say so', async () => {
        const { status, body } = await stopping.asked('readyz');
        return status === 503 ? textOf(body['problem']) : undefined;
      });
      expect(problem).toContain('more than 5 records in a row cannot be read');
      const position = /--accept-dead-letters-to (\S+)$/.exec(problem)?.[1] ?? '';
      const flooded = Number(position.split(':')[1]);
      expect(await stopping.asked('healthz')).toMatchObject({ status: 200 });
      expect((await stopping.metrics()).get('lachan_landing_stopped')).toBe(1);

      const after = await clientOf(gateways[1]!).submit(exampleMessages('after', BATCH));
      expect(after.every(({ status }) => status === ReceiptStatus.ACCEPTED)).toBe(true);
      const landedIn = async (): Promise<unknown[]> => {
        const rows = await cluster.select(
          `SELECT DISTINCT log_partition AS p FROM records WHERE report_id LIKE 'after-%' ORDER BY p`,
        );
        return rows.map((row) => row['p']);
      };
      await until(
        'the others to land',
        async () => (await landedIn()).length === PARTITIONS - 1 || undefined,
      );
      expect(await landedIn()).not.toContain(flooded);

      expect(await stopping.stop()).toEqual({ code: 0, signal: null });
      const accepting = await cluster.start('consumers', ...strict, '--accept-dead-letters-to', position);
      await until('all to land', async () => (await landedIn()).length === PARTITIONS || undefined);
      // Waits until all has landed; whose the unreadable ones are nobody knows.
      expect(await counts()).toMatchObject({ dead_letters: 0 });
      expect(await accepting.asked('readyz')).toMatchObject({ status: 200 });
      expect(await cluster.json('dead-letters', 'list', '--format', 'json')).toHaveLength(FLOOD);
      expect(await cluster.json('dead-letters', 'replay', '--all', '--json')).toMatchObject({
        replayed: FLOOD,
        dead_letters: FLOOD,
      });
      expect(await cluster.json('audit', '--json')).toMatchObject({ ok: true, problems: [] });
      consumers = [accepting];
    });

    it('refuses another number of partitions, which would part the copies of a report', async () => {
      for (const role of ['gateway', 'consumers'] as const) {
        const other = await cluster.begin(role, '--kafka-partitions', '5').finished();
        expect(other).toMatchObject({ code: 1, stdout: '' });
        expect(complaintOf(other)).toMatch(/has 4 partitions, configured are 5/);
      }
    });

    it('ends the rest in order', async () => {
      for (const role of [gateways[1], consumers[0], console]) {
        expect(await role?.stop()).toEqual({ code: 0, signal: null });
      }
    });
  });
});
