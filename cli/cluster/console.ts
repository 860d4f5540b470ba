// The console role: what the whole cluster is like, for monitoring. Changes nothing.
import { Gauge } from 'prom-client';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { selectEpochs } from '../../store/queries/landed.js';
import { selectLandedTotals } from '../../store/queries/landed-totals.js';
import { createMetrics } from '../metrics.js';
import { checkSchema, reasonOf } from './connect.js';
import { LandingLag } from './landing-lag.js';
import type { RoleFlags } from './options.js';
import { repeat } from './repeat.js';
import { runRole, type Ground, type RunningRole } from './role.js';

const LOG_POLL_MS = 2_000;
const STORE_POLL_MS = 10_000;

export async function runConsole(flags: RoleFlags): Promise<void> {
  await runRole(flags, {
    name: 'console',
    prepare: checkSchema,
    begin: (ground) => Promise.resolve(beginConsole(ground)),
  });
}

/** Whether the last question was answered. */
interface Reached {
  readonly what: string;
  yes: boolean;
}

function beginConsole({ store, log, registry, logger }: Ground): RunningRole {
  const lag = new LandingLag(log, [REPORTS_TOPIC, DATA_KEYS_TOPIC, TAKEDOWNS_TOPIC], () => performance.now());
  const reached = { log: reach('the log'), store: reach('the store') };
  const counted = { committed: 0, tableRows: 0, viewRows: 0 };

  createMetrics({ landingLag: () => lag.records() }, registry);
  const partitionLag = new Gauge({
    name: 'lachan_partition_lag_records',
    help: 'Records of one partition that have not landed. One grows and others do not: look at who owns it.',
    labelNames: ['topic', 'partition'],
    registers: [registry],
    collect() {
      for (const { topic, partition, lag: records } of lag.partitions()) {
        partitionLag.set({ topic, partition: String(partition) }, records);
      }
    },
  });
  gauges(registry, {
    lachan_log_reachable: ['1 while the brokers answer this process.', () => Number(reached.log.yes)],
    lachan_store_reachable: ['1 while ClickHouse answers this process.', () => Number(reached.store.yes)],
    lachan_audit_committed_records: [
      'Records of reports that landing has committed. Never more than the rows of the table.',
      () => counted.committed,
    ],
    lachan_audit_table_rows: ['Rows of the landing table.', () => counted.tableRows],
    lachan_audit_view_rows: [
      'Rows of the landing table as its totals count them. For long not the same: run lachan audit.',
      () => counted.viewRows,
    ],
  });

  const watched = async (one: Reached, ask: () => Promise<void>): Promise<void> => {
    try {
      await ask();
      if (!one.yes) logger.info(`${one.what} answers`);
      one.yes = true;
    } catch (error) {
      if (one.yes) logger.warn(reasonOf(error), `${one.what} does not answer`);
      one.yes = false;
    }
  };
  const select = store.select.bind(store);
  const askStore = async (): Promise<void> => {
    const epoch = (await selectEpochs(select)).find(({ topic }) => topic === REPORTS_TOPIC);
    const committed = lag
      .partitions()
      .filter(({ topic }) => topic === REPORTS_TOPIC)
      .reduce((sum, { partition, landedTo }) => sum + landedTo - (epoch?.firstOffsets[partition] ?? 0), 0);
    Object.assign(counted, { committed, ...(await selectLandedTotals(select)) });
  };
  const unheard = (error: unknown): void => logger.error({ err: error }, 'watching met a fault');
  const repeated = [
    repeat(LOG_POLL_MS, () => watched(reached.log, () => lag.poll()), unheard),
    repeat(STORE_POLL_MS, () => watched(reached.store, askStore), unheard),
  ];
  return {
    problem() {
      const away = [reached.log, reached.store].filter(({ yes }) => !yes).map(({ what }) => what);
      return away.length === 0 ? undefined : `${away.join(' and ')} does not answer`;
    },
    async stop() {
      await Promise.all(repeated.map((one) => one.stop()));
    },
  };
}

function reach(what: string): Reached {
  return { what, yes: true };
}

function gauges(
  registry: Ground['registry'],
  declared: Readonly<Record<string, readonly [help: string, read: () => number]>>,
): void {
  for (const [name, [help, read]] of Object.entries(declared)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
}
