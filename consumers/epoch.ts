// Ties the store to one log: partitions and first offsets are written down at the first start, and a log that is
// not the one that was landed from is refused.
import { LogFault, type Committed, type Log, type PartitionReader } from '../log/log.js';
import { selectEpochs, selectLandedSpan, type LandingTable, type LogEpoch } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import type { Store } from '../store/store.js';
import { LandingFault, pendingOf } from './land.js';

/** The epoch of the topic: every row and every token carries it. */
export async function openEpoch(
  log: Log,
  store: Store,
  topic: string,
  table: LandingTable,
  nowMs: number,
): Promise<number> {
  const select = store.select.bind(store);
  const known = (await selectEpochs(select)).find((epoch) => epoch.topic === topic);
  if (known === undefined) {
    const extents = await log.extents(topic);
    await store.insert({
      table: 'log_epochs',
      columns: ['topic', 'log_epoch', 'partitions', 'first_offsets', 'created_at'],
      rows: Buffer.from(
        `${JSON.stringify([topic, 1, extents.length, extents.map(({ first }) => first), nowMs])}\n`,
      ),
      rowCount: 1,
      token: `epoch:${topic}:1`,
    });
    return 1;
  }
  const landed: number[] = [];
  for (let partition = 0; partition < known.partitions; partition += 1) {
    landed.push((await selectLandedSpan(select, table, { epoch: known.epoch, partition })).last);
  }
  // Asked last: somebody else may be landing what comes in meanwhile.
  const extents = await log.extents(topic);
  checkPartitions(known, extents.length);
  for (const { partition, end } of extents) {
    const last = landed[partition] ?? -1;
    if (last >= end) {
      throw new LandingFault(
        `${topic} partition ${partition} ends at ${end}, but offset ${last} has landed from it: ` +
          'the log was replaced or lost its end; restore the log that belongs to this store',
      );
    }
  }
  return known.epoch;
}

/** Throws `LandingFault` when the topic has not the number of partitions that were landed from. */
export function checkPartitions({ topic, partitions }: LogEpoch, found: number): void {
  if (partitions === found) return;
  throw new LandingFault(
    `${topic} has ${found} partitions, but was landed from ${partitions}: ` +
      'the number of partitions cannot change; restore the log or the store it belongs to',
  );
}

/**
 * Refuses a store that does not fit the log. Behind the committed offset it has lost rows: landing on
 * would hide it, because the tokens of the lost rows are used up. Ahead of it, the log is an older or another one.
 * `committedNow`: what the log has for the partition by now. Throws `LogFault` (NOT_OWNER) when somebody else has gone on.
 */
export async function checkSink(
  reader: PartitionReader,
  select: Select,
  table: LandingTable,
  epoch: number,
  committedNow: () => Promise<Committed | undefined>,
): Promise<void> {
  const { topic, partition, committed } = reader;
  const place = `${topic} partition ${partition}`;
  const { last } = await selectLandedSpan(select, table, { epoch, partition });
  const upTo = committed?.offset ?? 0;
  const pending = pendingOf(committed?.metadata ?? '');
  // With nothing but the first intent committed, nothing needs to have landed yet.
  const isFirst = last < 0 && pending?.from === (await firstOffsetOf(select, reader));
  const landedTo = isFirst ? upTo : last + 1;
  if (landedTo < upTo) {
    throw new LandingFault(
      `${place} is committed up to ${upTo}, but the store holds it only up to ${landedTo}: ` +
        'rows are missing from the store; restore it from a backup',
    );
  }
  const begun = pending?.to ?? upTo - 1;
  if (last > begun) {
    // Whoever has lost the partition may not know it yet, and sees here what its next owner has landed.
    const now = await committedNow();
    if (now?.offset !== committed?.offset || now?.metadata !== committed?.metadata)
      throw new LogFault('NOT_OWNER', `${place} is lost.`);
    throw new LandingFault(
      `${place} is committed up to ${begun + 1}, but the store holds it up to ${last + 1}: ` +
        'the log is older than the store, or another one; restore the log that belongs to this store',
    );
  }
}

/** Where landing began: a log need not begin at zero. */
async function firstOffsetOf(select: Select, { topic, partition }: PartitionReader): Promise<number> {
  const known = (await selectEpochs(select)).find((epoch) => epoch.topic === topic);
  return known?.firstOffsets[partition] ?? 0;
}
