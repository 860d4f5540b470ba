// Gives a command the operations of a data directory: through the `start` that holds it, else by opening it here.
import { existsSync, mkdirSync } from 'node:fs';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { LANDING_GROUP, startConsumers } from '../../consumers/pipeline.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { operationsOver, type Operations } from '../operations.js';
import { answers, remoteOperations } from './control-client.js';
import { DATABASE, dataDirectory } from './data-directory.js';
import { readRunning } from './running.js';

const LOG_MAX_BYTES = 2 ** 40;
const MIB = 1_048_576;

/**
 * Runs `work` and lets go of the directory again. What an earlier process had accepted and not landed
 * is landed first, when the directory has to be opened here.
 */
export async function withOperations<T>(
  dataDir: string,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const directory = dataDirectory(dataDir);
  const running = readRunning(directory);
  if (running !== undefined && (await answers(running))) return work(remoteOperations(running));

  mkdirSync(directory.root, { recursive: true, mode: 0o700 });
  const store = await openChdb({ directory: directory.store, database: DATABASE });
  try {
    await migrate(store, 'single', Date.now());
    const hasLog = existsSync(directory.log);
    const log = openEmbeddedLog({
      directory: directory.log,
      maxBytes: LOG_MAX_BYTES,
      clock: () => performance.now(),
    });
    try {
      if (hasLog) await landTheRest(log, store);
      return await work(
        operationsOver({
          store,
          log,
          noteLandingTimes: () => Promise.resolve(),
          onProvidersChanged: () => Promise.resolve(),
        }),
      );
    } finally {
      await log.close();
    }
  } finally {
    await store.close();
  }
}

async function landTheRest(
  log: ReturnType<typeof openEmbeddedLog>,
  store: Awaited<ReturnType<typeof openChdb>>,
): Promise<void> {
  const behind = async (): Promise<boolean> => {
    const [extent] = await log.extents(REPORTS_TOPIC);
    const [committed] = await log.committed(LANDING_GROUP, REPORTS_TOPIC);
    return (extent?.end ?? 0) > (committed?.offset ?? 0) || (committed?.metadata ?? '') !== '';
  };
  if (!(await behind())) return;
  const consumers = await startConsumers({
    log,
    store,
    lookups: loadLookups(),
    nowMs: Date.now,
    limits: { maxRecords: 20_000, maxBytes: 16 * MIB, maxWaitMs: 50 },
    dedup: { maxExactKeys: 4_000_000, maxFilters: 64 },
    onLanded: () => undefined,
    onRetry: () => undefined,
  });
  try {
    while (await behind()) {
      await Promise.race([consumers.ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  } finally {
    await consumers.close();
  }
}
