// What a log is for the gateway: it takes records at once, when the test lets it, or not at all.
import type { Log, LogRecord, Position } from '../../log/log.js';

export class HeldLog implements Pick<Log, 'append'> {
  /** What is durable, by topic, in order. */
  readonly topics = new Map<string, LogRecord[]>();
  /** Appends that wait for the test. */
  waiting = 0;
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;
  #fault: Error | undefined;

  /** From now on appends wait until `letGo`. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  letGo(): void {
    this.#gate = undefined;
    this.#open();
  }

  /** From now on appends reject; `undefined`: no longer. */
  failWith(fault: Error | undefined): void {
    this.#fault = fault;
  }

  records(topic: string): readonly LogRecord[] {
    return this.topics.get(topic) ?? [];
  }

  async append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]> {
    this.waiting += 1;
    try {
      await this.#gate;
    } finally {
      this.waiting -= 1;
    }
    if (this.#fault !== undefined) throw this.#fault;
    const held = this.topics.get(topic) ?? [];
    const first = held.length;
    for (const { key, value } of records) {
      held.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
    }
    this.topics.set(topic, held);
    return records.map((_, i) => ({ partition: 0, offset: first + i }));
  }
}

/** Whether the promise has settled by the time everything else that could run has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const marker = Symbol('pending');
  const turn = new Promise<typeof marker>((resolve) => setImmediate(() => resolve(marker)));
  return (
    (await Promise.race([
      promise.then(
        () => undefined,
        () => undefined,
      ),
      turn,
    ])) === marker
  );
}
