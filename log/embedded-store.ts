// What the embedded log asks of the store below it: ordered bytes, snapshots, guarded transactions.
import type { Chunk } from './chunk.js';
import type { Mark } from './mark.js';

/**
 * What the log remembers beside the records.
 * `tail`: at = offset after the last record, bytes = occupied by all chunks ever appended.
 * `head`: at = offset of the first record, bytes = occupied by all chunks ever removed.
 * `owner`: at = how often the partition was assigned. `committed`: at = next offset to read, note = metadata.
 */
export type MarkKey =
  readonly ['tail' | 'head', topic: string] | readonly ['owner' | 'committed', group: string, topic: string];

/** One moment of the store. Only valid inside the call of `Store.read` that gave it. */
export interface StoreView {
  mark(key: MarkKey): Mark | undefined;
  /** Bytes that the chunks of all topics occupy. */
  usedBytes(): number;
  /** The chunk that holds `offset`, or else the last one before it. */
  chunkAt(topic: string, offset: number): Chunk | undefined;
  /** Oldest first; read from disk one by one. */
  chunks(topic: string): Iterable<Chunk>;
}

/** Writes that belong together. */
export interface Change {
  /** Nothing of this change happens unless this mark still stands `at` that place (undefined: does not exist). */
  readonly guard: { readonly key: MarkKey; readonly at: number | undefined };
  readonly topic: string;
  readonly put: readonly Chunk[];
  /** First offsets of the chunks to be deleted. */
  readonly remove: readonly number[];
  readonly marks: readonly { readonly key: MarkKey; readonly mark: Mark }[];
}

export interface Store {
  /** `section` may not await: no snapshot outlives this call, or the file would grow without bound. */
  read<T>(section: (view: StoreView) => T): T;
  /**
   * Writes each change as a whole, and all in one transaction if it can; resolves when they are committed,
   * with whether each guard held.
   * Rejects with `LogFault`: FULL when the disk has no room, else UNAVAILABLE.
   */
  write(changes: readonly Change[]): Promise<readonly boolean[]>;
  /** Resolves when everything committed so far has reached the disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/** Writes, and resolves only when the disk has it. */
export async function writeDurably(store: Store, changes: readonly Change[]): Promise<readonly boolean[]> {
  const held = await store.write(changes);
  await store.flushed();
  return held;
}

const PAGE_BYTES = 4_096;
const PAGE_HEADER_BYTES = 16;
const LARGEST_SHARING_A_PAGE = 1_900;
const ENTRY_BYTES = 64;

/** Bytes on disk for a chunk: a larger one fills whole pages. */
export function occupiedBytes({ bytes }: Chunk): number {
  return bytes.length <= LARGEST_SHARING_A_PAGE
    ? bytes.length + ENTRY_BYTES
    : Math.ceil((bytes.length + PAGE_HEADER_BYTES) / PAGE_BYTES) * PAGE_BYTES + ENTRY_BYTES;
}
