// The landing thread: owns the engine, lands the log into it, and answers what the main thread asks of the store.
import { parentPort, workerData } from 'node:worker_threads';
import { startConsumers, type Consumers } from '../../consumers/pipeline.js';
import { openRules } from '../../consumers/takedown/open-rules.js';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import type { Log } from '../../log/log.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { StoreFault, type Row, type Store } from '../../store/store.js';
import type { FaultMessage, FromLanding, LandingSetup, ToLanding } from './landing-messages.js';

const port = parentPort;
if (port === null) throw new Error('landing-worker runs as a worker thread only');
// The only maker of this thread is landing-thread.ts, which passes a LandingSetup.
const setup = workerData as LandingSetup;
const say = (message: FromLanding): void => port.postMessage(message);

const faultOf = (error: unknown): FaultMessage => ({
  name: error instanceof Error ? error.name : 'Error',
  message: error instanceof Error ? error.message : String(error),
  retry: error instanceof StoreFault ? error.retry : undefined,
  engineCode: error instanceof StoreFault ? error.engineCode : undefined,
});

async function run(): Promise<void> {
  const store = await openChdb({ directory: setup.storeDirectory, database: setup.database });
  await migrate(store, 'single', Date.now());
  const log = openEmbeddedLog({
    directory: setup.logDirectory,
    maxBytes: setup.logMaxBytes,
    clock: () => performance.now(),
  });
  const lookups = loadLookups({
    ...(setup.countryMmdb === undefined ? {} : { countryMmdb: setup.countryMmdb }),
    ...(setup.asnMmdb === undefined ? {} : { asnMmdb: setup.asnMmdb }),
  });
  const consumers = await startConsumers({
    log,
    store,
    lookups,
    rules: await openRules(store, setup.takedownRules, Date.now()),
    nowMs: Date.now,
    limits: {
      maxRecords: setup.maxBatchRecords,
      maxBytes: setup.maxBatchBytes,
      maxWaitMs: setup.maxBatchWaitMs,
    },
    dedup: { maxExactKeys: setup.maxExactKeys, maxFilters: 64 },
    maxDeadLettersInARow: setup.maxDeadLettersInARow,
    maxDeadLetterShare: setup.maxDeadLetterShare,
    acceptDeadLettersTo: setup.acceptDeadLettersTo,
    onDeadLetters: (count) => say({ kind: 'deadLetters', count }),
    onLanded: (topic, _partition, landed) => say({ kind: 'landed', topic, ...landed }),
    onRetry: (topic, fault) => say({ kind: 'retry', topic, fault: faultOf(fault) }),
  });
  consumers.ended.catch((error: unknown) => say({ kind: 'stopped', fault: faultOf(error) }));
  port?.on('message', (message: ToLanding) => {
    answer(message, store, log, consumers).then(
      (rows) => say({ kind: 'answer', id: message.id, rows }),
      (error: unknown) => say({ kind: 'failed', id: message.id, fault: faultOf(error) }),
    );
  });
  say({ kind: 'ready', lookups: lookups.versions, lookupAgeDays: lookups.ageDays(Date.now()) });
}

async function answer(
  message: ToLanding,
  store: Store,
  log: Log,
  consumers: Consumers,
): Promise<readonly Row[]> {
  switch (message.op) {
    case 'command':
      await store.command(message.sql);
      return [];
    case 'select':
      return store.select(message.sql, message.params);
    case 'insert':
      await store.insert(message.block);
      return [];
    case 'noteLandingTimes':
      await consumers.noteLandingTimes();
      return [];
    case 'close':
      await consumers.close();
      await log.close();
      // The engine last, and drained: ending the thread with an insert in it would abort the process.
      await store.close();
      return [];
  }
}

run().catch((error: unknown) => say({ kind: 'stopped', fault: faultOf(error) }));
