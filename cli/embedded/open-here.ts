// Opens a data directory that nobody holds, for one command.
import { existsSync, mkdirSync } from 'node:fs';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { FloodFault } from '../../consumers/flood-guard.js';
import { LANDING_GROUP, startConsumers, type Consumers } from '../../consumers/pipeline.js';
import { openRules } from '../../consumers/takedown/open-rules.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import type { Log } from '../../log/log.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Store } from '../../store/store.js';
import { operationsOver, type Operations } from '../operations.js';
import { DATABASE, type DataDirectory } from './data-directory.js';

const LOG_MAX_BYTES = 2 ** 40;
const MIB = 1_048_576;

/**
 * Runs `work` and lets go of the directory again. What was accepted and has not landed is landed first, unless a flood
 * of dead letters stops it: `onFlood` is then told, and `work` runs over what has landed before.
 */
export async function openHere<T>(
  directory: DataDirectory,
  work: (operations: Operations) => Promise<T>,
  onFlood: (fault: FloodFault) => void,
): Promise<T> {
  mkdirSync(directory.root, { recursive: true, mode: 0o700 });
  const store = await openChdb({ directory: directory.store, database: DATABASE });
  try {
    const migrated = await migrate(store, 'single', Date.now());
    const hasLog = existsSync(directory.log);
    const log = openEmbeddedLog({
      directory: directory.log,
      maxBytes: LOG_MAX_BYTES,
      clock: () => performance.now(),
    });
    const landing = landingOnDemand(log, store);
    try {
      if (hasLog) {
        await landing.landed().catch((error: unknown) => {
          if (!(error instanceof FloodFault)) throw error;
          onFlood(error);
        });
      }
      return await work(
        operationsOver({
          store,
          log,
          deployment: 'single',
          migrated,
          noteLandingTimes: () => Promise.resolve(),
          landed: () => landing.landed(),
          onRegistriesChanged: () => Promise.resolve(),
        }),
      );
    } finally {
      await landing.close();
      await log.close();
    }
  } finally {
    await store.close();
  }
}

/** Consumers that are started when something waits to be landed. */
function landingOnDemand(
  log: Log,
  store: Store,
): { readonly landed: () => Promise<void>; readonly close: () => Promise<void> } {
  let consumers: Consumers | undefined;
  const isBehind = async (topic: string): Promise<boolean> => {
    const [extent] = await log.extents(topic);
    const [committed] = await log.committed(LANDING_GROUP, topic);
    return (extent?.end ?? 0) > (committed?.offset ?? 0) || (committed?.metadata ?? '') !== '';
  };
  const behind = async (): Promise<boolean> =>
    (await isBehind(REPORTS_TOPIC)) || (await isBehind(DATA_KEYS_TOPIC)) || (await isBehind(TAKEDOWNS_TOPIC));
  return {
    async landed() {
      if (!(await behind())) return;
      consumers ??= await startConsumers({
        log,
        store,
        lookups: loadLookups(),
        rules: await openRules(store, undefined, Date.now()),
        nowMs: Date.now,
        limits: { maxRecords: 20_000, maxBytes: 16 * MIB, maxWaitMs: 50 },
        dedup: { maxExactKeys: 4_000_000, maxFilters: 64 },
        onLanded: () => undefined,
        onRetry: () => undefined,
      });
      // Heard from the beginning: a fault that nobody waits for would end the process without a word.
      const ended = consumers.ended.then(() => undefined);
      ended.catch(() => undefined);
      while (await behind()) {
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
      }
    },
    close: async () => consumers?.close(),
  };
}
