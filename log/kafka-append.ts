// Appending: what is taken, how long it may take, and to which partitions the records of an append go.
import { recordBytes } from './kafka-batch.js';
import type { KafkaConnection } from './kafka-connection.js';
import type { Append, Part } from './kafka-lane.js';
import type { KafkaLimits } from './kafka-options.js';
import { KafkaSender, type SendConnection } from './kafka-send.js';
import { checkName, checkRecords } from './limits.js';
import { LogFault, type LogRecord, type Position } from './log.js';
import { partitionOf } from './murmur2.js';

type AppendConnection = SendConnection & Pick<KafkaConnection, 'countPartitions'>;

export class KafkaAppender {
  readonly #connection: AppendConnection;
  readonly #limits: KafkaLimits;
  readonly #now: () => number;
  readonly #sender: KafkaSender;
  readonly #partitions = new Map<string, Promise<number>>();
  readonly #running = new Set<Promise<unknown>>();
  #inFlightBytes = 0;
  #closed = false;

  constructor(
    connection: AppendConnection,
    limits: KafkaLimits,
    pause: (ms: number) => Promise<void>,
    now: () => number,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#now = now;
    this.#sender = new KafkaSender(connection, limits, pause, now);
  }

  /** Bytes of records that are kept, answered or not. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  async append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]> {
    checkName('topic', topic);
    checkRecords(records);
    if (this.#closed) throw new LogFault('UNAVAILABLE', 'The log is closed.');
    if (records.length === 0) return [];
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > this.#limits.maxInFlightBytes)
      throw new LogFault('UNAVAILABLE', `${this.#inFlightBytes} bytes wait for the brokers already.`);
    this.#inFlightBytes += bytes;
    const append = this.#append(topic, records, bytes);
    this.#running.add(append);
    try {
      return await append;
    } finally {
      this.#running.delete(append);
    }
  }

  /** Waits for running appends, which end in time by themselves. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    await this.#sender.close();
  }

  async #append(topic: string, records: readonly LogRecord[], bytes: number): Promise<readonly Position[]> {
    const release = (): void => {
      this.#inFlightBytes -= bytes;
    };
    const until = this.#now() + this.#limits.appendTimeoutMs;
    let partitions: number;
    try {
      partitions = await this.#countPartitions(topic);
    } catch (error) {
      release();
      throw error;
    }
    return new Promise((resolve, reject) => {
      const append: Append = {
        positions: new Array<Position>(records.length),
        parts: 0,
        givenUp: false,
        resolve,
        reject,
        release: () => {
          clearTimeout(late);
          release();
        },
      };
      const late = setTimeout(() => this.#sender.giveUp(append), until - this.#now());
      this.#sender.send(topic, spread(records, partitions, append));
    });
  }

  /** Kept for good: a topic does not change its partitions under us. */
  #countPartitions(topic: string): Promise<number> {
    let counted = this.#partitions.get(topic);
    if (counted === undefined) {
      counted = this.#connection.countPartitions(topic);
      this.#partitions.set(topic, counted);
      counted.catch(() => this.#partitions.delete(topic));
    }
    return counted;
  }
}

/** The parts of an append, by partition. */
function spread(
  records: readonly LogRecord[],
  partitions: number,
  append: Append,
): ReadonlyMap<number, Part> {
  const parts = new Map<number, { records: LogRecord[]; places: number[]; append: Append; cut: number }>();
  for (const [place, record] of records.entries()) {
    const partition = partitionOf(record.key, partitions);
    let part = parts.get(partition);
    if (part === undefined) parts.set(partition, (part = { append, records: [], places: [], cut: 0 }));
    part.records.push(record);
    part.places.push(place);
  }
  append.parts = parts.size;
  return parts;
}
