// One file of kept reports, and beside it how far they have receipts. Its callers use it one call at a time.
import { open, readFile, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  answeredMark,
  findFrame,
  frameAt,
  frameLength,
  MARK_LENGTH,
  putFrame,
  readAnswered,
  type KeptReport,
} from './spool-frame.js';
import type { Slot } from './spool-slot.js';

/** Where a report is kept, from the moment it is in memory until it has its receipt. */
export interface Place {
  readonly segment: Segment;
  readonly end: number;
  isAnswered: boolean;
}

export interface ReadReports {
  readonly found: readonly { readonly report: KeptReport; readonly end: number }[];
  readonly damagedBytes: number;
}

const SEGMENT = /^\d{10}-([0-9a-f]{8})\.reports$/;
const MARKS = '.answered';
/** Read at once; more only where a report is longer or the file is damaged. */
const CHUNK_BYTES = 512 * 1024;

export class Segment {
  readonly slot: Slot;
  readonly #name: string;
  readonly #salt: number;
  #file: FileHandle | undefined;
  #end = 0;
  /** Reports behind it are on the disk only. */
  #readTo = 0;
  #inMemory: Place[] = [];
  #answeredTo = 0;
  #markedTo = 0;
  #marks = 0;

  private constructor(slot: Slot, name: string, salt: number) {
    this.slot = slot;
    this.#name = name;
    this.#salt = salt;
  }

  /** A new file that is written. */
  static async create(slot: Slot, sequence: number, salt: number): Promise<Segment> {
    const name = `${String(sequence).padStart(10, '0')}-${salt.toString(16).padStart(8, '0')}.reports`;
    const segment = new Segment(slot, name, salt);
    segment.#file = await open(segment.#path(), 'wx+', 0o600);
    await syncDirectory(slot.path);
    return segment;
  }

  /** A file that an owner before left, from its first report without a receipt; undefined for any other file. */
  static async restore(slot: Slot, name: string): Promise<Segment | undefined> {
    const salt = SEGMENT.exec(name)?.[1];
    if (salt === undefined) return undefined;
    const segment = new Segment(slot, name, parseInt(salt, 16));
    segment.#end = (await stat(segment.#path())).size;
    const marks = await readFile(segment.#path(MARKS)).catch(() => Buffer.alloc(0));
    segment.#answeredTo = Math.min(readAnswered(marks, segment.#salt), segment.#end);
    segment.#readTo = segment.#markedTo = segment.#answeredTo;
    return segment;
  }

  /** Bytes of its reports, with those that have receipts already. */
  get bytes(): number {
    return this.#end;
  }

  get hasUnread(): boolean {
    return this.#readTo < this.#end;
  }

  get isAnswered(): boolean {
    return this.#inMemory.length === 0 && this.#readTo === this.#end;
  }

  /** Appends all or nothing; when it resolves they are on the disk, power cut or not. Returns the end of each. */
  async append(reports: readonly KeptReport[]): Promise<number[]> {
    let length = 0;
    for (const report of reports) length += frameLength(report);
    const bytes = Buffer.allocUnsafe(length);
    const ends: number[] = [];
    let end = 0;
    for (const report of reports) {
      end = putFrame(bytes, end, report, this.#salt);
      ends.push(this.#end + end);
    }
    const file = await this.#open();
    for (let written = 0; written < length;) {
      written += (await file.write(bytes, written, length - written, this.#end + written)).bytesWritten;
    }
    await file.datasync();
    this.#end += length;
    return ends;
  }

  /** The next reports that are on the disk only, in order; damaged bytes are left out and counted. */
  async read(): Promise<ReadReports> {
    const rest = this.#end - this.#readTo;
    const chunk = await this.#readBytes(Math.min(rest, CHUNK_BYTES));
    const found = [];
    let at = 0;
    for (
      let next = frameAt(chunk, 0, this.#salt);
      next !== undefined;
      next = frameAt(chunk, at, this.#salt)
    ) {
      found.push({ report: next.report, end: this.#readTo + next.end });
      at = next.end;
    }
    if (found.length > 0) return { found, damagedBytes: 0 };
    const all = await this.#readBytes(rest);
    const next = findFrame(all, 0, this.#salt);
    if (next === undefined) {
      this.#readTo = this.#end;
      return { found, damagedBytes: rest };
    }
    found.push({ report: next.report, end: this.#readTo + next.end });
    return { found, damagedBytes: next.start };
  }

  /** Says that the report which ends at `end` is in memory now: the one behind those taken before. */
  take(end: number): Place {
    const place = { segment: this, end, isAnswered: false };
    this.#inMemory.push(place);
    this.#readTo = end;
    return place;
  }

  /** Notes on the disk how far there are receipts. A lost note means only that reports are sent again. */
  async mark(): Promise<void> {
    let count = 0;
    while (this.#inMemory[count]?.isAnswered === true) count++;
    const last = this.#inMemory.splice(0, count).at(-1);
    if (last !== undefined) this.#answeredTo = last.end;
    if (this.#answeredTo === this.#markedTo || this.isAnswered) return;
    const file = await open(this.#path(MARKS), this.#marks === 0 ? 'w' : 'r+', 0o600);
    try {
      // Two places in turn: if writing breaks off, the mark before is whole.
      const at = (this.#marks++ % 2) * MARK_LENGTH;
      await file.write(answeredMark(this.#answeredTo, this.#salt), 0, MARK_LENGTH, at);
      this.#markedTo = this.#answeredTo;
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await this.close();
    // The file last: without its marks it is sent again, while marks without a file would stay for ever. One that cannot
    // be removed is sent again after a restart, and is a duplicate.
    for (const path of [this.#path(MARKS), this.#path()]) await unlink(path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }

  async #readBytes(length: number): Promise<Buffer> {
    const file = await this.#open();
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const { bytesRead } = await file.read(bytes, read, length - read, this.#readTo + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  }

  async #open(): Promise<FileHandle> {
    return (this.#file ??= await open(this.#path(), 'r'));
  }

  #path(suffix = ''): string {
    return join(this.slot.path, `${this.#name}${suffix}`);
  }
}

/** The name of a new file has to last as well as what is in it; a system that cannot do this does it by itself. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    await directory.sync().finally(() => directory.close());
  } catch {
    // The reports themselves are synced next, and that must succeed.
  }
}
