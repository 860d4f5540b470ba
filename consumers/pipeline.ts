// The way of a record from the log to its row. Reads downwards: decode, deduplicate, enrich and encode, land.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, PartitionReader, Subscription, TakeLimits } from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC } from '../log/topics.js';
import { selectLandedKeys } from '../store/queries/known-keys.js';
import { selectLastLanded, type LandingTable } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import { StoreFault, type Store } from '../store/store.js';
import { DATA_KEY_COLUMNS, dataKeyRows } from './data-key-rows.js';
import { decode } from './decode.js';
import { deduplicate } from './deduplicate.js';
import { encodeRows, RECORD_COLUMNS } from './encode-row.js';
import { createEnrich } from './enrich.js';
import { openEpoch } from './epoch.js';
import { KnownKeys } from './known-keys.js';
import { LandingFault, landPartition, type Landed } from './land.js';
import { LandingTimes } from './landing-times.js';
import type { Lookups } from './lookups/load-lookups.js';

/** The group under which landing is committed. */
export const LANDING_GROUP = 'lachan.landing';

export interface ConsumerOptions {
  readonly log: Log;
  readonly store: Store;
  readonly lookups: Lookups;
  readonly nowMs: () => number;
  readonly limits: TakeLimits;
  readonly dedup: { readonly maxExactKeys: number; readonly maxFilters: number };
  readonly onLanded: (topic: string, partition: number, landed: Landed) => void;
  readonly onRetry: (topic: string, fault: StoreFault) => void;
}

export interface Consumers {
  /** Rejects with the first fault that stops landing; resolves after `close`. */
  readonly ended: Promise<void>;
  /** Writes down when the latest batches became visible, so that figures of freshness know them. */
  noteLandingTimes(): Promise<void>;
  /** Finishes the running batch and stops. Safe twice. */
  close(): Promise<void>;
}

const RETRY_MS = { first: 100, most: 10_000 } as const;

/** Lands everything that is and comes into the log. Rejects when the log and the store do not belong together. */
export async function startConsumers(options: ConsumerOptions): Promise<Consumers> {
  const { log, store, nowMs } = options;
  const reportsEpoch = await openEpoch(log, store, REPORTS_TOPIC, 'records', nowMs());
  const dataKeysEpoch = await openEpoch(log, store, DATA_KEYS_TOPIC, 'data_keys', nowMs());
  const times = new LandingTimes(store, nowMs);

  const subscription: Subscription = await log.read(
    LANDING_GROUP,
    [REPORTS_TOPIC, DATA_KEYS_TOPIC],
    (reader) =>
      reader.topic === REPORTS_TOPIC
        ? landReports(reader, reportsEpoch, times, options)
        : landDataKeys(reader, dataKeysEpoch, options),
  );
  return {
    ended: subscription.ended,
    noteLandingTimes: () => times.write(),
    async close() {
      await subscription.close();
      await times.write();
    },
  };
}

async function landReports(
  reader: PartitionReader,
  epoch: number,
  times: LandingTimes,
  options: ConsumerOptions,
): Promise<void> {
  const { store, lookups, nowMs } = options;
  const { partition } = reader;
  const select = patientSelect(store, reader, options);
  await checkSink(reader, select, 'records', epoch);

  const known = new KnownKeys(options.dedup);
  const before = { epoch, partition, offset: reader.committed?.offset ?? 0 };
  for await (const { key, digest } of selectLandedKeys(select, before)) {
    if (reader.revoked.aborted) return;
    known.remember(key, digest);
  }

  const enrichLocation = createEnrich(lookups);
  await landPartition(reader, {
    store,
    epoch,
    limits: options.limits,
    retryMs: RETRY_MS,
    onRetry: (fault) => options.onRetry(reader.topic, fault),
    async toRows(batch) {
      const decoded = decode(batch);
      const from = { epoch, partition, offset: batch[0]?.offset ?? 0 };
      const judged = await deduplicate(decoded, known, select, from);
      const rows = encodeRows(judged, {
        epoch,
        partition,
        landedAtMs: nowMs(),
        enrichLocation,
        lookupVersions: lookups.versions,
      });
      return { table: 'records', columns: RECORD_COLUMNS, rows, rowCount: judged.length };
    },
    onLanded(landed) {
      times.note(epoch, partition, landed);
      options.onLanded(reader.topic, partition, landed);
    },
  });
}

async function landDataKeys(reader: PartitionReader, epoch: number, options: ConsumerOptions): Promise<void> {
  const select = patientSelect(options.store, reader, options);
  await checkSink(reader, select, 'data_keys', epoch);
  await landPartition(reader, {
    store: options.store,
    epoch,
    limits: { ...options.limits, maxRecords: 1000 },
    retryMs: RETRY_MS,
    onRetry: (fault) => options.onRetry(reader.topic, fault),
    toRows: (batch) =>
      Promise.resolve({
        table: 'data_keys',
        columns: DATA_KEY_COLUMNS,
        rows: dataKeyRows(batch, epoch, reader.partition),
        rowCount: batch.length,
      }),
    onLanded: (landed) => options.onLanded(reader.topic, reader.partition, landed),
  });
}

/** A store behind the committed offset has lost rows. Landing on would hide it: the tokens of the lost rows are used up. */
async function checkSink(
  reader: PartitionReader,
  select: Select,
  table: LandingTable,
  epoch: number,
): Promise<void> {
  if (reader.committed === undefined || reader.committed.offset === 0) return;
  const last = await selectLastLanded(select, table, epoch, reader.partition);
  if (last + 1 < reader.committed.offset) {
    throw new LandingFault(
      `${reader.topic} partition ${reader.partition} is committed up to ${reader.committed.offset}, ` +
        `but the store holds it only up to ${last + 1}: rows are missing from the store; restore it from a backup`,
    );
  }
}

/** Asks until the store answers, or the partition is lost. */
function patientSelect(store: Store, reader: PartitionReader, options: ConsumerOptions): Select {
  return async (sql, params) => {
    for (let waitMs: number = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
      try {
        return await store.select(sql, params);
      } catch (error) {
        if (!(error instanceof StoreFault) || error.retry === 'never' || reader.revoked.aborted) throw error;
        options.onRetry(reader.topic, error);
      }
      await sleep(waitMs, undefined, { signal: reader.revoked }).catch(() => undefined);
    }
  };
}
