// Sending: records wait a few milliseconds at most for others, go to the leaders of their partitions, and are durable
// when `acks=all` says so. One batch per partition is under way at a time, so that order holds over repetitions.
import type { KafkaConnection } from './kafka-connection.js';
import { isRefusal, NoAnswer, reasonOf, toFault } from './kafka-fault.js';
import { Lane, type Append, type Part } from './kafka-lane.js';
import type { KafkaLimits } from './kafka-options.js';
import { encodeProduce, type PartitionRecords } from './kafka-produce.js';
import { LogFault } from './log.js';

const RETRY_MS = { first: 50, most: 1_000 } as const;

/** What sending needs of the connections. */
export type SendConnection = Pick<KafkaConnection, 'leaderOf' | 'ask' | 'refresh'>;

export class KafkaSender {
  readonly #connection: SendConnection;
  readonly #limits: KafkaLimits;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();
  readonly #requests = new Set<Promise<void>>();
  #lastFailure = 'no answer';
  #planned = false;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = -Infinity;

  constructor(
    connection: SendConnection,
    limits: KafkaLimits,
    pause: (ms: number) => Promise<void>,
    now: () => number,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#pause = pause;
    this.#now = now;
  }

  /** Parts of one append, by partition. Each part is settled, refused or given up. */
  send(topic: string, parts: ReadonlyMap<number, Part>): void {
    let full = false;
    for (const [partition, part] of parts) {
      const lane = this.#lane(topic, partition);
      lane.add(part);
      full ||= lane.full && !lane.busy;
    }
    if (full) this.#send();
    else this.#sendSoon();
  }

  giveUp(append: Append): void {
    append.givenUp = true;
    append.reject(new LogFault('UNAVAILABLE', `An append has no answer in time: ${this.#lastFailure}.`));
    for (const lane of this.#lanes.values()) lane.dropGivenUp();
  }

  /** Waits for what is under way; to be called when nothing is sent any longer. */
  async close(): Promise<void> {
    while (this.#requests.size > 0) await Promise.all(this.#requests);
    clearTimeout(this.#timer);
  }

  #lane(topic: string, partition: number): Lane {
    const key = `${topic}/${partition}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined)
      this.#lanes.set(key, (lane = new Lane(topic, partition, this.#limits.maxBatchBytes)));
    return lane;
  }

  /** At once, but not twice within `lingerMs`: whoever comes alone need not wait, and many go together. */
  #sendSoon(): void {
    if (this.#planned) return;
    this.#planned = true;
    const waitMs = this.#sentAt + this.#limits.lingerMs - this.#now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#send(), waitMs);
    // Not yet: what has arrived together comes here one after the other.
    else setImmediate(() => this.#send());
  }

  /** One request for each leader; a lane that has failed goes alone. */
  #send(): void {
    clearTimeout(this.#timer);
    this.#planned = false;
    const requests = new Map<string, Lane[]>();
    for (const lane of this.#lanes.values()) {
      if (lane.busy || lane.empty) continue;
      const leader = this.#connection.leaderOf(lane.topic, lane.partition) ?? '';
      const key = lane.failures > 0 ? `${leader}/${lane.topic}/${lane.partition}` : leader;
      const request = requests.get(key);
      if (request === undefined) requests.set(key, [lane]);
      else request.push(lane);
    }
    if (requests.size > 0) this.#sentAt = this.#now();
    for (const lanes of requests.values()) {
      const request = this.#request(lanes).finally(() => this.#requests.delete(request));
      this.#requests.add(request);
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
    else if (lanes.some(({ empty }) => !empty)) this.#sendSoon();
  }

  async #produce(lanes: readonly Lane[]): Promise<void> {
    const parts: PartitionRecords[] = [];
    for (const lane of lanes) {
      const records = lane.nextBatch();
      if (records.length > 0) parts.push({ topic: lane.topic, partition: lane.partition, records });
    }
    const [first] = parts;
    if (first === undefined) return;
    const leader = this.#connection.leaderOf(first.topic, first.partition);
    if (leader === undefined) throw new NoAnswer('no broker leads the partition');
    const body = encodeProduce(parts, this.#limits.requestTimeoutMs);
    const answer = await this.#connection.ask(leader, (broker) => broker.produce(body));
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
