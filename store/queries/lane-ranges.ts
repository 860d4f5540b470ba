// Stretches of partitions as a condition: each with its own bounds, so that the order of the table prunes.
import type { SelectParams } from './select.js';

/** from <= offset < to of one partition. */
export interface LaneRange {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** What is read of one topic: never empty. */
export interface Stretch {
  readonly epoch: number;
  readonly ranges: readonly LaneRange[];
}

export interface Condition {
  readonly where: string;
  readonly params: SelectParams;
}

/** The condition on `log_epoch`, `log_partition` and `log_offset`. */
export function within({ epoch, ranges }: Stretch): Condition {
  const params: Record<string, number> = { epoch };
  const lanes = ranges.map(({ partition, from, to }) => {
    params[`partition_${partition}`] = partition;
    params[`from_${partition}`] = from;
    params[`to_${partition}`] = to;
    return (
      `(log_partition = {partition_${partition}:UInt32} AND log_offset >= {from_${partition}:UInt64}` +
      ` AND log_offset < {to_${partition}:UInt64})`
    );
  });
  return { where: `log_epoch = {epoch:UInt32} AND (${lanes.join(' OR ') || 'false'})`, params };
}
