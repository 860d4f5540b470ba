// What the commands ask of a data directory or a cluster, whoever holds it: the same operations in the process that
// opened it and over loopback.
import { audit, type Audit } from '../consumers/audit.js';
import { LANDING_GROUP } from '../consumers/pipeline.js';
import { replay, type ReplayRequest, type ReplayStep } from '../consumers/replay.js';
import type { Log } from '../log/log.js';
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../log/topics.js';
import { migrate, type Deployment } from '../store/migrate.js';
import {
  selectDeadLetters,
  selectOriginals,
  type DeadLetterFilter,
  type DeadLetterRow,
} from '../store/queries/dead-letters.js';
import { selectEpochs } from '../store/queries/landed.js';
import { askFigure } from '../store/queries/figures.js';
import {
  selectSealed,
  selectSealedEvents,
  type SealedEvent,
  type SealedReport,
} from '../store/queries/sealed.js';
import type { Row, Store } from '../store/store.js';
import { registryOperations, type RegistryOperations } from './registry.js';

export interface Figures {
  readonly rows: readonly Row[];
  /** Accepted records that had not landed when the figure was taken. */
  readonly notLanded: number;
}

/** A dead letter with its bytes as they stood in the log, base64. */
export interface ShownDeadLetter extends DeadLetterRow {
  readonly original: string;
}

export interface Operations extends RegistryOperations {
  /** Waits (for at most `waitMs`) until everything accepted before has landed, then asks. */
  figure(name: string, params: Readonly<Record<string, string>>, waitMs: number): Promise<Figures>;
  audit(): Promise<Audit>;
  /** The migrations that this has needed, by name. */
  migrate(): Promise<readonly string[]>;
  sealed(authorityReportId: string): Promise<readonly SealedReport[]>;
  sealedEvents(locationKey: string): Promise<readonly SealedEvent[]>;
  /** In the order of the log. */
  deadLetters(filter: DeadLetterFilter, limit: number): Promise<readonly DeadLetterRow[]>;
  /** `id`: `EPOCH:PARTITION:OFFSET`; null when no dead letter stands there. */
  deadLetter(id: string): Promise<ShownDeadLetter | null>;
  /** One step; `most`: how many dead letters at the most. One replay at a time: others wait. */
  replayDeadLetters(request: ReplayRequest, most: number): Promise<ReplayStep>;
  /** Records of reports that the log has taken since this store was first tied to it. */
  logRecords(): Promise<number>;
}

export interface OperationsOver {
  readonly store: Store;
  readonly deployment: Deployment;
  readonly log: Log;
  /** Migrations that were applied when the store was opened for these operations. */
  readonly migrated: readonly string[];
  readonly noteLandingTimes: () => Promise<void>;
  /** Resolves when all that the log holds has landed; rejects when landing has stopped. */
  readonly landed: () => Promise<void>;
  /** Told when a registry has changed. */
  readonly onRegistriesChanged: () => Promise<void>;
}

const POLL_MS = 20;

export function operationsOver({
  store,
  deployment,
  log,
  migrated,
  noteLandingTimes,
  landed,
  onRegistriesChanged,
}: OperationsOver): Operations {
  const select = store.select.bind(store);
  let replaying: Promise<unknown> = Promise.resolve();

  const notLanded = async (ends: ReadonlyMap<string, readonly number[]>): Promise<number> => {
    let sum = 0;
    for (const [topic, ofTopic] of ends) {
      const committed = await log.committed(LANDING_GROUP, topic);
      ofTopic.forEach((end, i) => (sum += Math.max(0, end - (committed[i]?.offset ?? 0))));
    }
    return sum;
  };

  return {
    ...registryOperations(store, onRegistriesChanged),
    async figure(name, params, waitMs) {
      const ends = new Map<string, readonly number[]>();
      for (const topic of [REPORTS_TOPIC, TAKEDOWNS_TOPIC]) {
        const extents = await log.extents(topic);
        ends.set(
          topic,
          extents.map(({ end }) => end),
        );
      }
      const deadline = Date.now() + waitMs;
      let behind = await notLanded(ends);
      while (behind > 0 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        behind = await notLanded(ends);
      }
      await noteLandingTimes();
      return { rows: await askFigure(select, name, params, Date.now()), notLanded: behind };
    },
    audit: () => audit(log, store, LANDING_GROUP),
    migrate: async () => [...migrated, ...(await migrate(store, deployment, Date.now()))],
    sealed: (authorityReportId) => selectSealed(select, authorityReportId),
    sealedEvents: (locationKey) => selectSealedEvents(select, locationKey),
    deadLetters: (filter, limit) => selectDeadLetters(select, filter, limit),
    async deadLetter(id) {
      const filter = { ids: [id], withReplayed: true, withReplays: true };
      const [found] = await selectDeadLetters(select, filter, 1);
      if (found === undefined) return null;
      const original = (await selectOriginals(select, [id])).get(id)?.toString('base64') ?? '';
      return { ...found, original };
    },
    replayDeadLetters(request, most) {
      const step = replaying.then(() => replay({ log, select, landed }, request, most));
      // Its caller hears of a fault; the next replay only waits for its end.
      replaying = step.catch(() => undefined);
      return step;
    },
    async logRecords() {
      const epoch = (await selectEpochs(select)).find(({ topic }) => topic === REPORTS_TOPIC);
      const extents = await log.extents(REPORTS_TOPIC);
      return extents.reduce(
        (sum, { partition, end }) => sum + end - (epoch?.firstOffsets[partition] ?? 0),
        0,
      );
    },
  };
}
