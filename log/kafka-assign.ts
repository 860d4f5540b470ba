// Who of a group reads what: as even as can be, and whoever has read a partition keeps it.
import type { TopicPartition } from './kafka-wire.js';

export interface Member {
  readonly id: string;
  /** What it has owned until now. */
  readonly owned: readonly TopicPartition[];
}

/** What each member reads from now on. Every partition has exactly one reader; shares differ by one at most. */
export function assign(
  members: readonly Member[],
  partitions: readonly TopicPartition[],
): Map<string, TopicPartition[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shares = new Map(sorted.map(({ id }) => [id, [] as TopicPartition[]]));
  const free = new Map(partitions.map((one) => [`${one.topic}/${one.partition}`, one]));
  const least = Math.floor(partitions.length / sorted.length);
  let oneMore = partitions.length % sorted.length;

  for (const { id, owned } of sorted) {
    const share = shares.get(id) ?? [];
    for (const { topic, partition } of owned) {
      const key = `${topic}/${partition}`;
      const kept = free.get(key);
      if (kept === undefined || share.length > least || (share.length === least && oneMore === 0)) continue;
      if (share.length === least) oneMore -= 1;
      share.push(kept);
      free.delete(key);
    }
  }
  const left = [...free.values()];
  for (const share of shares.values()) {
    while (share.length < least) share.push(...left.splice(0, 1));
    if (share.length === least && oneMore > 0) {
      oneMore -= 1;
      share.push(...left.splice(0, 1));
    }
  }
  return shares;
}
