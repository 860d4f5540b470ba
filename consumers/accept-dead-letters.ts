// An operator lets a flood of dead letters land, once: written down in the store, so that later starts count alike.
import type { Log } from '../log/log.js';
import { formatPosition, type LogPosition } from '../schemas/log-position.js';
import type { LandedTopic } from './landed-topics.js';
import type { Store } from '../store/store.js';
import { LandingFault } from './land.js';

/**
 * Accepts the dead letters of each position's partition up to and with its offset. Safe to repeat; a position of
 * another topic or of an earlier epoch changes nothing. Throws `LandingFault` for one that the log does not hold.
 */
export async function acceptDeadLetters(
  log: Pick<Log, 'extents'>,
  store: Pick<Store, 'insert'>,
  { name, topic }: LandedTopic,
  epoch: number,
  upTo: readonly LogPosition[],
  nowMs: number,
): Promise<void> {
  const extents = await log.extents(topic);
  for (const position of upTo) {
    const { partition, offset } = position;
    if (position.topic !== name || position.epoch < epoch) continue;
    const end = extents[partition]?.end ?? 0;
    if (position.epoch > epoch || offset >= end) {
      throw new LandingFault(
        `dead letters can be accepted up to what the log holds, and ${formatPosition(position)} is beyond: ` +
          `partition ${partition} of epoch ${epoch} ends before ${end}`,
      );
    }
    await store.insert({
      table: 'accepted_dead_letters',
      columns: ['topic', 'log_epoch', 'log_partition', 'to_offset', 'accepted_at'],
      rows: Buffer.from(`${JSON.stringify([name, epoch, partition, offset, nowMs])}\n`),
      rowCount: 1,
      token: `accepted:${formatPosition(position)}`,
    });
  }
}
