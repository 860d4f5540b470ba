// A log in memory with what outlives a process, and the view that one process has of it. Keeps the letter of the contract
// where bodies are kinder: a value is overwritten by the next take, batches are cut anywhere, and a process that has
// lost a partition may be the last one to know.
import {
  LogFault,
  type Committed,
  type Log,
  type LoggedRecord,
  type PartitionHandler,
  type PartitionReader,
  type Position,
  type Subscription,
  type TakeLimits,
} from '../../log/log.js';
import type { Process } from './process.js';
import type { VirtualClock } from './virtual-clock.js';

export interface Partition {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly values: Uint8Array[];
  committed: Committed | undefined;
  owner: FakeReader | undefined;
}

interface Member {
  assign(partition: Partition): FakeReader;
}

/** How it is broken, for tests of the simulation itself. */
export type LogFlaw = 'takes commits from anybody' | 'forgets commits';

export class DurableLog {
  readonly partitions: readonly Partition[];
  readonly #members = new Set<Member>();

  constructor(
    topics: readonly { readonly name: string; readonly partitions: number; readonly first: number }[],
    readonly clock: VirtualClock,
    readonly options: {
      /** When a process learns that it has lost a partition: as it asks, or only after so long. */
      readonly learnsAfterMs: number;
      readonly onCommit: (partition: Partition, before: Committed | undefined) => void;
      readonly flaw?: LogFlaw | undefined;
    },
  ) {
    this.partitions = topics.flatMap(({ name, partitions, first }) =>
      Array.from({ length: partitions }, (_, partition) => ({
        topic: name,
        partition,
        first,
        values: [],
        committed: undefined,
        owner: undefined,
      })),
    );
  }

  of(topic: string): readonly Partition[] {
    return this.partitions.filter((partition) => partition.topic === topic);
  }

  append(topic: string, index: number, value: Uint8Array): Position {
    const partition = this.of(topic)[index]!;
    partition.values.push(value);
    return { partition: index, offset: partition.first + partition.values.length - 1 };
  }

  get isLanded(): boolean {
    return this.partitions.every(
      ({ first, values, committed }) =>
        (committed?.offset ?? first) === first + values.length && (committed?.metadata ?? '') === '',
    );
  }

  join(member: Member): void {
    this.#members.add(member);
    this.#share();
  }

  leave(member: Member): void {
    if (this.#members.delete(member)) this.#share();
  }

  #share(): void {
    const members = [...this.#members];
    for (const [index, partition] of this.partitions.entries()) {
      const member = members[index % members.length];
      const before = partition.owner;
      if (before?.member === member) continue;
      partition.owner = member?.assign(partition);
      void before?.lose();
    }
  }
}

const fault = (): LogFault => new LogFault('UNAVAILABLE', 'The log of the simulation does not answer.');
const notOwner = (): LogFault => new LogFault('NOT_OWNER', 'The partition of the simulation is lost.');
const FAULTS = { passing: fault };

export class FakeReader implements PartitionReader {
  readonly topic: string;
  readonly partition: number;
  readonly committed: Committed | undefined;
  readonly #revocation = new AbortController();
  readonly revoked = this.#revocation.signal;
  #given: LoggedRecord[] = [];
  #next: number;

  constructor(
    private readonly log: DurableLog,
    private readonly of: Partition,
    readonly member: Member,
    readonly process: Process,
    private readonly mostAtOnce: number,
  ) {
    this.topic = of.topic;
    this.partition = of.partition;
    this.committed = of.committed;
    this.#next = of.committed?.offset ?? of.first;
  }

  owned(): boolean {
    return !this.revoked.aborted && (this.log.options.learnsAfterMs > 0 || this.of.owner === this);
  }

  async take({ maxRecords, maxBytes, maxWaitMs }: TakeLimits): Promise<readonly LoggedRecord[]> {
    await this.process.pass(`take ${this.topic}`, FAULTS);
    for (const { value } of this.#given) value.fill(0);
    this.#given = [];
    if (this.#next === this.of.first + this.of.values.length)
      await this.log.clock.pause(maxWaitMs, this.revoked);
    if (!this.owned()) this.revoke();
    if (this.revoked.aborted) return [];
    let bytes = 0;
    const most = Math.min(maxRecords, this.mostAtOnce);
    for (const value of this.of.values.slice(this.#next - this.of.first, this.#next - this.of.first + most)) {
      bytes += value.length;
      if (this.#given.length > 0 && bytes > maxBytes) break;
      this.#given.push({ offset: this.#next, value: Uint8Array.from(value) });
      this.#next += 1;
    }
    return this.#given;
  }

  async commit(offset: number, metadata: string): Promise<void> {
    await this.process.pass(`commit ${this.topic}`, FAULTS);
    if (this.of.owner !== this && this.log.options.flaw !== 'takes commits from anybody') {
      this.revoke();
      throw notOwner();
    }
    const before = this.of.committed;
    if (this.log.options.flaw !== 'forgets commits' || metadata === '')
      this.of.committed = { offset, metadata };
    this.log.options.onCommit(this.of, before);
    await this.process.pass(`committed ${this.topic}`, FAULTS);
  }

  revoke(): void {
    // With a reason, because to make one each time costs more than all the rest.
    this.#revocation.abort('lost');
  }

  async lose(): Promise<void> {
    await this.log.clock.pause(this.log.options.learnsAfterMs);
    this.revoke();
  }
}

/** The view of one process. `mostAtOnce`: the most records that one take gives. */
export class FakeLog implements Log {
  #expel: () => void = () => undefined;

  constructor(
    private readonly durable: DurableLog,
    private readonly process: Process,
    private readonly mostAtOnce: number,
  ) {}

  append(): Promise<never> {
    throw new Error('consumers append nothing');
  }

  async extents(topic: string): ReturnType<Log['extents']> {
    await this.process.pass('extents', FAULTS);
    const found = this.durable
      .of(topic)
      .map(({ partition, first, values }) => ({ partition, first, end: first + values.length }));
    await this.process.pass('extents answered', FAULTS);
    return found;
  }

  async committed(_: string, topic: string): ReturnType<Log['committed']> {
    await this.process.pass('committed offsets', FAULTS);
    return this.durable.of(topic).map(({ committed }) => committed);
  }

  async read(_: string, __: readonly string[], onAssigned: PartitionHandler): Promise<Subscription> {
    await this.process.pass('read', FAULTS);
    const readers: FakeReader[] = [];
    const handlers: Promise<void>[] = [];
    let settle: (fault?: Error) => void = () => undefined;
    const settled = new Promise<Error | undefined>((resolve) => {
      settle = resolve;
    });
    const member: Member = {
      assign: (partition) => {
        const reader = new FakeReader(this.durable, partition, member, this.process, this.mostAtOnce);
        readers.push(reader);
        handlers.push(
          Promise.resolve(reader)
            .then(onAssigned)
            .catch((fault: unknown) => settle(fault instanceof Error ? fault : notOwner())),
        );
        return reader;
      },
    };
    const end = async (): Promise<void> => {
      const fault = await settled;
      for (const reader of readers) reader.revoke();
      await Promise.all(handlers);
      this.durable.leave(member);
      if (fault !== undefined) throw fault;
    };
    this.#expel = () => {
      this.durable.leave(member);
      void Promise.all(handlers).then(() => settle(notOwner()));
    };
    this.durable.join(member);
    const ended = end();
    ended.catch(() => undefined);
    return {
      ended,
      async close() {
        settle();
        await Promise.allSettled([ended]);
      },
    };
  }

  /** The others believe that this process is gone. */
  expel(): void {
    this.#expel();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
