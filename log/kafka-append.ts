// Appending: records wait a few milliseconds for others, go to the leaders of their partitions, and are durable when
// `acks=all` says so. One batch per partition is under way at a time, so that order holds over repetitions.
import type { KafkaConnection } from './kafka-connection.js';
import { isRefusal, NoAnswer, reasonOf, toFault } from './kafka-fault.js';
import { Lane, recordBytes, type Append } from './kafka-lane.js';
import type { KafkaLimits } from './kafka-options.js';
import type { WireMessage } from './kafka-wire.js';
import { checkName, checkRecords } from './limits.js';
import { LogFault, type LogRecord, type Position } from './log.js';
import { partitionOf } from './murmur2.js';

const RETRY_MS = { first: 50, most: 1_000 } as const;
const ALL_IN_SYNC_REPLICAS = -1;

export class KafkaAppender {
  readonly #connection: KafkaConnection;
  readonly #limits: KafkaLimits;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();
  readonly #partitions = new Map<string, Promise<number>>();
  readonly #running = new Set<Promise<unknown>>();
  #inFlightBytes = 0;
  #lastFailure = 'no answer';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    connection: KafkaConnection,
    limits: KafkaLimits,
    pause: (ms: number) => Promise<void>,
    now: () => number,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#pause = pause;
    this.#now = now;
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
    return this.#track(this.#append(topic, records, bytes));
  }

  /** Waits for running appends, which end in time by themselves. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
    clearTimeout(this.#timer);
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
      const late = setTimeout(() => this.#giveUp(append), until - this.#now());
      this.#spread(topic, partitions, records, append);
    });
  }

  #giveUp(append: Append): void {
    append.givenUp = true;
    append.reject(new LogFault('UNAVAILABLE', `An append has no answer in time: ${this.#lastFailure}.`));
    for (const lane of this.#lanes.values()) lane.dropGivenUp();
  }

  #spread(topic: string, partitions: number, records: readonly LogRecord[], append: Append): void {
    const parts = new Map<number, { records: LogRecord[]; places: number[] }>();
    for (const [place, record] of records.entries()) {
      const partition = partitionOf(record.key, partitions);
      let part = parts.get(partition);
      if (part === undefined) parts.set(partition, (part = { records: [], places: [] }));
      part.records.push(record);
      part.places.push(place);
    }
    append.parts = parts.size;
    let full = false;
    for (const [partition, part] of parts) {
      const lane = this.#lane(topic, partition);
      lane.add({ append, ...part, cut: 0 });
      full ||= lane.full && !lane.busy;
    }
    if (full) this.#send();
    else this.#sendSoon();
  }

  #lane(topic: string, partition: number): Lane {
    const key = `${topic}/${partition}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined)
      this.#lanes.set(key, (lane = new Lane(topic, partition, this.#limits.maxBatchBytes)));
    return lane;
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

  #sendSoon(): void {
    this.#timer ??= setTimeout(() => this.#send(), this.#limits.lingerMs);
  }

  /** One request for each leader; a lane that has failed goes alone. */
  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const requests = new Map<string, Lane[]>();
    for (const lane of this.#lanes.values()) {
      if (lane.busy || lane.empty) continue;
      const leader = this.#connection.leaderOf(lane.topic, lane.partition) ?? '';
      const key = lane.failures > 0 ? `${leader}/${lane.topic}/${lane.partition}` : leader;
      const request = requests.get(key);
      if (request === undefined) requests.set(key, [lane]);
      else request.push(lane);
    }
    for (const lanes of requests.values()) void this.#track(this.#request(lanes));
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Never rejects. */
  async #request(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) lane.busy = true;
    try {
      await this.#produce(lanes);
    } catch (error) {
      this.#lastFailure = reasonOf(error);
      const forGood = isRefusal(error) && lanes.length === 1;
      for (const lane of lanes)
        if (forGood) lane.refuse(toFault('an append', error));
        else lane.failures += 1;
      if (!forGood) await this.#recover(Math.max(...lanes.map(({ failures }) => failures)));
    }
    for (const lane of lanes) lane.busy = false;
    if (lanes.some(({ failures }) => failures > 0)) this.#send();
    else this.#sendSoon();
  }

  async #produce(lanes: readonly Lane[]): Promise<void> {
    const sent = new Map<Lane, WireMessage[]>();
    for (const lane of lanes) {
      const messages = lane.nextBatch();
      if (messages.length > 0) sent.set(lane, messages);
    }
    const [first] = sent.keys();
    if (first === undefined) return;
    const leader = this.#connection.leaderOf(first.topic, first.partition);
    if (leader === undefined) throw new NoAnswer('no broker leads the partition');
    const topicData = [...sent].map(([{ topic, partition }, messages]) => ({
      topic,
      partitions: [{ partition, messages }],
    }));
    const timeout = this.#limits.requestTimeoutMs;
    const answer = await this.#connection.ask(leader, (broker) =>
      broker.produce({ acks: ALL_IN_SYNC_REPLICAS, timeout, topicData }),
    );
    for (const { topicName, partitions } of answer.topics)
      for (const { partition, baseOffset } of partitions)
        this.#lane(topicName, partition).settle(Number(baseOffset));
  }

  /** Pauses, longer each time, and asks who leads the partitions now; whether that was answered shows itself. */
  async #recover(failures: number): Promise<void> {
    await this.#pause(Math.min(RETRY_MS.first * 2 ** (failures - 1), RETRY_MS.most));
    await Promise.allSettled([this.#connection.refresh()]);
  }
}
