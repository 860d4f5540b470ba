// The way of a record from the log to its row. Reads downwards: decode, deduplicate, enrich and encode, land.
import {
  LogFault,
  type Committed,
  type Log,
  type PartitionReader,
  type Subscription,
  type TakeLimits,
} from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC } from '../log/topics.js';
import type { LogPosition } from '../schemas/log-position.js';
import { selectAcceptedTo, selectDeadLettersBefore } from '../store/queries/floods.js';
import { selectLandedKeys } from '../store/queries/known-keys.js';
import { selectLandedRange, type LandingTable } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import type { Store } from '../store/store.js';
import { acceptDeadLetters } from './accept-dead-letters.js';
import { DATA_KEY_COLUMNS, dataKeyRows } from './data-key-rows.js';
import { decode } from './decode.js';
import { deduplicate } from './deduplicate.js';
import { encodeRows, RECORD_COLUMNS } from './encode-row.js';
import { createEnrich } from './enrich.js';
import { checkSink, openEpoch } from './epoch.js';
import { KnownKeys } from './known-keys.js';
import { LandingFault, landPartition, type Landed, type LandingOptions } from './land.js';
import { LandingTimes } from './landing-times.js';
import type { Lookups } from './lookups/load-lookups.js';
import { patiently, type PassingFault, type Patience } from './patiently.js';
import { FLOOD_WINDOW, floodFault, FloodGuard } from './flood-guard.js';
import { refuseRepeatedReplays } from './refuse-repeated-replays.js';

/** The group under which landing is committed. */
export const LANDING_GROUP = 'lachan.landing';

export interface ConsumerOptions {
  readonly log: Log;
  readonly store: Store;
  readonly lookups: Lookups;
  readonly nowMs: () => number;
  /** Of one batch; `maxBytes` is shared by the partitions that this process owns. */
  readonly limits: TakeLimits;
  /** `maxExactKeys` is shared by the partitions of reports that this process owns. */
  readonly dedup: { readonly maxExactKeys: number; readonly maxFilters: number };
  /** So many dead letters one after the other stop the partition; 1,000 when left out. */
  readonly maxDeadLettersInARow?: number;
  /** More dead letters among the last 10,000 records stop the partition, in percent; 50 when left out. */
  readonly maxDeadLetterShare?: number;
  /** Dead letters up to here land, however many they are; none when left out. */
  readonly acceptDeadLettersTo?: readonly LogPosition[];
  /** Told how many records of a batch cannot be read, each time the batch is judged. */
  readonly onDeadLetters?: (count: number) => void;
  readonly onLanded: (topic: string, partition: number, landed: Landed) => void;
  readonly onRetry: (topic: string, fault: PassingFault) => void;
  /**
   * Told that a partition must not be landed any further, by a fault that no restart mends: it is held, and the others
   * go on. What it returns is called when the partition is lost. Left out: the fault ends all landing.
   */
  readonly onHeld?: (topic: string, partition: number, fault: Error) => () => void;
  /** As `Patience.pause`. */
  readonly pause?: Patience['pause'];
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
const MAX_DEAD_LETTER_SHARE = 50;

/** Lands everything that is and comes into the log. Rejects when the log and the store do not belong together. */
export async function startConsumers(options: ConsumerOptions): Promise<Consumers> {
  const { log, store, nowMs } = options;
  const reportsEpoch = await openEpoch(log, store, REPORTS_TOPIC, 'records', nowMs());
  const dataKeysEpoch = await openEpoch(log, store, DATA_KEYS_TOPIC, 'data_keys', nowMs());
  await acceptDeadLetters(
    log,
    store,
    REPORTS_TOPIC,
    reportsEpoch,
    options.acceptDeadLettersTo ?? [],
    nowMs(),
  );
  const times = new LandingTimes(store, nowMs);
  // All partitions of an assignment are here before the first of them has asked the store anything.
  let owned = 0;

  const landReportsOf = async (reader: PartitionReader): Promise<void> => {
    owned += 1;
    try {
      await landReports(reader, reportsEpoch, times, () => shared(options, owned));
    } finally {
      owned -= 1;
    }
  };
  const subscription: Subscription = await log.read(
    LANDING_GROUP,
    [REPORTS_TOPIC, DATA_KEYS_TOPIC],
    (reader) =>
      untilLost(
        reader,
        reader.topic === REPORTS_TOPIC ? landReportsOf(reader) : landDataKeys(reader, dataKeysEpoch, options),
        options.onHeld,
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
async function untilLost(
  reader: PartitionReader,
  landing: Promise<void>,
  onHeld: ConsumerOptions['onHeld'],
): Promise<void> {
  try {
    await landing;
  } catch (fault) {
    if (fault instanceof LogFault && fault.code === 'NOT_OWNER') return;
    if (onHeld === undefined || !isLasting(fault)) throw fault;
    const release = onHeld(reader.topic, reader.partition, fault);
    await aborted(reader.revoked);
    release();
  }
}

/** What stands in the log or in the store is wrong, and would be after a restart. */
function isLasting(fault: unknown): fault is Error {
  return (
    fault instanceof LandingFault ||
    (fault instanceof LogFault && (fault.code === 'DAMAGED' || fault.code === 'OUT_OF_RANGE'))
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const LEAST_BATCH_BYTES = 1_048_576;

/** What one of `partitions` may use. */
function shared(options: ConsumerOptions, partitions: number): ConsumerOptions {
  const { limits, dedup } = options;
  return {
    ...options,
    limits: { ...limits, maxBytes: Math.max(LEAST_BATCH_BYTES, Math.floor(limits.maxBytes / partitions)) },
    dedup: { ...dedup, maxExactKeys: Math.ceil(dedup.maxExactKeys / partitions) },
  };
}

async function landReports(
  reader: PartitionReader,
  epoch: number,
  times: LandingTimes,
  shareOf: () => ConsumerOptions,
): Promise<void> {
  const { partition } = reader;
  const landing = landingOf(reader, 'records', epoch, shareOf());
  await checkSink(reader, landing.select, 'records', epoch, landing.committedNow);
  const options = shareOf();
  const { lookups, nowMs } = options;

  const known = new KnownKeys(options.dedup);
  const before = { epoch, partition, offset: reader.committed?.offset ?? 0 };
  for await (const { key, digest } of selectLandedKeys(landing.select, before)) known.remember(key, digest);

  const acceptedTo = await selectAcceptedTo(landing.select, epoch, partition);
  const flood = new FloodGuard(
    {
      maxInARow: options.maxDeadLettersInARow ?? MAX_DEAD_LETTERS_IN_A_ROW,
      maxSharePercent: options.maxDeadLetterShare ?? MAX_DEAD_LETTER_SHARE,
    },
    acceptedTo,
    await selectDeadLettersBefore(landing.select, before, acceptedTo, FLOOD_WINDOW),
  );
  const enrichLocation = createEnrich(lookups);
  await landPartition(reader, {
    ...landing,
    limits: options.limits,
    async toRows(batch) {
      const decoded = decode(batch);
      const from = { epoch, partition, offset: batch[0]?.offset ?? 0 };
      const dead = decoded.reduce((count, { outcome }) => count + Number(outcome === 'DEAD_LETTER'), 0);
      if (dead > 0) options.onDeadLetters?.(dead);
      const tooMany = flood.watch(decoded);
      if (tooMany !== undefined) {
        const end = (await options.log.extents(reader.topic))[partition]?.end ?? 0;
        throw floodFault(reader.topic, tooMany, from, end - 1);
      }
      const checked = await refuseRepeatedReplays(decoded, landing.select, from);
      const judged = await deduplicate(checked, known, landing.select, from);
      const rows = encodeRows(judged, {
        epoch,
        partition,
        landedAtMs: nowMs(),
        enrichLocation,
        lookupVersions: lookups.versions,
      });
      return { table: 'records', columns: RECORD_COLUMNS, format: 'Native', rows, rowCount: judged.length };
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
  await checkSink(reader, landing.select, 'data_keys', epoch, landing.committedNow);
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
  { log, store, onRetry, pause }: ConsumerOptions,
): Pick<LandingOptions, 'store' | 'epoch' | 'countLanded' | keyof Patience> & {
  select: Select;
  committedNow: () => Promise<Committed | undefined>;
} {
  const patience: Patience = {
    retryMs: RETRY_MS,
    onRetry: (fault) => onRetry(reader.topic, fault),
    pause,
  };
  const { partition } = reader;
  return {
    ...patience,
    store,
    epoch,
    select: (sql, params) => patiently(reader, patience, () => store.select(sql, params)),
    committedNow: async () => (await log.committed(LANDING_GROUP, reader.topic))[partition],
    countLanded: ({ from, to }) =>
      selectLandedRange(store.select.bind(store), table, { epoch, partition, from, to: to + 1 }),
  };
}
