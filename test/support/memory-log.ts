// One partition of a log, in memory, for tests of landing. Keeps the letter of the contract where bodies are kinder: a
// value is overwritten as soon as the next ones are taken.
import {
  LogFault,
  type Committed,
  type LoggedRecord,
  type PartitionReader,
  type TakeLimits,
} from '../../log/log.js';

export const TOPIC = 'test-topic';

export class MemoryLog {
  committed: Committed | undefined;
  #owner: MemoryReader | undefined;

  constructor(readonly values: readonly string[]) {}

  /** Gives the partition to a new reader; the one before has lost it. `atOnce`: the most records of one take. */
  assign(atOnce = 3): MemoryReader {
    this.#owner?.revoke();
    this.#owner = new MemoryReader(this, atOnce);
    return this.#owner;
  }

  isOwner(reader: MemoryReader): boolean {
    return this.#owner === reader;
  }
}

export class MemoryReader implements PartitionReader {
  readonly topic = TOPIC;
  readonly partition = 0;
  readonly committed: Committed | undefined;
  readonly #log: MemoryLog;
  readonly #revocation = new AbortController();
  #next: number;
  #given: LoggedRecord[] = [];

  constructor(
    log: MemoryLog,
    private readonly atOnce: number,
  ) {
    this.#log = log;
    this.committed = log.committed;
    this.#next = log.committed?.offset ?? 0;
  }

  get revoked(): AbortSignal {
    return this.#revocation.signal;
  }

  revoke(): void {
    this.#revocation.abort();
  }

  owned(): boolean {
    return !this.revoked.aborted && this.#log.isOwner(this);
  }

  take({ maxRecords }: TakeLimits): Promise<readonly LoggedRecord[]> {
    for (const { value } of this.#given) value.fill(0);
    const end = this.owned() ? this.#next + Math.min(maxRecords, this.atOnce) : this.#next;
    this.#given = this.#log.values
      .slice(this.#next, end)
      .map((value, index) => ({ offset: this.#next + index, value: Buffer.from(value) }));
    this.#next += this.#given.length;
    return Promise.resolve(this.#given);
  }

  commit(offset: number, metadata: string): Promise<void> {
    if (!this.owned()) return Promise.reject(new LogFault('NOT_OWNER', 'The partition of the test is lost.'));
    this.#log.committed = { offset, metadata };
    return Promise.resolve();
  }
}
