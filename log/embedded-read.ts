// Reading the embedded log: one partition, from assignment to revocation.
import { setTimeout } from 'node:timers/promises';

import { ChunkCursor } from './chunk.js';
import { writeDurably, type MarkKey, type Store, type StoreView } from './embedded-store.js';
import { checkCommit } from './limits.js';
import { LogFault, type Committed, type LoggedRecord, type PartitionReader, type TakeLimits } from './log.js';

/** Other threads append too and cannot wake us: how soon to look again, and how late when nothing comes. */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 80;

/** What `EmbeddedReader.assign` needs. `clock` counts milliseconds. */
export interface Assignment {
  readonly store: Store;
  readonly clock: () => number;
  readonly group: string;
  readonly topic: string;
}

/**
 * Ownership is a number in the store that grows with every assignment, so it is the same for all threads
 * and processes: who finds another number there has lost the partition, and a commit is guarded by it.
 */
export class EmbeddedReader implements PartitionReader {
  readonly topic: string;
  readonly partition = 0;
  readonly committed: Committed | undefined;
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #group: string;
  readonly #generation: number;
  readonly #revocation = new AbortController();
  #lost = false;
  #pauseMs = SHORTEST_PAUSE_MS;
  #next: number;
  #cursor: ChunkCursor | undefined;

  private constructor({ store, clock, group, topic }: Assignment, generation: number) {
    this.#store = store;
    this.#clock = clock;
    this.#group = group;
    this.topic = topic;
    this.#generation = generation;
    const [committed, first] = store.read((view) => [
      view.mark(['committed', group, topic]),
      view.mark(['head', topic])?.at ?? 0,
    ]);
    this.committed = committed && { offset: committed.at, metadata: committed.note };
    this.#next = committed?.at ?? first;
  }

  /** Takes the partition over from whoever read it in this group before; durable when it resolves. */
  static async assign(assignment: Assignment): Promise<EmbeddedReader> {
    const { store, group, topic } = assignment;
    const key: MarkKey = ['owner', group, topic];
    const found = store.read((view) => view.mark(key));
    const generation = (found?.at ?? 0) + 1;
    const marks = [{ key, mark: { at: generation, bytes: 0, note: '' } }];
    const [held] = await writeDurably(store, [
      { guard: { key, at: found?.at }, topic, put: [], remove: [], marks },
    ]);
    if (held !== true)
      throw new LogFault('UNAVAILABLE', `Somebody else has just begun to read ${topic} as ${group}.`);
    return new EmbeddedReader(assignment, generation);
  }

  get revoked(): AbortSignal {
    return this.#revocation.signal;
  }

  /** Whether somebody else has taken the partition over. */
  get lost(): boolean {
    return this.#lost;
  }

  revoke(): void {
    this.#revocation.abort();
  }

  owned(): boolean {
    return !this.revoked.aborted && this.#store.read((view) => this.#isOwner(view));
  }

  async take(limits: TakeLimits): Promise<readonly LoggedRecord[]> {
    const until = this.#clock() + limits.maxWaitMs;
    const taken: LoggedRecord[] = [];
    while (!this.revoked.aborted) {
      const before = taken.length;
      const full = this.#fill(taken, limits);
      const left = until - this.#clock();
      if (full || left <= 0) return taken;
      this.#pauseMs =
        taken.length > before ? SHORTEST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      // Rejects when the reader is revoked, which the next turn sees by itself.
      await Promise.allSettled([
        setTimeout(Math.min(left, this.#pauseMs), undefined, { signal: this.revoked }),
      ]);
    }
    return [];
  }

  async commit(offset: number, metadata: string): Promise<void> {
    checkCommit(offset, metadata);
    if (!this.owned()) throw this.notOwner();
    const owner: MarkKey = ['owner', this.#group, this.topic];
    const key: MarkKey = ['committed', this.#group, this.topic];
    const marks = [{ key, mark: { at: offset, bytes: 0, note: metadata } }];
    const [held] = await writeDurably(this.#store, [
      { guard: { key: owner, at: this.#generation }, topic: this.topic, put: [], remove: [], marks },
    ]);
    if (held === true) return;
    this.#lose();
    throw this.notOwner();
  }

  notOwner(): LogFault {
    return new LogFault('NOT_OWNER', `${this.topic} is no longer assigned to this reader of ${this.#group}.`);
  }

  #isOwner(view: StoreView): boolean {
    const owner = view.mark(['owner', this.#group, this.topic]);
    if (owner?.at === this.#generation) return true;
    this.#lose();
    return false;
  }

  #lose(): void {
    this.#lost = true;
    this.revoke();
  }

  /** Adds what is there to `taken`; true when a limit is reached. Empties it when the partition is lost. */
  #fill(taken: LoggedRecord[], limits: TakeLimits): boolean {
    try {
      return this.#store.read((view) => {
        if (this.#isOwner(view)) return this.#fillFrom(view, taken, limits);
        taken.length = 0;
        return true;
      });
    } catch (fault) {
      // What stands before the fault is handed over first; the next take meets the fault again.
      if (taken.length === 0) throw fault;
      return true;
    }
  }

  #fillFrom(view: StoreView, taken: LoggedRecord[], { maxRecords, maxBytes }: TakeLimits): boolean {
    let bytes = 0;
    for (const { value } of taken) bytes += value.length;
    while (taken.length < maxRecords && bytes < maxBytes) {
      const cursor = this.#nextCursor(view);
      if (cursor === undefined) return false;
      bytes += cursor.nextLength();
      if (taken.length > 0 && bytes > maxBytes) return true;
      taken.push({ offset: this.#next, value: cursor.read() });
      this.#next += 1;
    }
    return true;
  }

  /** Stands at the next record; undefined at the end of the log. */
  #nextCursor(view: StoreView): ChunkCursor | undefined {
    const next = this.#next;
    if (this.#cursor !== undefined && this.#cursor.next < this.#cursor.end) return this.#cursor;
    this.#cursor = undefined;
    const first = view.mark(['head', this.topic])?.at ?? 0;
    const end = view.mark(['tail', this.topic])?.at ?? 0;
    if (next < first || next > end)
      throw new LogFault(
        'OUT_OF_RANGE',
        `${this.topic} holds ${first} to ${end}, ${this.#group} is at ${next}.`,
      );
    if (next === end) return undefined;
    const chunk = view.chunkAt(this.topic, next);
    const cursor = chunk && new ChunkCursor(chunk);
    if (cursor === undefined || cursor.end <= next)
      throw new LogFault('DAMAGED', `${this.topic} has no record at offset ${next}.`);
    cursor.skipTo(next);
    this.#cursor = cursor;
    return cursor;
  }
}
