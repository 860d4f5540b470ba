import { setTimeout as sleep } from 'node:timers/promises';
import { Reporter, type Receipt } from '@lachan/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/demo/random.js';
import { TestLachanCluster, type RoleProcess } from '../support/cluster.js';
import { mayStartBrokers } from '../support/kafka.js';
import { example } from '../support/example-reports.js';
import { LONG, SEED, tellSeed } from '../support/faults.js';
import { freePort, recordOf, textOf, type Finished, type Row } from '../support/lachan-process.js';

const REPORTS = LONG ? 500_000 : 30_000;
const DUPLICATES = 0.2;
const KILL_EVERY_MS = LONG ? 10_000 : 2_500;
/** What is killed, round after round; which one of them, and when, is drawn. The broker only once. */
const VICTIMS = ['consumers', 'gateway', 'consumers', 'broker', 'consumers', 'gateway'] as const;
const PER_SECOND = LONG ? 4_000 : 1_200;
const TURN_MS = 20;
const SESSION_MS = 6_000;
const LANDED_MS = 300_000;

/**
 * Sends its share through one gateway, whatever becomes of it, and goes on until enough has been killed; every fifth
 * report is an earlier one again.
 */
class Load {
  readonly accepted = new Set<string>();
  readonly others: Receipt[] = [];
  readonly ids: string[] = [];
  sent = 0;
  readonly done: Promise<void>;
  readonly #reporter: Reporter;

  constructor(
    name: string,
    endpoint: string,
    token: string,
    random: () => number,
    private readonly isEnough: () => boolean,
  ) {
    this.#reporter = new Reporter({
      endpoint,
      token,
      deadlineMs: 600_000,
      maxBatchReports: 200,
      maxBufferedReports: 5_000,
      retry: { initialMs: 50, maxMs: 500 },
    });
    this.done = this.#send(name, random);
  }

  async #send(name: string, random: () => number): Promise<void> {
    const perTurn = Math.ceil((PER_SECOND / 2) * (TURN_MS / 1_000));
    for (; this.sent < REPORTS / 2 || (!this.isEnough() && this.sent < REPORTS * 5); this.sent += 1) {
      if (this.sent % perTurn === 0) await sleep(TURN_MS);
      await this.#reporter.ready();
      const isAgain = this.ids.length > 0 && random() < DUPLICATES;
      const id = isAgain ? this.ids[Math.floor(random() * this.ids.length)]! : `${name}-${this.ids.length}`;
      if (!isAgain) this.ids.push(id);
      void this.#reporter.report(example(id)).then((receipt) => {
        if (receipt.status === 'ACCEPTED') this.accepted.add(receipt.reportId);
        else if (this.others.length < 10) this.others.push(receipt);
      });
    }
    await this.#reporter.close({ deadlineMs: 600_000 });
  }
}

describe.skipIf(!(await mayStartBrokers()))(
  `three consumers and two gateways, one of them killed every ${KILL_EVERY_MS / 1_000} s (seed ${SEED})`,
  () => {
    let cluster: TestLachanCluster;
    let loads: readonly Load[];
    const kills = { gateway: 0, consumers: 0, broker: 0 };
    let audit: Finished;
    let counts: Row;
    let landed: readonly string[];
    let inTable: readonly Row[];
    let inView: readonly Row[];
    let byHost: readonly Row[];

    beforeAll(async () => {
      tellSeed('cluster-kills.test.ts');
      const random = seededRandom(SEED);
      cluster = await TestLachanCluster.make({ partitions: 6 });
      await cluster.json('migrate', '--json');
      const token = await cluster.provider('Lachan Demo Kills');

      const beginConsumers = (): RoleProcess =>
        cluster.begin('consumers', '--session-timeout-ms', String(SESSION_MS));
      const ports = [await freePort(), await freePort()];
      const beginGateway = (which: number): RoleProcess =>
        cluster.begin('gateway', '--grpc-address', `127.0.0.1:${ports[which]}`);
      const gateways = [0, 1].map(beginGateway);
      const consumers = [0, 1, 2].map(beginConsumers);
      await Promise.all([...gateways, ...consumers].map((role) => role.ready()));

      const isEnough = (): boolean => kills.broker === 1 && kills.consumers >= 2 && kills.gateway >= 1;
      loads = [0, 1].map(
        (i) => new Load(`g${i}`, `127.0.0.1:${ports[i]}`, token, seededRandom(SEED * 2 + i), isEnough),
      );
      let sending = true;
      const sent = Promise.all(loads.map((load) => load.done)).finally(() => (sending = false));
      const killing = (async () => {
        for (let round = 0; sending; round += 1) {
          await sleep(KILL_EVERY_MS * (0.5 + random()));
          const drawn = VICTIMS[round % VICTIMS.length] ?? 'consumers';
          const victim = drawn === 'broker' && kills.broker > 0 ? 'consumers' : drawn;
          kills[victim] += 1;
          switch (victim) {
            case 'broker': {
              const [broker] = cluster.kafka.nodes;
              await broker?.kill();
              await broker?.start();
              break;
            }
            case 'gateway': {
              const which = Math.floor(random() * gateways.length);
              await gateways[which]?.kill();
              gateways[which] = await beginGateway(which).ready();
              break;
            }
            case 'consumers': {
              const which = Math.floor(random() * consumers.length);
              await consumers[which]?.kill();
              consumers[which] = await beginConsumers().ready();
            }
          }
        }
      })();
      await Promise.all([sent, killing]);

      const waited = ['--wait-ms', String(LANDED_MS)];
      counts = recordOf(await cluster.json('query', 'counts', '--format', 'json', ...waited));
      audit = await cluster.run('audit', '--json');
      landed = (await cluster.select(`SELECT report_id FROM records WHERE outcome = 'REPORT'`)).map((row) =>
        textOf(row['report_id']),
      );
      inTable = await cluster.select(
        'SELECT outcome, toString(count()) AS n FROM records GROUP BY outcome ORDER BY outcome',
      );
      inView = await cluster.select(
        'SELECT outcome, toString(sum(records)) AS n FROM record_totals GROUP BY outcome ORDER BY outcome',
      );
      byHost = await cluster.select('SELECT toString(sum(reports)) AS n FROM host_totals');
      process.stderr.write(
        `cluster-kills.test.ts: killed ${kills.consumers} consumers, ${kills.gateway} gateways, ${kills.broker} broker; ` +
          `${JSON.stringify(counts)}\n`,
      );
    });

    afterAll(() => cluster.remove());

    it('has killed what it should, and every report has got its receipt: accepted', () => {
      expect(kills.broker).toBe(1);
      expect(kills.consumers).toBeGreaterThanOrEqual(2);
      expect(kills.gateway).toBeGreaterThanOrEqual(1);
      for (const { others, accepted, ids } of loads) {
        expect(others).toEqual([]);
        expect(accepted.size).toBe(ids.length);
      }
    });

    it('has landed every accepted report exactly once', () => {
      const there = new Set(landed);
      expect(landed.length).toBe(there.size);
      const accepted = loads.flatMap((load) => [...load.accepted]);
      expect(accepted.filter((id) => !there.has(id))).toEqual([]);
      expect(landed.length).toBe(accepted.length);
    });

    it('calls what was sent again a duplicate, and nothing a conflict or a dead letter', () => {
      const distinct = loads.reduce((sum, { ids }) => sum + ids.length, 0);
      expect(counts).toMatchObject({ reports: distinct, conflicts: 0, dead_letters: 0 });
      const sent = loads.reduce((sum, load) => sum + load.sent, 0);
      expect(Number(counts['duplicates'])).toBeGreaterThanOrEqual(sent - distinct);
    });

    it('has the same numbers in the table, in the totals and by host', () => {
      expect(inTable.map((row) => row['outcome'])).toEqual(['DUPLICATE', 'REPORT']);
      expect(inView).toEqual(inTable);
      expect(byHost).toEqual([{ n: String(landed.length) }]);
    });

    it('is audited', () => {
      expect(audit).toMatchObject({ code: 0 });
      expect(recordOf(JSON.parse(audit.stdout))).toMatchObject({ ok: true, problems: [] });
    });
  },
);
