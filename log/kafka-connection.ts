// One set of connections to the brokers, opened anew whenever it is broken. Every call has a time limit.
import { errorTypeOf, isBroken, meansLost, NoAnswer, reasonOf, toFault, within } from './kafka-fault.js';
import type { KafkaEvent, KafkaLimits } from './kafka-options.js';
import type { WireBroker, WireCluster } from './kafka-wire.js';
import { LogFault, type Committed, type Extent } from './log.js';

/** How often a topic that nobody seems to know is asked for: a young one needs a moment to become known. */
const UNKNOWN_TOPIC_ATTEMPTS = 5;
const UNKNOWN_TOPIC_PAUSE_MS = 200;
const CLOSE_MS = 2_000;

export interface ConnectionOptions {
  /** Makes a set that is not connected yet. */
  readonly open: () => WireCluster;
  readonly limits: KafkaLimits;
  readonly pause: (ms: number) => Promise<void>;
  readonly onEvent: (event: KafkaEvent) => void;
}

/** `ready`: what the brokers know of the topics is here. */
interface Connections {
  readonly cluster: WireCluster;
  readonly connected: Promise<void>;
  ready: boolean;
}

export class KafkaConnection {
  readonly #options: ConnectionOptions;
  readonly #topics = new Set<string>();
  /** Node ids by group. Bounded: a connection asks for the groups of this program only. */
  readonly #coordinators = new Map<string, string>();
  readonly #dropped = new Set<Promise<unknown>>();
  #current: Connections | undefined;
  #reachable = true;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Rejects with the client's own error. */
  async connect(): Promise<void> {
    await this.attempt(() => Promise.resolve());
  }

  /** The topic's number of partitions. Throws `LogFault` (REFUSED) for a topic that does not exist. */
  async countPartitions(topic: string): Promise<number> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.attempt(async (cluster) => {
          await cluster.addMultipleTargetTopics([topic]);
          const { length } = cluster.findTopicPartitionMetadata(topic);
          if (length === 0) throw new LogFault('REFUSED', `There is no topic ${topic}.`);
          this.#topics.add(topic);
          return length;
        });
      } catch (error) {
        if (error instanceof LogFault && error.retryable) throw error;
        const unknown = errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' || error instanceof LogFault;
        if (!unknown) throw toFault(`what it knows of ${topic}`, error);
        if (attempt === UNKNOWN_TOPIC_ATTEMPTS)
          throw new LogFault('REFUSED', `There is no topic ${topic}.`, { cause: error });
        await this.#options.pause(UNKNOWN_TOPIC_PAUSE_MS);
      }
  }

  /** Undefined when no broker leads the partition as far as is known, or nothing is known. */
  leaderOf(topic: string, partition: number): string | undefined {
    if (this.#current?.ready !== true) return undefined;
    const known = this.#current.cluster.findTopicPartitionMetadata(topic);
    const leader = known.find(({ partitionId }) => partitionId === partition)?.leader;
    return leader === undefined || leader < 0 ? undefined : String(leader);
  }

  /** Asks the brokers again who leads what. Rejects with the client's own error. */
  async refresh(): Promise<void> {
    await this.attempt(async (cluster) => {
      try {
        await cluster.refreshMetadata();
      } catch (error) {
        // One broker that is away is nothing special; this says that no broker answers.
        if (errorTypeOf(error) === undefined) throw new NoAnswer(reasonOf(error));
        throw error;
      }
    });
  }

  /** Asks one broker; a `NoAnswer` or a broken connection makes the next attempt begin with new connections. */
  ask<T>(
    nodeId: string,
    use: (broker: WireBroker) => Promise<T>,
    limitMs = this.#options.limits.requestTimeoutMs,
  ): Promise<T> {
    return this.attempt(async (cluster) => use(await cluster.findBroker(nodeId)), limitMs);
  }

  /** As `ask`, the broker that looks after `group`. */
  async askCoordinator<T>(
    group: string,
    use: (coordinator: WireBroker) => Promise<T>,
    limitMs?: number,
  ): Promise<T> {
    try {
      return await this.attempt(async (cluster) => {
        const nodeId = this.#coordinators.get(group) ?? (await cluster.findCoordinator(group));
        this.#coordinators.set(group, nodeId);
        return use(await cluster.findBroker(nodeId));
      }, limitMs);
    } catch (error) {
      // Another broker may look after the group by now.
      if (!meansLost(error)) this.#coordinators.delete(group);
      throw error;
    }
  }

  /** What each partition of the topic holds. */
  async extents(topic: string): Promise<readonly Extent[]> {
    const partitions = Array.from({ length: await this.countPartitions(topic) }, (_, partition) => partition);
    try {
      return await this.attempt(async (cluster) => {
        const first = await cluster.offsets(topic, partitions, 'first');
        const end = await cluster.offsets(topic, partitions, 'end');
        return partitions.map((partition) => {
          const [from, to] = [first.get(partition), end.get(partition)];
          if (from === undefined || to === undefined)
            throw new LogFault('UNAVAILABLE', `No broker leads partition ${partition} of ${topic}.`);
          return { partition, first: from, end: to };
        });
      });
    } catch (error) {
      throw toFault(`what ${topic} holds`, error);
    }
  }

  /** What the group has committed, by partition. */
  async committed(group: string, topic: string): Promise<readonly (Committed | undefined)[]> {
    const partitions = Array.from({ length: await this.countPartitions(topic) }, (_, partition) => ({
      partition,
    }));
    try {
      const answer = await this.askCoordinator(group, (coordinator) =>
        coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions }] }),
      );
      const found = new Map(answer.responses.flatMap((one) => one.partitions.map((p) => [p.partition, p])));
      return partitions.map(({ partition }) => {
        const one = found.get(partition);
        const offset = Number(one?.offset ?? -1);
        return offset < 0 ? undefined : { offset, metadata: one?.metadata ?? '' };
      });
    } catch (error) {
      throw toFault(`what ${group} has committed`, error);
    }
  }

  /** `use` with connections that work, as far as is known. Rejects with the client's own error, or `NoAnswer`. */
  async attempt<T>(
    use: (cluster: WireCluster) => Promise<T>,
    limitMs = this.#options.limits.requestTimeoutMs,
  ): Promise<T> {
    if (this.#closed) throw new LogFault('UNAVAILABLE', 'The log is closed.');
    const current = (this.#current ??= this.#open());
    try {
      await this.#whenConnected(current);
      const answer = await within(limitMs, use(current.cluster));
      return answer;
    } catch (error) {
      if (isBroken(error)) this.#drop(current);
      throw error;
    }
  }

  /** Waits a little for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#current !== undefined) this.#drop(this.#current);
    await Promise.allSettled([within(CLOSE_MS, Promise.allSettled(this.#dropped))]);
  }

  #open(): Connections {
    const cluster = this.#options.open();
    const connect = async (): Promise<void> => {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([...this.#topics]);
      opened.ready = true;
    };
    const opened: Connections = { cluster, ready: false, connected: Promise.resolve().then(connect) };
    // Whoever awaits it hears of it; nobody may be left to.
    opened.connected.catch(() => undefined);
    return opened;
  }

  async #whenConnected(current: Connections): Promise<void> {
    try {
      await within(this.#options.limits.requestTimeoutMs, current.connected);
    } catch (error) {
      this.#drop(current);
      if (this.#reachable && !this.#closed)
        this.#options.onEvent({ kind: 'UNREACHABLE', reason: reasonOf(error) });
      this.#reachable = false;
      throw error;
    }
    if (!this.#reachable) this.#options.onEvent({ kind: 'REACHABLE' });
    this.#reachable = true;
  }

  /** The next attempt opens new ones. */
  #drop(broken: Connections): void {
    if (this.#current !== broken) return;
    this.#current = undefined;
    this.#coordinators.clear();
    // Ends when what is under way has its answer or its time-out. How it fails concerns nobody: it is given up already.
    const gone = broken.cluster.disconnect().catch(() => undefined);
    this.#dropped.add(gone);
    void gone.finally(() => this.#dropped.delete(gone));
  }
}
