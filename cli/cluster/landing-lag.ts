// How far landing is behind, as the log tells it: asked for by whoever needs to know, now and then.
import { LANDING_GROUP } from '../../consumers/pipeline.js';
import type { Log } from '../../log/log.js';

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** Records that have not landed. */
  readonly lag: number;
  /** Up to here they have. */
  readonly landedTo: number;
}

/** So long brokers may fail to answer before they count as away: electing a leader takes a moment. */
const AWAY_MS = 3_000;

export class LandingLag {
  #partitions: readonly PartitionLag[] = [];
  #failingSinceMs: number | undefined;

  constructor(
    private readonly log: Pick<Log, 'extents' | 'committed'>,
    private readonly topics: readonly string[],
    private readonly nowMs: () => number,
  ) {}

  /** Rejects with the log's fault; what was known before is then still told. */
  async poll(): Promise<void> {
    const beganMs = this.nowMs();
    try {
      this.#partitions = (await Promise.all(this.topics.map((topic) => lagsOf(this.log, topic)))).flat();
      this.#failingSinceMs = undefined;
    } catch (fault) {
      this.#failingSinceMs ??= beganMs;
      throw fault;
    }
  }

  /** Of all topics together, when it was last known. */
  records(): number {
    return this.#partitions.reduce((sum, { lag }) => sum + lag, 0);
  }

  partitions(): readonly PartitionLag[] {
    return this.#partitions;
  }

  /** Whether the log has not answered for a while. */
  isAway(): boolean {
    return this.#failingSinceMs !== undefined && this.nowMs() - this.#failingSinceMs >= AWAY_MS;
  }
}

async function lagsOf(
  log: Pick<Log, 'extents' | 'committed'>,
  topic: string,
): Promise<readonly PartitionLag[]> {
  // In this order: what comes in between is not taken for landed before it was there.
  const committed = await log.committed(LANDING_GROUP, topic);
  const extents = await log.extents(topic);
  return extents.map(({ partition, first, end }) => {
    const landedTo = committed[partition]?.offset ?? first;
    return { topic, partition, landedTo, lag: Math.max(0, end - landedTo) };
  });
}
