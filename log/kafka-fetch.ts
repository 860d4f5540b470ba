// Fetching for all readers of one tenure: one request to each leader at a time, for the partitions that have room.
import type { KafkaConnection } from './kafka-connection.js';
import { errorTypeOf, pauseUnless } from './kafka-fault.js';
import type { KafkaLimits } from './kafka-options.js';
import type { KafkaReader } from './kafka-read.js';

const PARTITION_BYTES = 1_048_576;
const REQUEST_BYTES = 8_388_608;
const RETRY_MS = { first: 50, most: 1_000 } as const;
/** No transactions are used, so nothing is ever held back. */
const READ_UNCOMMITTED = 0;

export class Fetcher {
  readonly #connection: KafkaConnection;
  readonly #readers: readonly KafkaReader[];
  readonly #limits: KafkaLimits;
  readonly #over: AbortSignal;
  /** By leader; '' while none is known. */
  readonly #running = new Map<string, Promise<void>>();
  #failures = 0;

  constructor(
    connection: KafkaConnection,
    readers: readonly KafkaReader[],
    limits: KafkaLimits,
    over: AbortSignal,
  ) {
    this.#connection = connection;
    this.#readers = readers;
    this.#limits = limits;
    this.#over = over;
  }

  /** Begins what can be begun; to be called whenever a reader has room again. */
  fetch(): void {
    if (this.#over.aborted) return;
    const wanted = new Map<string, KafkaReader[]>();
    for (const reader of this.#readers) {
      if (reader.faulty || reader.waitingBytes >= this.#limits.readAheadBytes) continue;
      const leader = this.#connection.leaderOf(reader.topic, reader.partition) ?? '';
      if (this.#running.has(leader)) continue;
      const readers = wanted.get(leader);
      if (readers === undefined) wanted.set(leader, [reader]);
      else readers.push(reader);
    }
    for (const [leader, readers] of wanted) this.#running.set(leader, this.#fetchFrom(leader, readers));
  }

  /** Resolves when nothing is under way; to be called when the tenure is over. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Never rejects. */
  async #fetchFrom(leader: string, readers: readonly KafkaReader[]): Promise<void> {
    try {
      if (leader === '') throw new Error('no broker leads the partition');
      await this.#ask(leader, readers);
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (!failOutOfRange(error, readers)) await this.#recover();
    }
    this.#running.delete(leader);
    this.fetch();
  }

  async #ask(leader: string, readers: readonly KafkaReader[]): Promise<void> {
    const { fetchWaitMs, requestTimeoutMs } = this.#limits;
    const answer = await this.#connection.ask(
      leader,
      (broker) =>
        broker.fetch({
          maxWaitTime: fetchWaitMs,
          minBytes: 1,
          maxBytes: REQUEST_BYTES,
          isolationLevel: READ_UNCOMMITTED,
          topics: readers.map(({ topic, partition, next }) => ({
            topic,
            partitions: [{ partition, fetchOffset: String(next), maxBytes: PARTITION_BYTES }],
          })),
        }),
      fetchWaitMs + requestTimeoutMs,
    );
    for (const { topicName, partitions } of answer.responses)
      for (const { partition, messages } of partitions)
        readers
          .find((reader) => reader.topic === topicName && reader.partition === partition)
          ?.deliver(messages);
  }

  /** Pauses, longer each time, and asks who leads the partitions now; whether that was answered shows itself. */
  async #recover(): Promise<void> {
    await pauseUnless(Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.most), this.#over);
    if (!this.#over.aborted) await Promise.allSettled([this.#connection.refresh()]);
  }
}

/** The client would silently go on elsewhere; the log may not. True when the partition in question was found. */
function failOutOfRange(error: unknown, readers: readonly KafkaReader[]): boolean {
  if (errorTypeOf(error) !== 'OFFSET_OUT_OF_RANGE' || !(error instanceof Error)) return false;
  if (!('topic' in error && 'partition' in error)) return false;
  const { topic, partition } = error;
  const reader = readers.find((one) => one.topic === topic && one.partition === partition);
  reader?.outOfRange();
  return reader !== undefined;
}
