// Reading one partition, from assignment to revocation: what a fetch brought waits here until it is taken.
import { once } from 'node:events';
import { crc32 } from 'node:zlib';

import { CHECKSUM_HEADER } from './kafka-batch.js';
import { isUnresolved, meansLost, pauseUnless, toFault } from './kafka-fault.js';
import type { GroupMember } from './kafka-member.js';
import type { Tenure } from './kafka-tenure.js';
import type { ReceivedMessage } from './kafka-wire.js';
import { checkCommit } from './limits.js';
import {
  LogFault,
  type Committed,
  type Extent,
  type LoggedRecord,
  type PartitionReader,
  type TakeLimits,
} from './log.js';

const COMMIT_RETRY_MS = 100;
/** Taken records before the waiting ones are moved to the front. */
const COMPACT_AFTER = 8_192;

export interface ReaderOptions {
  readonly topic: string;
  readonly committed: Committed | undefined;
  readonly extent: Extent;
  readonly tenure: Tenure;
  readonly member: GroupMember;
  readonly now: () => number;
  /** Records were taken: there is room for others. */
  readonly onRoom: () => void;
  /** A commit has no answer: only another generation keeps it from being carried out after a later one. */
  readonly onUnresolved: () => void;
}

export class KafkaReader implements PartitionReader {
  readonly topic: string;
  readonly partition: number;
  readonly committed: Committed | undefined;
  readonly revoked: AbortSignal;
  readonly #options: ReaderOptions;
  #waiting: LoggedRecord[] = [];
  #taken = 0;
  #waitingBytes = 0;
  #next: number;
  #fault: LogFault | undefined;
  #arrival = new AbortController();

  constructor(options: ReaderOptions) {
    const { topic, committed, extent, tenure } = options;
    this.#options = options;
    this.topic = topic;
    this.partition = extent.partition;
    this.committed = committed;
    this.revoked = tenure.over;
    this.#next = committed?.offset ?? extent.first;
    if (this.#next < extent.first || this.#next > extent.end)
      this.#fault = this.#outOfRange(`it holds ${extent.first} to ${extent.end}`);
  }

  /** The offset to fetch from. */
  get next(): number {
    return this.#next;
  }

  /** Bytes that wait to be taken. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get faulty(): boolean {
    return this.#fault !== undefined;
  }

  owned(): boolean {
    return this.#options.tenure.holds();
  }

  async take(limits: TakeLimits): Promise<readonly LoggedRecord[]> {
    const { now, onRoom } = this.#options;
    const until = now() + limits.maxWaitMs;
    const taken: LoggedRecord[] = [];
    let bytes = 0;
    while (this.owned()) {
      const before = bytes;
      for (;;) {
        const record = this.#waiting[this.#taken];
        if (record === undefined) break;
        const size = record.value.length;
        if (taken.length > 0 && (taken.length >= limits.maxRecords || bytes + size > limits.maxBytes))
          return taken;
        taken.push(record);
        bytes += size;
        this.#taken += 1;
        this.#waitingBytes -= size;
      }
      this.#compact();
      if (bytes > before || taken.length > 0) onRoom();
      if (taken.length >= limits.maxRecords || bytes >= limits.maxBytes) return taken;
      // What stands before the fault is handed over first; the next take meets the fault again.
      if (this.#fault !== undefined && taken.length > 0) return taken;
      if (this.#fault !== undefined) throw this.#fault;
      const left = until - now();
      if (left <= 0) return taken;
      await pauseUnless(left, this.#arrival.signal, this.revoked);
    }
    return [];
  }

  async commit(offset: number, metadata: string): Promise<void> {
    checkCommit(offset, metadata);
    const { tenure, member, onUnresolved } = this.#options;
    while (this.owned())
      try {
        await member.commit(tenure.agreement, this, offset, metadata);
        return;
      } catch (error) {
        if (meansLost(error)) tenure.end('the group has gone on');
        else if (isUnresolved(error)) onUnresolved();
        else {
          const fault = toFault(`a commit of ${this.topic}`, error);
          if (!fault.retryable) throw fault;
          await pauseUnless(COMMIT_RETRY_MS, this.revoked);
        }
      }
    throw tenure.notOwner(this.topic, this.partition);
  }

  /** What a fetch from `next` has brought. Stops at the first record that is not what must come next. */
  deliver(messages: readonly ReceivedMessage[]): void {
    if (this.revoked.aborted || this.#fault !== undefined) return;
    for (const { offset: text, value, headers } of messages) {
      const offset = Number(text);
      // A fetch brings whole batches: some records may stand before the one that was asked for.
      if (offset < this.#next) continue;
      if (offset > this.#next) {
        this.fail(this.#outOfRange(`the next record stands at ${offset}`));
        return;
      }
      const checksum = headers?.[CHECKSUM_HEADER];
      if (
        value === null ||
        !Buffer.isBuffer(checksum) ||
        checksum.length !== 4 ||
        checksum.readUInt32BE(0) !== crc32(value)
      ) {
        this.fail(
          new LogFault(
            'DAMAGED',
            `The record of ${this.topic} at partition ${this.partition}, offset ${offset} is not what was written.`,
          ),
        );
        return;
      }
      this.#waiting.push({ offset, value });
      this.#waitingBytes += value.length;
      this.#next += 1;
    }
    if (messages.length > 0) this.#wake();
  }

  /** The next record cannot be had. */
  fail(fault: LogFault): void {
    this.#fault ??= fault;
    this.#wake();
  }

  outOfRange(): void {
    this.fail(this.#outOfRange('no longer or not yet held'));
  }

  async untilRevoked(): Promise<void> {
    if (!this.revoked.aborted) await once(this.revoked, 'abort');
  }

  #wake(): void {
    const arrived = this.#arrival;
    this.#arrival = new AbortController();
    arrived.abort();
  }

  #compact(): void {
    if (this.#taken < this.#waiting.length && this.#taken < COMPACT_AFTER) return;
    this.#waiting = this.#waiting.slice(this.#taken);
    this.#taken = 0;
  }

  #outOfRange(why: string): LogFault {
    return new LogFault(
      'OUT_OF_RANGE',
      `Partition ${this.partition} of ${this.topic} cannot be read from ${this.#next}: ${why}.`,
    );
  }
}
