// The embedded setting as one process: gateway and control server on this thread, landing and engine on another.
import { mkdirSync } from 'node:fs';
import { openEmbeddedLog } from '../../log/embedded.js';
import { takedownRulesIn } from '../takedown-rules.js';
import { DATABASE, dataDirectory } from './data-directory.js';
import { startLandingThread, type LandingNews } from './landing-thread.js';
import { serve, type RunningEmbedded, type StartOptions } from './serve.js';

const MIB = 1_048_576;
const MAX_BATCH_RECORDS = 20_000;
const MAX_BATCH_BYTES = 16 * MIB;

/** Rejects when the directory is held by another process, or when log and store do not belong together. */
export async function startEmbedded(options: StartOptions): Promise<RunningEmbedded> {
  const takedownRules = takedownRulesIn(options.takedownRulesFile);
  const directory = dataDirectory(options.dataDir);
  mkdirSync(directory.root, { recursive: true, mode: 0o700 });
  const listeners: LandingNews[] = [];

  // The engine first: its lock on the directory is what keeps a second process out.
  const landing = await startLandingThread(
    {
      storeDirectory: directory.store,
      database: DATABASE,
      logDirectory: directory.log,
      logMaxBytes: options.logMaxMib * MIB,
      maxBatchRecords: MAX_BATCH_RECORDS,
      maxBatchBytes: MAX_BATCH_BYTES,
      maxBatchWaitMs: options.landingWaitMs,
      maxExactKeys: options.dedupKeys,
      maxDeadLettersInARow: options.maxDeadLettersInARow,
      maxDeadLetterShare: options.maxDeadLetterShare,
      acceptDeadLettersTo: options.acceptDeadLettersTo ?? [],
      countryMmdb: options.countryMmdb,
      asnMmdb: options.asnMmdb,
      takedownRules,
    },
    {
      onLanded: (...news) => listeners.forEach((listener) => listener.onLanded(...news)),
      onDeadLetters: (...news) => listeners.forEach((listener) => listener.onDeadLetters(...news)),
      onRetry: (...news) => listeners.forEach((listener) => listener.onRetry(...news)),
    },
  );
  const log = openEmbeddedLog({
    directory: directory.log,
    maxBytes: options.logMaxMib * MIB,
    clock: () => performance.now(),
  });
  const close = async (): Promise<void> => {
    await landing.store.close();
    await log.close();
  };
  try {
    return await serve(options, {
      directory,
      landing,
      log,
      listen: (news) => void listeners.push(news),
      close,
    });
  } catch (error) {
    // A thread that goes on would keep the process alive.
    await close();
    throw error;
  }
}
