// Two works over one partition: neither goes on without the other.
import type { PartitionReader } from '../../log/log.js';

/**
 * Does all works until the reader is revoked. When one of them rejects, it is revoked for the others too, and the first
 * fault is the answer once all have ended. Each work returns soon after its reader is revoked.
 */
export async function untilOneEnds(
  reader: PartitionReader,
  works: readonly ((reader: PartitionReader) => Promise<void>)[],
): Promise<void> {
  const ending = new AbortController();
  const faults: unknown[] = [];
  const shared: PartitionReader = {
    topic: reader.topic,
    partition: reader.partition,
    committed: reader.committed,
    revoked: AbortSignal.any([reader.revoked, ending.signal]),
    owned: () => !ending.signal.aborted && reader.owned(),
    take: (limits) => reader.take(limits),
    commit: (offset, metadata) => reader.commit(offset, metadata),
  };
  await Promise.all(
    works.map(async (work) => {
      try {
        await work(shared);
      } catch (fault) {
        faults.push(fault);
        ending.abort();
      }
    }),
  );
  if (faults.length > 0) throw faults[0];
}
