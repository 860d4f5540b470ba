// The way of a record from the log to its row. Reads downwards: decode, deduplicate, enrich and encode, land.
import { LogFault, type Log, type PartitionReader, type Subscription, type TakeLimits } from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC } from '../log/topics.js';
import { selectLandedKeys } from '../store/queries/known-keys.js';
import { selectLandedRange, type LandingTable } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import type { Store } from '../store/store.js';
import { DATA_KEY_COLUMNS, dataKeyRows } from './data-key-rows.js';
import { decode } from './decode.js';
import { deduplicate } from './deduplicate.js';
import { encodeRows, RECORD_COLUMNS } from './encode-row.js';
import { createEnrich } from './enrich.js';
import { checkSink, openEpoch } from './epoch.js';
import { KnownKeys } from './known-keys.js';
import { landPartition, type Landed, type LandingOptions } from './land.js';
import { LandingTimes } from './landing-times.js';
import type { Lookups } from './lookups/load-lookups.js';
import { patiently, type PassingFault } from './patiently.js';
import { FloodGuard } from './flood-guard.js';

/** The group under which landing is committed. */
export const LANDING_GROUP = 'lachan.landing';

export interface ConsumerOptions {
  readonly log: Log;
  readonly store: Store;
  readonly lookups: Lookups;
  readonly nowMs: () => number;
  readonly limits: TakeLimits;
  readonly dedup: { readonly maxExactKeys: number; readonly maxFilters: number };
  /** So many dead letters one after the other stop the partition; 1,000 when left out. */
  readonly maxDeadLettersInARow?: number;
  readonly onLanded: (topic: string, partition: number, landed: Landed) => void;
  readonly onRetry: (topic: string, fault: PassingFault) => void;
}

export interface Consumers {
  /** Rejects with the first fault that stops landing; resolves after `close`. */
  readonly ended: Promise<void>;
  /** Writes down when the latest batches became visible, so that figures of freshness know them. */
  noteLandingTimes(): Promise<void>;
  /** Stops; a batch in the middle of its insert is inserted, and landed again at the next start. Safe twice. */
  close(): Promise<void>;
}

const RETRY_MS = { first: 100, most: 10_000 } as const;
const MAX_DEAD_LETTERS_IN_A_ROW = 1_000;

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
      untilLost(
        reader.topic === REPORTS_TOPIC
          ? landReports(reader, reportsEpoch, times, options)
          : landDataKeys(reader, dataKeysEpoch, options),
      ),
  );
  return {
    ended: subscription.ended,
    noteLandingTimes: () => times.write(),
    async close() {
      await subscription.close();
      // Without them the figures of freshness rest on fewer records, which they say.
      await Promise.allSettled([times.write()]);
    },
  };
}

/** To lose a partition is no fault: its next owner goes on from the intent. */
async function untilLost(landing: Promise<void>): Promise<void> {
  try {
    await landing;
  } catch (fault) {
    if (!(fault instanceof LogFault && fault.code === 'NOT_OWNER')) throw fault;
  }
}

async function landReports(
  reader: PartitionReader,
  epoch: number,
  times: LandingTimes,
  options: ConsumerOptions,
): Promise<void> {
  const { lookups, nowMs } = options;
  const { partition } = reader;
  const landing = landingOf(reader, 'records', epoch, options);
  await checkSink(reader, landing.select, 'records', epoch);

  const known = new KnownKeys(options.dedup);
  const before = { epoch, partition, offset: reader.committed?.offset ?? 0 };
  for await (const { key, digest } of selectLandedKeys(landing.select, before)) known.remember(key, digest);

  const flood = new FloodGuard(options.maxDeadLettersInARow ?? MAX_DEAD_LETTERS_IN_A_ROW);
  const enrichLocation = createEnrich(lookups);
  await landPartition(reader, {
    ...landing,
    limits: options.limits,
    async toRows(batch) {
      const decoded = decode(batch);
      flood.watch(decoded);
      const from = { epoch, partition, offset: batch[0]?.offset ?? 0 };
      const judged = await deduplicate(decoded, known, landing.select, from);
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
  const { partition } = reader;
  const landing = landingOf(reader, 'data_keys', epoch, options);
  await checkSink(reader, landing.select, 'data_keys', epoch);
  await landPartition(reader, {
    ...landing,
    limits: { ...options.limits, maxRecords: 1000 },
    toRows: (batch) =>
      Promise.resolve({
        table: 'data_keys',
        columns: DATA_KEY_COLUMNS,
        rows: dataKeyRows(batch, epoch, partition),
        rowCount: batch.length,
      }),
    onLanded: (landed) => options.onLanded(reader.topic, partition, landed),
  });
}

/** What landing needs of the store, whatever it lands. `select` asks until the store answers. */
function landingOf(
  reader: PartitionReader,
  table: LandingTable,
  epoch: number,
  { store, onRetry }: ConsumerOptions,
): Pick<LandingOptions, 'store' | 'epoch' | 'onRetry' | 'retryMs' | 'countLanded'> & { select: Select } {
  const patience = { retryMs: RETRY_MS, onRetry: (fault: PassingFault) => onRetry(reader.topic, fault) };
  const { partition } = reader;
  return {
    ...patience,
    store,
    epoch,
    select: (sql, params) => patiently(reader, patience, () => store.select(sql, params)),
    countLanded: ({ from, to }) =>
      selectLandedRange(store.select.bind(store), table, { epoch, partition, from, to: to + 1 }),
  };
}
