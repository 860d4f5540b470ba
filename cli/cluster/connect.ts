// Opens log and store of the cluster, waiting for them as long as a start may.
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFault, type Log } from '../../log/log.js';
import { ensureTopics, openKafkaLog } from '../../log/kafka.js';
import { DEFAULT_LIMITS, type KafkaEvent } from '../../log/kafka-options.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { openClickHouse } from '../../store/clickhouse.js';
import { missingMigrations } from '../../store/migrate.js';
import { StoreFault, type Store } from '../../store/store.js';
import { CommandFault } from '../command-fault.js';
import type { LogSettings, StoreSettings } from './settings.js';

const RETRY_MS = 1_000;

/** Whether the same may succeed later. */
export function mayPass(fault: unknown): fault is LogFault | StoreFault {
  return fault instanceof StoreFault
    ? fault.retry === 'same-block'
    : fault instanceof LogFault && fault.retryable;
}

/** For the log of the process: a stack only where somebody has to look for a bug. */
export function reasonOf(fault: unknown): { readonly fault: string } | { readonly err: unknown } {
  return fault instanceof StoreFault || fault instanceof LogFault ? { fault: fault.message } : { err: fault };
}

/** How long something is tried, and who is told of each failure. */
export interface StartPatience {
  readonly waitMs: number;
  readonly onWait: (fault: Error) => void;
}

/** Does `work` again while it fails for now. Rejects with the last fault when the time is over, with any other at once. */
export async function whileStarting<T>(
  { waitMs, onWait }: StartPatience,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await work();
    } catch (fault) {
      if (!mayPass(fault) || performance.now() + RETRY_MS > deadline) throw fault;
      onWait(fault);
    }
    await sleep(RETRY_MS);
  }
}

/**
 * The time limit of an insert is below the session of a consumer: before its partitions have another owner it knows what
 * became of its insert, nearly always. What was begun at the last moment that owner repeats, under the same token.
 */
export function openStore(
  { clickhouse }: StoreSettings,
  sessionTimeoutMs = DEFAULT_LIMITS.sessionTimeoutMs,
): Promise<Store> {
  return openClickHouse({ insertTimeoutMs: Math.floor((sessionTimeoutMs * 2) / 3), ...clickhouse });
}

/** Throws `CommandFault` when the store has not had all migrations of this version. */
export async function checkSchema(store: Store): Promise<void> {
  const missing = await missingMigrations(store);
  if (missing.length > 0) {
    throw new CommandFault(
      `the store has not had ${missing.join(', ')}: run lachan migrate with the same settings first`,
    );
  }
}

/** `name`: who this is, to the brokers. `sessionTimeoutMs`: so long a consumer may be silent. */
export function openLog(
  settings: LogSettings,
  name: string,
  sessionTimeoutMs = DEFAULT_LIMITS.sessionTimeoutMs,
  onEvent: (event: KafkaEvent) => void = () => undefined,
): Promise<Log> {
  return openKafkaLog({
    ...optionsOf(settings, name, onEvent),
    limits: {
      sessionTimeoutMs,
      heartbeatMs: Math.floor(sessionTimeoutMs / 10),
      rebalanceTimeoutMs: sessionTimeoutMs * 2,
    },
  });
}

/** Makes the topics that are missing; rejects when one of them is not as the settings say. */
export async function openTopics(settings: LogSettings, name: string): Promise<void> {
  const options = optionsOf(settings, name, () => undefined);
  await ensureTopics(options, [REPORTS_TOPIC, TAKEDOWNS_TOPIC]);
  // A handful of records a day; a reader of its own for each of a dozen partitions would only cost. Kept for longer:
  // what was sealed under the last of them still stands in the log when that one would go.
  const { topics } = settings;
  const dataKeys = { ...topics, partitions: 1, retentionMs: topics.retentionMs * 2 };
  await ensureTopics({ ...options, topics: dataKeys }, [DATA_KEYS_TOPIC]);
}

function optionsOf(settings: LogSettings, name: string, onEvent: (event: KafkaEvent) => void) {
  // Goes on while the process is stopped, and nobody sets it.
  return { ...settings, clientId: `lachan-${name}`, now: () => performance.now(), onEvent };
}
