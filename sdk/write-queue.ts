// Reports that wait to be written to the spool, in order of arrival.
import type { Promised } from './open-promises.js';

/** Of one write: few enough to leave the host's event loop alone. */
const GROUP_REPORTS = 500;
const GROUP_BYTES = 512 * 1024;

export class WriteQueue {
  #entries: Promised[] = [];
  #bytes = 0;

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: Promised): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
  }

  /** The first that make one write; they stay until they are dropped. */
  firstGroup(): readonly Promised[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      if (count === GROUP_REPORTS || bytes >= GROUP_BYTES) break;
      count++;
      bytes += entry.bytes.length;
    }
    return this.#entries.slice(0, count);
  }

  /** Drops the first group again, once it is written. */
  drop(group: readonly Promised[]): void {
    this.#entries.splice(0, group.length);
    for (const { bytes } of group) this.#bytes -= bytes.length;
  }
}
