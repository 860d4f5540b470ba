// Landing with mistakes in it, made by wrapping what surrounds the real pipeline. The simulation has to find each of them.
import type { Committed, Log, PartitionReader } from '../../log/log.js';
import type { Block, Store } from '../../store/store.js';
import { RECEIVED_AT_MS } from '../support/records.js';

/** Commits what may never land. */
export function answeringBeforeItLands(store: Store): Store {
  return withInsert(store, (block) => {
    store.insert(block).catch(() => undefined);
    return Promise.resolve();
  });
}

/** Commits events whose cases may never be written. */
export function answeringBeforeCasesAreKept(store: Store): Store {
  return withInsert(
    store,
    (block) => {
      store.insert(block).catch(() => undefined);
      return Promise.resolve();
    },
    'cases',
  );
}

/** One token for all batches of a partition. */
export function withoutRangeInTokens(store: Store): Store {
  return withInsert(store, (block) =>
    store.insert({ ...block, token: block.token.replace(/:\d+-\d+$/, '') }),
  );
}

/** Another token for every attempt. */
export function withFreshTokens(store: Store): Store {
  let attempts = 0;
  return withInsert(store, (block) => {
    attempts += 1;
    return store.insert({ ...block, token: `${block.token} attempt ${attempts}` });
  });
}

/** Deduplication that remembers for thirty days by the clock on the wall. */
export function rememberingThirtyDays(store: Store, nowMs: () => number): Store {
  return {
    ...withInsert(store, (block) => store.insert(block)),
    async select(sql, params) {
      const rows = await store.select(sql, params);
      const isKeys = sql.includes('AS packed');
      return isKeys && nowMs() - RECEIVED_AT_MS > 30 * 86_400_000 ? [{ packed: '' }] : rows;
    },
  };
}

/** A restart that does not look at what was under way. */
export function forgettingWhatWasBegun(log: Log): Log {
  return withCommitted(log, ({ offset }) => ({ offset, metadata: '' }));
}

/** A restart that cuts the batch under way anew. */
export function cuttingAnew(log: Log): Log {
  return withCommitted(log, ({ offset, metadata }) => ({
    offset,
    metadata: metadata.replace(/"pending":\[(\d+),(\d+)\]/, (_, from: string, to: string) => {
      return `"pending":[${from},${Math.max(Number(from), Number(to) - 1)}]`;
    }),
  }));
}

function withInsert(store: Store, insert: (block: Block) => Promise<void>, table = 'records'): Store {
  return {
    insert: (block) => (block.table === table ? insert(block) : store.insert(block)),
    select: store.select.bind(store),
    command: store.command.bind(store),
    close: store.close.bind(store),
  };
}

function withCommitted(log: Log, change: (committed: Committed) => Committed): Log {
  const changed = (reader: PartitionReader): PartitionReader => ({
    topic: reader.topic,
    partition: reader.partition,
    committed: reader.committed && change(reader.committed),
    revoked: reader.revoked,
    owned: reader.owned.bind(reader),
    take: reader.take.bind(reader),
    commit: reader.commit.bind(reader),
  });
  return {
    append: log.append.bind(log),
    extents: log.extents.bind(log),
    committed: async (group, topic) =>
      (await log.committed(group, topic)).map((committed) => committed && change(committed)),
    close: log.close.bind(log),
    read: (group, topics, onAssigned) => log.read(group, topics, (reader) => onAssigned(changed(reader))),
  };
}
