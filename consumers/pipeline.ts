// The way of a record from the log to its row. Reads downwards: decode, deduplicate, enrich and encode, land.
import { LogFault, type Log, type PartitionReader, type Subscription, type TakeLimits } from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../log/topics.js';
import type { LogPosition } from '../schemas/log-position.js';
import { selectLandedKeys } from '../store/queries/known-keys.js';
import type { Store } from '../store/store.js';
import type { Rule } from '../takedown/rule.js';
import { acceptDeadLetters } from './accept-dead-letters.js';
import { DATA_KEY_COLUMNS, dataKeyRows } from './data-key-rows.js';
import { decode } from './decode.js';
import { deduplicate } from './deduplicate.js';
import { encodeRows, RECORD_COLUMNS } from './encode-row.js';
import { createEnrich } from './enrich.js';
import { checkSink, openEpoch } from './epoch.js';
import { KnownKeys } from './known-keys.js';
import { LandingFault, landPartition, type Landed } from './land.js';
import { landingOf } from './landing-of.js';
import { LandingTimes } from './landing-times.js';
import type { Lookups } from './lookups/load-lookups.js';
import type { PassingFault, Patience } from './patiently.js';
import { REPORTS, TAKEDOWNS } from './landed-topics.js';
import { openFloodGuard, type FloodOptions } from './open-flood-guard.js';
import { refuseRepeatedReplays } from './refuse-repeated-replays.js';
import { landEvents } from './takedown/land-events.js';

/** The group under which landing is committed. */
export const LANDING_GROUP = 'lachan.landing';

export interface ConsumerOptions extends FloodOptions {
  readonly log: Log;
  readonly store: Store;
  readonly lookups: Lookups;
  /** What cases of takedown are folded with. */
  readonly rules: readonly Rule[];
  readonly nowMs: () => number;
  /**
   * Of one batch; `maxBytes` is shared by the partitions of reports that this process owns, and those of takedowns share
   * an eighth of it beside.
   */
  readonly limits: TakeLimits;
  /** `maxExactKeys` is shared by the partitions of reports that this process owns. */
  readonly dedup: { readonly maxExactKeys: number; readonly maxFilters: number };
  /** Dead letters up to here land, however many they are; none when left out. */
  readonly acceptDeadLettersTo?: readonly LogPosition[];
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

/** Lands everything that is and comes into the log. Rejects when the log and the store do not belong together. */
export async function startConsumers(options: ConsumerOptions): Promise<Consumers> {
  const { log, store, nowMs } = options;
  const reportsEpoch = await openEpoch(log, store, REPORTS_TOPIC, 'records', nowMs());
  const dataKeysEpoch = await openEpoch(log, store, DATA_KEYS_TOPIC, 'data_keys', nowMs());
  const takedownsEpoch = await openEpoch(log, store, TAKEDOWNS_TOPIC, 'takedown_records', nowMs());
  const accepted = options.acceptDeadLettersTo ?? [];
  await acceptDeadLetters(log, store, REPORTS, reportsEpoch, accepted, nowMs());
  await acceptDeadLetters(log, store, TAKEDOWNS, takedownsEpoch, accepted, nowMs());
  const times = new LandingTimes(store, nowMs);
  // All partitions of an assignment are here before the first of them has asked the store anything.
  const owned = { [REPORTS_TOPIC]: 0, [TAKEDOWNS_TOPIC]: 0 };

  const owning = async (topic: keyof typeof owned, landing: () => Promise<void>): Promise<void> => {
    owned[topic] += 1;
    try {
      await landing();
    } finally {
      owned[topic] -= 1;
    }
  };
  const land = (reader: PartitionReader): Promise<void> => {
    switch (reader.topic) {
      case REPORTS_TOPIC:
        return owning(REPORTS_TOPIC, () =>
          landReports(reader, reportsEpoch, times, () => shared(options, owned[REPORTS_TOPIC])),
        );
      case TAKEDOWNS_TOPIC:
        return owning(TAKEDOWNS_TOPIC, () =>
          landEvents(reader, {
            ...options,
            group: LANDING_GROUP,
            epoch: takedownsEpoch,
            reportsEpoch,
            limits: () => sharedLimits(options.limits, owned[TAKEDOWNS_TOPIC] * TAKEDOWNS_SHARE),
            onLanded: (landed) => options.onLanded(reader.topic, reader.partition, landed),
          }),
        );
      default:
        return landDataKeys(reader, dataKeysEpoch, options);
    }
  };
  const subscription: Subscription = await log.read(
    LANDING_GROUP,
    [REPORTS_TOPIC, DATA_KEYS_TOPIC, TAKEDOWNS_TOPIC],
    (reader) => untilLost(reader, land(reader), options.onHeld),
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
const TAKEDOWNS_SHARE = 8;

/** What one of `partitions` may use. */
function shared(options: ConsumerOptions, partitions: number): ConsumerOptions {
  const { limits, dedup } = options;
  return {
    ...options,
    limits: sharedLimits(limits, partitions),
    dedup: { ...dedup, maxExactKeys: Math.ceil(dedup.maxExactKeys / partitions) },
  };
}

function sharedLimits(limits: TakeLimits, parts: number): TakeLimits {
  return { ...limits, maxBytes: Math.max(LEAST_BATCH_BYTES, Math.floor(limits.maxBytes / parts)) };
}

async function landReports(
  reader: PartitionReader,
  epoch: number,
  times: LandingTimes,
  shareOf: () => ConsumerOptions,
): Promise<void> {
  const { partition } = reader;
  const landing = landingOf(reader, 'records', epoch, { ...shareOf(), group: LANDING_GROUP });
  await checkSink(reader, landing.select, 'records', epoch, landing.committedNow);
  const options = shareOf();
  const { lookups, nowMs } = options;

  const known = new KnownKeys(options.dedup);
  const before = { epoch, partition, offset: reader.committed?.offset ?? 0 };
  for await (const { key, digest } of selectLandedKeys(landing.select, before)) known.remember(key, digest);

  const watchFlood = await openFloodGuard(REPORTS, landing.select, before, options);
  const enrichLocation = createEnrich(lookups);
  await landPartition(reader, {
    ...landing,
    limits: options.limits,
    async toRows(batch) {
      const decoded = decode(batch);
      const from = { epoch, partition, offset: batch[0]?.offset ?? 0 };
      await watchFlood(decoded, from);
      const checked = await refuseRepeatedReplays(REPORTS, decoded, landing.select, from);
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
  const landing = landingOf(reader, 'data_keys', epoch, { ...options, group: LANDING_GROUP });
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
