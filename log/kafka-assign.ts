// Who of a group reads what: each topic as even as can be, for a topic with no traffic is no work; and whoever has read a
// partition keeps it.
import type { TopicPartition } from './kafka-wire.js';

export interface Member {
  readonly id: string;
  /** What it has owned until now. */
  readonly owned: readonly TopicPartition[];
}

/**
 * What each member reads from now on. Every partition has exactly one reader; shares of a topic differ by one at most,
 * and so do whole shares as far as that allows.
 */
export function assign(
  members: readonly Member[],
  partitions: readonly TopicPartition[],
): Map<string, TopicPartition[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shares = new Map(sorted.map(({ id }) => [id, [] as TopicPartition[]]));
  for (const topic of new Set(partitions.map((one) => one.topic)))
    shareOut(
      sorted,
      partitions.filter((one) => one.topic === topic),
      shares,
    );
  return shares;
}

/** Adds the partitions of one topic to `shares`. */
function shareOut(
  members: readonly Member[],
  partitions: readonly TopicPartition[],
  shares: ReadonlyMap<string, TopicPartition[]>,
): void {
  const free = new Map(partitions.map((one) => [one.partition, one]));
  const [{ topic } = { topic: '' }] = partitions;
  const least = Math.floor(partitions.length / members.length);
  const ownedBefore = ({ owned }: Member): number =>
    owned.filter((one) => one.topic === topic && free.has(one.partition)).length;
  const wholeShare = ({ id }: Member): number => shares.get(id)?.length ?? 0;
  // One more goes to whoever has least so far; among those, to whoever has it already.
  const ranked = members
    .map((member) => ({ member, share: wholeShare(member), had: Math.min(ownedBefore(member), least + 1) }))
    .sort((a, b) => a.share - b.share || b.had - a.had);
  const quotas = ranked.map(({ member }, rank) => ({
    member,
    quota: least + (rank < partitions.length % members.length ? 1 : 0),
  }));
  const taken = new Map<string, number>();
  const take = (id: string, one: TopicPartition): void => {
    shares.get(id)?.push(one);
    free.delete(one.partition);
    taken.set(id, (taken.get(id) ?? 0) + 1);
  };

  for (const { member, quota } of quotas) {
    for (const one of member.owned) {
      const kept = one.topic === topic ? free.get(one.partition) : undefined;
      if (kept !== undefined && (taken.get(member.id) ?? 0) < quota) take(member.id, kept);
    }
  }
  const left = [...free.values()];
  for (const { member, quota } of quotas)
    for (const one of left.splice(0, quota - (taken.get(member.id) ?? 0))) take(member.id, one);
}
