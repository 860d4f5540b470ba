// When batches became visible: known only after their insert, so it is written beside them a little later. A crash
// loses the latest entries; the figures of freshness then say that they rest on fewer records.
import type { Store } from '../store/store.js';
import type { Landed } from './land.js';

const MOST_ENTRIES = 5_000;
const WRITE_EVERY_MS = 5_000;

interface Entry extends Landed {
  readonly epoch: number;
  readonly partition: number;
  readonly visibleAtMs: number;
}

export class LandingTimes {
  #entries: Entry[] = [];
  /** Inserted with an unknown outcome: comes again as it is, or entries that did land would land twice. */
  #unsettled: readonly Entry[] = [];
  #writing: Promise<void> = Promise.resolve();
  #writtenAtMs: number;

  constructor(
    private readonly store: Pick<Store, 'insert'>,
    private readonly nowMs: () => number,
  ) {
    this.#writtenAtMs = nowMs();
  }

  note(epoch: number, partition: number, landed: Landed): void {
    const visibleAtMs = this.nowMs();
    // A store that does not take them must not cost memory.
    if (this.#entries.length < MOST_ENTRIES) this.#entries.push({ epoch, partition, visibleAtMs, ...landed });
    if (visibleAtMs - this.#writtenAtMs >= WRITE_EVERY_MS) {
      this.#writtenAtMs = visibleAtMs;
      // What was refused is tried again with the next ones; without them freshness rests on fewer records, and says so.
      this.write().catch(() => undefined);
    }
  }

  /** Rejects with the store's fault; the entries are then tried again before the next ones. */
  write(): Promise<void> {
    // Whoever asked for the last writing hears of its fault; this one only waits for its end.
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    if (this.#unsettled.length > 0) await this.#settle();
    this.#unsettled = this.#entries;
    this.#entries = [];
    await this.#settle();
  }

  async #settle(): Promise<void> {
    const entries = this.#unsettled;
    const first = entries[0];
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    const rows = entries.map(({ epoch, partition, from, to, visibleAtMs }) =>
      JSON.stringify([epoch, partition, from, to, visibleAtMs]),
    );
    await this.store.insert({
      table: 'landings',
      columns: ['log_epoch', 'log_partition', 'from_offset', 'to_offset', 'visible_at'],
      rows: Buffer.from(`${rows.join('\n')}\n`),
      rowCount: entries.length,
      token: `landings:${first.epoch}:${first.partition}:${first.from}-${last.partition}:${last.to}`,
    });
    this.#unsettled = [];
  }
}
