// The operations of a cluster for one command. The log is opened when the command first needs it: whoever adds a provider
// or migrates needs no broker.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log/log.js';
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { OperationRefusal } from '../operation-refusal.js';
import { operationsOver, type Operations } from '../operations.js';
import { checkSchema, openLog, openStore } from './connect.js';
import { LandingLag } from './landing-lag.js';
import type { ClusterFlags } from './options.js';
import { toLogSettings, toStoreSettings } from './settings.js';

export interface ClusterWork {
  /** Whether it is to work on a store of an older schema. */
  readonly anySchema?: boolean;
}

/** Runs `work` and closes everything. */
export async function openCluster<T>(
  flags: ClusterFlags,
  work: (operations: Operations) => Promise<T>,
  { anySchema = false }: ClusterWork = {},
): Promise<T> {
  const settings = toStoreSettings(flags);
  const store = await openStore(settings);
  const log = openedWhenUsed(() => openLog(toLogSettings(flags), 'command'));
  try {
    if (!anySchema) await checkSchema(store);
    return await work(
      operationsOver({
        store,
        deployment: settings.deployment,
        log,
        migrated: [],
        // Consumers write them every few seconds.
        noteLandingTimes: () => Promise.resolve(),
        landed: () => untilLanded(log),
        // Gateways read the registries every few seconds.
        onRegistriesChanged: () => Promise.resolve(),
      }),
    );
  } finally {
    await log.close();
    await store.close();
  }
}

function openedWhenUsed(open: () => Promise<Log>): Log {
  let opened: Promise<Log> | undefined;
  const log = (): Promise<Log> => (opened ??= open());
  return {
    append: async (...args) => (await log()).append(...args),
    read: async (...args) => (await log()).read(...args),
    extents: async (...args) => (await log()).extents(...args),
    committed: async (...args) => (await log()).committed(...args),
    async close() {
      // What could not be opened was told to whoever needed it.
      await opened?.then(
        (one) => one.close(),
        () => undefined,
      );
    },
  };
}

const POLL_MS = 200;
const MOST_WAIT_MS = 300_000;

/** Until all that was durable when it was called has landed. Rejects when that takes too long. */
async function untilLanded(log: Log): Promise<void> {
  const topics = [REPORTS_TOPIC, TAKEDOWNS_TOPIC];
  const ends = new Map<string, readonly number[]>();
  for (const topic of topics)
    ends.set(
      topic,
      (await log.extents(topic)).map(({ end }) => end),
    );
  const lag = new LandingLag(log, topics, () => performance.now());
  for (let waitedMs = 0; waitedMs < MOST_WAIT_MS; waitedMs += POLL_MS) {
    await lag.poll();
    if (
      lag
        .partitions()
        .every(({ topic, partition, landedTo }) => landedTo >= (ends.get(topic)?.[partition] ?? 0))
    )
      return;
    await sleep(POLL_MS);
  }
  throw new OperationRefusal('landing is far behind, or no consumers run; try again later');
}
