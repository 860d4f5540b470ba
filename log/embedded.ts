// The log of one machine: an append-only log on LMDB, one partition a topic. The only file that knows lmdb.
import { closeSync, fsyncSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

import { open, type Database, type Key } from 'lmdb';

import type { Chunk } from './chunk.js';
import { embeddedLog, type EmbeddedLog } from './embedded-log.js';
import type { Change, Store, StoreView } from './embedded-store.js';
import { LogFault } from './log.js';
import { decodeMark, encodeMark } from './mark.js';

export interface EmbeddedLogOptions {
  readonly directory: string;
  /**
   * Over this many bytes of records an append rejects with FULL until `trim` makes room. The file may be
   * larger: it never shrinks, and freed pages are used again.
   */
  readonly maxBytes: number;
  /** Milliseconds; only differences count. */
  readonly clock: () => number;
}

/**
 * Opens the log in `directory`, which is made if missing. Several threads and processes may have it open
 * and read, commit and trim; one at a time may append to a topic (a second one is refused, UNAVAILABLE).
 * A second `read` of a topic by the same group takes it over from the first, in whichever thread.
 */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { directory, maxBytes, clock } = options;
  return embeddedLog(openStore(directory, maxBytes), maxBytes, clock);
}

/** Documented by lmdb, missing in its types. See `startNow`. */
const START_EARLY = { txnStartThreshold: 1 };

/** Opens the LMDB environment. Exported for whoever must stand between the log and its disk. */
export function openStore(directory: string, maxBytes: number): Store {
  const made = mkdirSync(directory, { recursive: true });
  const root = open({
    path: directory,
    noSubdir: false,
    maxDbs: 2,
    // Each commit is flushed before it becomes visible: no reader meets a record that a power cut takes back.
    overlappingSync: false,
    // Its batches hold a promise that nobody can hear: when a commit fails, that would end the process.
    eventTurnBatching: false,
    ...START_EARLY,
    // Room in the address space, so that the map seldom moves; not a limit.
    mapSize: Math.max(2 * maxBytes, 1_073_741_824),
  });
  const chunks: Database<Buffer> = root.openDB({ name: 'chunks', encoding: 'binary' });
  // A mark's version is its place (`at`): that is what a guard compares.
  const marks: Database<Buffer> = root.openDB({ name: 'marks', encoding: 'binary', useVersions: true });
  syncDirectory(directory);
  if (made !== undefined) syncDirectory(dirname(made));

  const view = toView(chunks, marks);
  let closing: Promise<void> | undefined;
  const checkOpen = (): void => {
    if (closing !== undefined) throw new LogFault('UNAVAILABLE', 'The log is closed.');
  };

  /** All of it happens or nothing; the promise is the guard's, the inner ones settle with it. */
  const apply = ({ guard, topic, put, remove, marks: set }: Change): Promise<boolean> => {
    const writes = (): void => {
      for (const { first, bytes } of put) void chunks.put([topic, first], bytes);
      for (const first of remove) void chunks.remove([topic, first]);
      for (const { key, mark } of set) void marks.put([...key], encodeMark(mark), mark.at);
    };
    return guard.at === undefined
      ? marks.ifNoExists([...guard.key], writes)
      : marks.ifVersion([...guard.key], guard.at, writes);
  };

  /**
   * lmdb begins a transaction only in the next turn of the event loop, behind whatever else is due then: mostly the
   * collection of garbage. A write beyond `txnStartThreshold` makes it begin now; this one deletes what is never there.
   */
  const startNow = (): Promise<boolean> => chunks.remove(['', 0]);

  return {
    read(section) {
      checkOpen();
      try {
        return section(view);
      } catch (cause) {
        if (cause instanceof LogFault) throw cause;
        throw new LogFault('UNAVAILABLE', 'The log could not be read.', { cause });
      } finally {
        root.resetReadTxn();
      }
    },
    async write(changes) {
      checkOpen();
      checkRoom(changes, directory);
      try {
        const [held] = await Promise.all([Promise.all(changes.map(apply)), startNow()]);
        return held;
      } catch (error) {
        throw await toFault(error, directory);
      }
    },
    async flushed() {
      try {
        await root.flushed;
      } catch (error) {
        throw await toFault(error, directory);
      }
    },
    close: () => (closing ??= root.close()),
  };
}

function toView(chunks: Database<Buffer>, marks: Database<Buffer>): StoreView {
  const toChunk = ({ key, value }: { key: Key; value: Buffer }): Chunk => {
    const first = Array.isArray(key) ? key[1] : undefined;
    if (typeof first !== 'number') throw new LogFault('DAMAGED', 'A chunk of the log has a strange key.');
    return { first, bytes: value };
  };
  const sumOf = (kind: 'tail' | 'head'): number => {
    let sum = 0;
    for (const { value } of marks.getRange({ start: [kind], end: [kind, '\uffff'] }))
      sum += decodeMark(value).bytes;
    return sum;
  };
  return {
    mark(key) {
      const encoded = marks.getBinary([...key]);
      return encoded && decodeMark(encoded);
    },
    usedBytes: () => sumOf('tail') - sumOf('head'),
    chunkAt(topic, offset) {
      const range = { start: [topic, offset], end: [topic, -1], reverse: true, limit: 1 };
      for (const entry of chunks.getRange(range)) return toChunk(entry);
      return undefined;
    },
    chunks: (topic) =>
      chunks.getRange({ start: [topic, 0], end: [topic, Number.MAX_SAFE_INTEGER] }).map(toChunk),
  };
}

/** A file system's entry is only safe when its directory has reached the disk as well. */
function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** How a disk without room is told: ENOSPC, EFBIG, EDQUOT, MDB_MAP_FULL. */
const NO_ROOM: readonly unknown[] = [28, 27, 122, -30792];
/** And how LMDB tells it when a part of a write still found room: as EIO, like a disk that fails. */
const EIO = 5;
/** More than one transaction ever needs, with what others may write meanwhile. */
const AMPLE_BYTES = 67_108_864;
/** The same for one that appends nothing. */
const AMPLE_FOR_MARKS_BYTES = 4_194_304;

/**
 * Danger: a write that the disk refuses makes lmdb 3.5.6 tell of it in a text longer than its buffer of 100 bytes (in
 * mdb_page_flush), which spoils the memory of the process. So no write is begun that may be refused.
 */
function checkRoom(changes: readonly Change[], directory: string): void {
  const needed = changes.some(({ put }) => put.length > 0) ? AMPLE_BYTES : AMPLE_FOR_MARKS_BYTES;
  if (freeBytes(directory) < needed) throw new LogFault('FULL', 'The disk has no room for the log.');
}

/** LMDB rejects with a general error; the cause comes in a promise of its own, which must not stay unheard. */
async function toFault(error: unknown, directory: string): Promise<LogFault> {
  if (error instanceof LogFault) return error;
  const pending = error instanceof Error && 'commitError' in error ? error.commitError : undefined;
  const [settled] = await Promise.allSettled([pending]);
  const cause: unknown = settled.status === 'rejected' ? settled.reason : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return NO_ROOM.includes(code) || (code === EIO && freeBytes(directory) < AMPLE_BYTES)
    ? new LogFault('FULL', 'The disk has no room for the log.', { cause })
    : new LogFault('UNAVAILABLE', 'The log could not be written.', { cause });
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
