// Reports on the disk in order of arrival, with a reading end and a writing end. Knows no network and no promises.
// Its callers use it one call at a time.
import { readdir } from 'node:fs/promises';
import type { KeptReport } from './spool-frame.js';
import { Segment, type Place } from './spool-segment.js';
import { Slot, type SlotSettings } from './spool-slot.js';

export interface SpoolSettings extends SlotSettings {
  readonly maxBytes: number;
}

/** A report that was on the disk only, and the way to say that it is in memory now. */
export interface Unread {
  readonly report: KeptReport;
  readonly take: () => Place;
}

const MIN_SEGMENT_BYTES = 64 * 1024;
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
const MAX_SALT = 2 ** 32;

export class Spool {
  readonly #settings: SpoolSettings;
  readonly #segmentBytes: number;
  readonly #claimed: Slot[] = [];
  #own: Slot | undefined;
  /** In order of arrival; the last may be the one that is written. */
  #segments: Segment[] = [];
  #written: Segment | undefined;
  #sequence = 0;

  constructor(settings: SpoolSettings) {
    this.#settings = settings;
    const share = Math.trunc(settings.maxBytes / 16);
    this.#segmentBytes = Math.min(Math.max(share, MIN_SEGMENT_BYTES), MAX_SEGMENT_BYTES);
  }

  /** Bytes of reports on the disk, with those of files that are not answered to their end. */
  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#segments) bytes += segment.bytes;
    return bytes;
  }

  /** Whether there are reports on the disk that are not in memory: all of them are older than the next one written. */
  get hasUnread(): boolean {
    return this.#segments.some((segment) => segment.hasUnread);
  }

  /** Takes over what owners left that are gone, in front of what is unread. Rejects where the directory fails. */
  async claim(): Promise<void> {
    this.#own ??= await Slot.create(this.#settings);
    const found: Segment[] = [];
    for (const slot of await Slot.claimAll(this.#settings)) {
      this.#claimed.push(slot);
      for (const name of (await readdir(slot.path)).sort()) {
        const segment = await Segment.restore(slot, name);
        if (segment !== undefined) found.push(segment);
      }
    }
    this.#segments.unshift(...found);
  }

  /**
   * Appends all or nothing, in order; resolves with their places when they are on the disk. `inMemory` of
   * them, from the first, are in memory: say 0 while anything is unread. Rejects where the disk fails.
   */
  async write(reports: readonly KeptReport[], inMemory: number): Promise<Place[]> {
    for (;;) {
      const segment = await this.#toWrite();
      const ends = await segment.append(reports);
      // Whoever takes over a slot reads what was written before: this is the proof that it was.
      if (await segment.slot.beat()) return ends.slice(0, inMemory).map((end) => segment.take(end));
      await this.#lose(segment.slot);
    }
  }

  /** The next reports on the disk that are not in memory, in order, and how many damaged bytes stood between. */
  async read(): Promise<{ readonly unread: readonly Unread[]; readonly damagedBytes: number }> {
    const segment = this.#segments.find((one) => one.hasUnread);
    if (segment === undefined) return { unread: [], damagedBytes: 0 };
    try {
      const { found, damagedBytes } = await segment.read();
      const unread = found.map(({ report, end }) => ({ report, take: () => segment.take(end) }));
      return { unread, damagedBytes };
    } catch (error) {
      // Its file stays for the next start; those behind it do not wait for that.
      await this.#drop(segment);
      throw error;
    }
  }

  /** Notes what has receipts and removes what has nothing else. Rejects where the disk fails; the rest is done all the same. */
  async tidy(): Promise<void> {
    const faults: unknown[] = [];
    for (const segment of [...this.#segments]) {
      await segment.mark().catch((error: unknown) => faults.push(error));
      if (!segment.isAnswered) continue;
      await segment.remove();
      await this.#drop(segment);
    }
    for (const slot of [...this.#claimed]) {
      if (this.#segments.some((segment) => segment.slot === slot)) continue;
      this.#claimed.splice(this.#claimed.indexOf(slot), 1);
      await slot.leave();
    }
    if (faults.length > 0) throw new Error('the marks cannot be written', { cause: faults[0] });
  }

  /** Keeps others from taking this owner for gone. */
  async beat(): Promise<void> {
    for (const slot of this.#slots()) if (!(await slot.beat())) await this.#lose(slot);
  }

  /** Leaves everything to the next who comes. Never rejects. */
  async close(): Promise<void> {
    await this.tidy().catch(() => undefined);
    for (const segment of this.#segments) await segment.close();
    for (const slot of this.#slots()) await slot.leave();
    this.#segments = [];
  }

  #slots(): Slot[] {
    return this.#own === undefined ? [...this.#claimed] : [...this.#claimed, this.#own];
  }

  async #toWrite(): Promise<Segment> {
    if (this.#written !== undefined && this.#written.bytes < this.#segmentBytes) return this.#written;
    this.#own ??= await Slot.create(this.#settings);
    const salt = Math.floor(this.#settings.random() * MAX_SALT);
    this.#written = await Segment.create(this.#own, ++this.#sequence, salt);
    this.#segments.push(this.#written);
    return this.#written;
  }

  /** The slot is somebody else's, and so is what is unread in it. */
  async #lose(slot: Slot): Promise<void> {
    for (const segment of this.#segments.filter((one) => one.slot === slot)) await this.#drop(segment);
    if (this.#own === slot) this.#own = undefined;
    else this.#claimed.splice(this.#claimed.indexOf(slot), 1);
  }

  async #drop(segment: Segment): Promise<void> {
    await segment.close();
    this.#segments = this.#segments.filter((one) => one !== segment);
    if (this.#written === segment) this.#written = undefined;
  }
}
