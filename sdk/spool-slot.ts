// Who owns which part of the spool's directory. Every Reporter writes to a slot of its own, a directory whose name says
// who owns it; the slot of an owner that is gone is claimed by renaming it, which exactly one can do.
import { mkdir, readdir, rename, rmdir, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from './reach.js';

/** A living owner says so this often, in milliseconds. */
export const BEAT_MS = 5_000;
/** An owner silent for this long is gone, in milliseconds: it may run elsewhere, where its pid says nothing. */
const LEASE_MS = 30_000;
const SLOT = /^(\d{14})\.(\d{1,10})\.([A-Za-z0-9-]{1,64})\.([0-9a-z]{12})$/;
const OTHERS_WRITE = 0o002;
/** The pid in the name of a slot that its owner has left. */
const NOBODY = 0;

/** What a slot needs to know of its surroundings. */
export interface SlotSettings {
  readonly directory: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** One owned directory. */
export class Slot {
  readonly #settings: SlotSettings;
  readonly #created: string;
  #path: string;

  private constructor(settings: SlotSettings, created: string, path: string) {
    this.#settings = settings;
    this.#created = created;
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Makes a new one. Rejects where the directory cannot be written, or can be by everybody. */
  static async create(settings: SlotSettings): Promise<Slot> {
    const created = String(Math.max(0, Math.trunc(settings.clock.wallMs()))).padStart(14, '0');
    const path = join(settings.directory, slotName(created, process.pid, settings.random));
    await mkdir(settings.directory, { recursive: true, mode: 0o700 });
    // What others leave here would be sent in the platform's name.
    if (((await stat(settings.directory)).mode & OTHERS_WRITE) !== 0 && process.getuid !== undefined) {
      throw new Error('the directory of the spool can be written by everybody');
    }
    await mkdir(path, { mode: 0o700 });
    const slot = new Slot(settings, created, path);
    await slot.#touch();
    return slot;
  }

  /** Makes every slot whose owner is gone one's own; oldest first. */
  static async claimAll(settings: SlotSettings): Promise<Slot[]> {
    const claimed: Slot[] = [];
    for (const name of (await readdir(settings.directory)).sort()) {
      const [, created = '', pid = '', host = ''] = SLOT.exec(name) ?? [];
      const path = join(settings.directory, name);
      if (created === '' || !(await isLeft(path, Number(pid), host, settings.clock))) continue;
      const slot = new Slot(settings, created, path);
      if (await slot.#rename(process.pid)) claimed.push(slot);
    }
    return claimed;
  }

  /** Says that the owner lives. False when the slot is somebody else's now, who took the owner for gone. */
  async beat(): Promise<boolean> {
    try {
      await this.#touch();
      return true;
    } catch {
      return false;
    }
  }

  /** Ends ownership: an empty slot goes, any other may be claimed at once. Never rejects. */
  async leave(): Promise<void> {
    try {
      await rmdir(this.#path);
    } catch {
      await this.#rename(NOBODY);
    }
  }

  async #touch(): Promise<void> {
    const seconds = this.#settings.clock.wallMs() / 1_000;
    await utimes(this.#path, seconds, seconds);
  }

  async #rename(pid: number): Promise<boolean> {
    const path = join(this.#settings.directory, slotName(this.#created, pid, this.#settings.random));
    try {
      // Touched first: under its new name it must not look left for one moment.
      await this.#touch();
      await rename(this.#path, path);
      this.#path = path;
      return true;
    } catch {
      return false;
    }
  }
}

function slotName(created: string, pid: number, random: () => number): string {
  const token = Math.floor(random() * 36 ** 10).toString(36);
  return `${created}.${pid}.${hostLabel()}.${token.padStart(12, '0')}`;
}

function hostLabel(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9-]/g, '-')
      .slice(0, 64) || 'host'
  );
}

async function isLeft(path: string, pid: number, host: string, clock: Clock): Promise<boolean> {
  if (pid === NOBODY) return true;
  if (host === hostLabel() && !isRunning(pid)) return true;
  try {
    return clock.wallMs() - (await stat(path)).mtimeMs > LEASE_MS;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user runs, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
