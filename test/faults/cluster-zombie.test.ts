// Consumers that are frozen for longer than their session, and woken when others have what was theirs.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/demo/random.js';
import { expectClusterLandedOnce } from '../support/cluster-landed.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { finishAccepted, LONG, SEED, Sender, tellSeed } from '../support/faults.js';
import { until } from '../support/lachan-process.js';

const SESSION_MS = 6_000;
const PARTITIONS = 3;
/** One more: the topic of data keys. */
const ALL = 2 * PARTITIONS + 1;
const ROUNDS = LONG ? 12 : 2;
/** The insert is carried out when its owner is long gone and its next owner has done the same. */
const LATE_MS = 3 * SESSION_MS;

describe.skipIf(!(await mayStartBrokers()))(
  `consumers that are frozen beyond their session under load (seed ${SEED})`,
  () => {
    const random = seededRandom(SEED);
    let cluster: TestLachanCluster;
    let sender: Sender;
    let consumers: [RoleProcess, RoleProcess];

    const start = (): Promise<RoleProcess> =>
      cluster.start('consumers', '--session-timeout-ms', String(SESSION_MS));
    const owned = async (one: RoleProcess): Promise<number> =>
      (await one.metrics()).get('lachan_landing_partitions') ?? 0;
    const untilOwned = (what: string, one: RoleProcess, fits: (partitions: number) => boolean) =>
      until(what, async () => fits(await owned(one)) || undefined);
    const landed = async (one: RoleProcess): Promise<number> =>
      [...(await one.metrics())]
        .filter(([name]) => name.startsWith('lachan_records_landed_total'))
        .reduce((sum, [, n]) => sum + n, 0);
    const untilLands = async (one: RoleProcess): Promise<void> => {
      const before = await landed(one);
      await until('it to land', async () => (await landed(one)) > before || undefined);
    };

    beforeAll(async () => {
      tellSeed('cluster-zombie.test.ts');
      cluster = await TestLachanCluster.make({ partitions: PARTITIONS });
      await cluster.json('migrate', '--json');
      const token = await cluster.provider('Lachan Demo Zombie');
      const [gateway, first] = await Promise.all([cluster.start('gateway'), start()]);
      sender = new Sender({ name: 'z', endpoint: gateway.grpc, token, perTurn: 5 });
      await untilOwned('the first to own all', first, (n) => n === ALL);
      await sender.progress(200);

      // All partitions are in the middle of an insert.
      await cluster.store.fail({ kind: 'late', ms: LATE_MS, times: PARTITIONS, table: 'records' });
      await until(
        'the inserts to be under way',
        async () => (await cluster.store.faultsLeft()) === 0 || undefined,
      );
      first.signal('SIGSTOP');
      consumers = [first, await start()];
    });
    afterAll(() => cluster.remove());

    it('leave all to another one, which lands the same batches; the late inserts of both change nothing', async () => {
      const [frozen, other] = consumers;
      await untilOwned('the other to take over', other, (n) => n === ALL);
      await untilLands(other);
      await sleep(LATE_MS);
      frozen.signal('SIGCONT');
      await untilOwned('the woken one to have a share again', frozen, (n) => n > 0 && n < ALL);
      await Promise.all(consumers.map(untilLands));
    });

    it('do so again and again, at any moment', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const which = Math.floor(random() * 2);
        const [frozen, other] = which === 0 ? consumers : [consumers[1], consumers[0]];
        await sleep(random() * 1_500);
        frozen.signal('SIGSTOP');
        await untilOwned('the other to take over', other, (n) => n === ALL);
        await sleep(random() * 1_500);
        frozen.signal('SIGCONT');
        await untilOwned('the woken one to have a share again', frozen, (n) => n > 0 && n < ALL);
      }
    });

    it('have landed everything once, and are the same processes as before', async () => {
      const accepted = await finishAccepted(sender);
      await expectClusterLandedOnce(cluster, accepted);
      for (const one of consumers) {
        expect(one.hasEnded).toBe(false);
        expect(await one.asked('readyz')).toMatchObject({ status: 200 });
        expect(await one.stop()).toEqual({ code: 0, signal: null });
      }
    });
  },
);
