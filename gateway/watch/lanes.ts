// Where a watch stands in the log: one offset per partition of each topic it is told of.

export type TopicName = 'reports' | 'takedowns';

/** A topic as it is read now. */
export interface TopicLanes {
  readonly topic: TopicName;
  readonly epoch: number;
  /** Of each partition. */
  readonly firstOffsets: readonly number[];
}

/**
 * Up to which offset has been told, per lane: the partitions of the first topic, then those of the next. Topics are
 * told one after another: what stands in the second may be about what stands in the first.
 */
export type Position = readonly number[];

/** Something to tell, and where it stands. */
export interface Item {
  readonly lane: number;
  readonly offset: number;
  /** A part of the message. */
  readonly bytes: Uint8Array;
}

/** What is read of the store at once. */
export interface PagePlan {
  readonly topic: TopicName;
  readonly epoch: number;
  /** The lane of partition 0. */
  readonly firstLane: number;
  readonly ranges: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
}

export function startOf(topics: readonly TopicLanes[]): Position {
  return topics.flatMap(({ firstOffsets }) => firstOffsets);
}

/** What to read next on the way from one position to another; undefined: nothing is between them. */
export function nextPage(
  topics: readonly TopicLanes[],
  from: Position,
  to: Position,
  maxOffsets: number,
): PagePlan | undefined {
  let firstLane = 0;
  for (const { topic, epoch, firstOffsets } of topics) {
    const ranges = firstOffsets.flatMap((_, partition) => {
      const [low, high] = [from[firstLane + partition] ?? 0, to[firstLane + partition] ?? 0];
      return low < high ? [{ partition, from: low, to: Math.min(high, low + maxOffsets) }] : [];
    });
    if (ranges.length > 0) return { topic, epoch, firstLane, ranges };
    firstLane += firstOffsets.length;
  }
  return undefined;
}

/** The position after a page; `cut`: where in the order of partition and offset it was broken off. */
export function afterPage(
  from: Position,
  { firstLane, ranges }: PagePlan,
  cut: { readonly partition: number; readonly offset: number } | undefined,
): Position {
  const after = [...from];
  for (const { partition, to } of ranges) {
    if (cut === undefined || partition < cut.partition) after[firstLane + partition] = to;
    else if (partition === cut.partition) after[firstLane + partition] = cut.offset + 1;
  }
  return after;
}

/** The position after the first `told` of these items, which stand in order between two positions. */
export function afterItems(from: Position, to: Position, items: readonly Item[], told: number): Position {
  const last = items[told - 1];
  const next = items[told];
  if (next === undefined) return to;
  if (last === undefined) return from;
  const isWhole = last.lane !== next.lane || last.offset !== next.offset;
  return from.map((offset, lane) => {
    if (lane < last.lane) return to[lane] ?? offset;
    return lane === last.lane ? last.offset + (isWhole ? 1 : 0) : offset;
  });
}

/** The lower one of each lane. */
export function lower(a: Position, b: Position): Position {
  return a.map((offset, lane) => Math.min(offset, b[lane] ?? 0));
}

export function isSame(a: Position, b: Position): boolean {
  return a.length === b.length && a.every((offset, lane) => offset === b[lane]);
}
