// A running read: joins the group, hands partitions to their handlers, keeps the tenure alive while they work, and
// gives everything back before it joins again.
import { Fetcher } from './kafka-fetch.js';
import { isRefusal, meansLost, pauseUnless, reasonOf, toFault } from './kafka-fault.js';
import { GroupMember, type MemberOptions } from './kafka-member.js';
import type { KafkaEvent } from './kafka-options.js';
import { KafkaReader } from './kafka-read.js';
import { Tenure } from './kafka-tenure.js';
import type { TopicPartition } from './kafka-wire.js';
import type { Committed, Extent, PartitionHandler, Subscription } from './log.js';

const RETRY_MS = { first: 100, most: 2_000 } as const;
/** A heartbeat that failed is repeated sooner. */
const HEARTBEAT_RETRY_MS = 200;

/** `connection`: for this subscription alone; a member that joins keeps it busy. Closed with the subscription. */
export interface SubscriptionOptions extends MemberOptions {
  readonly onEvent: (event: KafkaEvent) => void;
}

export class KafkaSubscription implements Subscription {
  readonly ended: Promise<void>;
  readonly #options: SubscriptionOptions;
  readonly #onAssigned: PartitionHandler;
  readonly #member: GroupMember;
  readonly #closing = new AbortController();
  /** Handlers that have not returned, by partition: the next one waits for them. */
  readonly #handlers = new Map<string, Promise<void>>();
  #fault: { readonly cause: unknown } | undefined;
  #unresolved = false;

  constructor(options: SubscriptionOptions, onAssigned: PartitionHandler) {
    this.#options = options;
    this.#onAssigned = onAssigned;
    this.#member = new GroupMember(options);
    this.ended = this.#run();
    // Whoever awaits it hears of it, and `close` must not need anybody to.
    this.ended.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([this.ended]);
  }

  async #run(): Promise<void> {
    let owned: readonly TopicPartition[] = [];
    let pauseMs: number = RETRY_MS.first;
    while (!this.#closing.signal.aborted) {
      try {
        const tenure = await this.#join(owned);
        if (tenure === undefined) break;
        owned = tenure.agreement.assigned;
        await this.#serve(tenure);
        pauseMs = RETRY_MS.first;
      } catch (error) {
        if (isRefusal(error)) this.#fail(toFault(`to let ${this.#options.group} read`, error));
        if (!meansLost(error)) {
          await pauseUnless(pauseMs, this.#closing.signal);
          pauseMs = Math.min(2 * pauseMs, RETRY_MS.most);
        }
      }
      if (this.#unresolved) await this.#member.leave();
      this.#unresolved = false;
    }
    await Promise.all(this.#handlers.values());
    await this.#member.leave();
    await this.#options.connection.close();
    if (this.#fault !== undefined) throw this.#fault.cause;
  }

  /** Undefined when the subscription was closed meanwhile. */
  async #join(owned: readonly TopicPartition[]): Promise<Tenure | undefined> {
    const { limits, now } = this.#options;
    const joined = new AbortController();
    const joining = this.#member.join(owned).finally(() => joined.abort());
    const longest = 3 * (limits.rebalanceTimeoutMs + limits.requestTimeoutMs);
    await pauseUnless(longest, joined.signal, this.#closing.signal);
    if (joined.signal.aborted) return new Tenure(await joining, limits.sessionTimeoutMs, now);
    // Nobody is left to hear of it.
    joining.catch(() => undefined);
    return undefined;
  }

  /** From the agreement until it is over and the handlers have had time to return. */
  async #serve(tenure: Tenure): Promise<void> {
    const { group, connection, limits, onEvent } = this.#options;
    const { generation, assigned } = tenure.agreement;
    const closing = this.#closing.signal;
    const end = (): void => tenure.end('the subscription is closed');
    closing.addEventListener('abort', end, { once: true });
    if (closing.aborted) end();
    const beating = this.#beat(tenure);
    try {
      const readers = await this.#assign(tenure);
      onEvent({ kind: 'ASSIGNED', group, generation, partitions: assigned });
      const fetcher = new Fetcher(connection, readers, limits, tenure.over);
      this.#room = () => fetcher.fetch();
      fetcher.fetch();
      for (const reader of readers) this.#handle(reader, tenure);
      await beating;
      onEvent({ kind: 'REVOKED', group, generation, reason: tenure.reason });
      await this.#handOver(tenure);
      await fetcher.ended();
    } finally {
      tenure.end('the partitions could not be assigned');
      closing.removeEventListener('abort', end);
      await beating;
    }
  }

  #room: () => void = () => undefined;

  async #assign(tenure: Tenure): Promise<readonly KafkaReader[]> {
    const { connection, group, now } = this.#options;
    const found = new Map<
      string,
      { extents: readonly Extent[]; committed: readonly (Committed | undefined)[] }
    >();
    const readers: KafkaReader[] = [];
    for (const { topic, partition } of tenure.agreement.assigned) {
      let known = found.get(topic);
      if (known === undefined) {
        const committed = await connection.committed(group, topic);
        found.set(topic, (known = { committed, extents: await connection.extents(topic) }));
      }
      readers.push(
        new KafkaReader({
          topic,
          committed: known.committed[partition],
          extent: known.extents[partition] ?? { partition, first: 0, end: 0 },
          tenure,
          member: this.#member,
          now,
          onRoom: () => this.#room(),
          onUnresolved: () => {
            this.#unresolved = true;
            tenure.end('a commit has no answer');
          },
        }),
      );
    }
    return readers;
  }

  #handle(reader: KafkaReader, tenure: Tenure): void {
    const key = `${reader.topic}/${reader.partition}`;
    const before = this.#handlers.get(key);
    const handle = async (): Promise<void> => {
      await before;
      try {
        if (reader.owned()) await this.#onAssigned(reader);
      } catch (cause) {
        this.#fail(cause);
        tenure.end('a handler has failed');
      }
    };
    const handled = handle().finally(() => {
      if (this.#handlers.get(key) === handled) this.#handlers.delete(key);
    });
    this.#handlers.set(key, handled);
  }

  #fail(cause: unknown): void {
    this.#fault ??= { cause };
    this.#closing.abort();
  }

  /** Keeps the lease while the tenure lasts, whatever the handlers do. Never rejects. */
  async #beat(tenure: Tenure): Promise<void> {
    const { limits, now } = this.#options;
    let pauseMs = limits.heartbeatMs;
    while (tenure.holds()) {
      await pauseUnless(pauseMs, tenure.over);
      if (!tenure.holds()) return;
      const sentAt = now();
      try {
        await this.#member.heartbeat(tenure.agreement);
        tenure.renew(sentAt);
        pauseMs = limits.heartbeatMs;
      } catch (error) {
        if (meansLost(error)) tenure.end(reasonOf(error));
        pauseMs = Math.min(HEARTBEAT_RETRY_MS, limits.heartbeatMs);
      }
    }
  }

  /**
   * What is in the middle of an insert gets time to end before others are given the partitions: the coordinator waits
   * for us to join again. Whoever takes longer keeps only its own successor in this process waiting.
   */
  async #handOver({ agreement }: Tenure): Promise<void> {
    const { limits, now } = this.#options;
    const closing = this.#closing.signal;
    const returned = new AbortController();
    const all = Promise.all(this.#handlers.values()).finally(() => returned.abort());
    const until = now() + limits.rebalanceTimeoutMs / 2;
    const mayWait = (): boolean => !returned.signal.aborted && !closing.aborted && now() < until;
    while (mayWait()) {
      await pauseUnless(limits.heartbeatMs, returned.signal, closing);
      // The answer is that the group waits for us, which is known; but the heartbeat counts.
      if (mayWait()) await Promise.allSettled([this.#member.heartbeat(agreement)]);
    }
    // Who closes waits for them however long it takes.
    if (closing.aborted) await all;
  }
}
