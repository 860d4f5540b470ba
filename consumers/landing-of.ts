// What landing needs of log and store, whatever it lands.
import type { Committed, Log, PartitionReader } from '../log/log.js';
import { selectLandedRange, type LandingTable } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import type { Block, Store } from '../store/store.js';
import type { LandingOptions } from './land.js';
import { patiently, type PassingFault, type Patience } from './patiently.js';

export interface LandingOver {
  readonly log: Log;
  readonly store: Store;
  /** Whose commits count. */
  readonly group: string;
  readonly onRetry: (topic: string, fault: PassingFault) => void;
  /** As `Patience.pause`. */
  readonly pause?: Patience['pause'];
}

/** `select` and `insert` go on until the store answers, and reject with `LogFault` (NOT_OWNER) once the partition is lost. */
export interface Landing extends Pick<LandingOptions, 'store' | 'epoch' | 'countLanded' | keyof Patience> {
  readonly select: Select;
  readonly insert: (block: Block) => Promise<void>;
  readonly committedNow: () => Promise<Committed | undefined>;
}

const RETRY_MS = { first: 100, most: 10_000 } as const;

export function landingOf(
  reader: PartitionReader,
  table: LandingTable,
  epoch: number,
  { log, store, group, onRetry, pause }: LandingOver,
): Landing {
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
    insert: (block) => patiently(reader, patience, () => store.insert(block)),
    committedNow: async () => (await log.committed(group, reader.topic))[partition],
    countLanded: ({ from, to }) =>
      selectLandedRange(store.select.bind(store), table, { epoch, partition, from, to: to + 1 }),
  };
}
