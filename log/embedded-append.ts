// Appending to the embedded log: whatever waits when the disk is ready goes into one transaction.
import { setImmediate } from 'node:timers/promises';

import { encodeChunks, recordBytes } from './chunk.js';
import { occupiedBytes, writeDurably, type Change, type Store, type StoreView } from './embedded-store.js';
import { checkName, checkRecords } from './limits.js';
import { LogFault, type LogRecord, type Position } from './log.js';

const MAX_TRANSACTION_BYTES = 16_777_216;
const MAX_WAITING_BYTES = 67_108_864;
/** What a waiting append and each of its records cost in memory beside the values. */
const WAITING_OVERHEAD_BYTES = 128;

interface Waiting {
  readonly topic: string;
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  readonly heldBytes: number;
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (fault: unknown) => void;
}

/** An append with the offset of its first record. */
interface Placed {
  readonly waiting: Waiting;
  readonly first: number;
}

/** What one transaction appends to one topic, from offset `end` on. */
interface Addition {
  readonly topic: string;
  readonly end: number;
  readonly placed: Placed[];
  readonly values: Uint8Array[];
}

/**
 * Only one transaction is under way at a time, and each begins by reading the end of the topic from the
 * store. So a failed one, whatever it left behind, makes no gap and no offset is given twice.
 */
export class Appender {
  readonly #store: Store;
  readonly #maxBytes: number;
  readonly #waiting: Waiting[] = [];
  #heldBytes = 0;
  #running: Promise<void> | undefined;

  constructor(store: Store, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** As `Log.append`. Rejects UNAVAILABLE when too much is waiting already. */
  async append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]> {
    checkName('topic', topic);
    checkRecords(records);
    if (records.length === 0) return [];
    let bytes = 0;
    for (const { value } of records) bytes += recordBytes(value);
    const heldBytes = bytes + (records.length + 1) * WAITING_OVERHEAD_BYTES;
    if (this.#heldBytes > 0 && this.#heldBytes + heldBytes > MAX_WAITING_BYTES)
      throw new LogFault('UNAVAILABLE', 'Too many records are waiting to be appended.');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ topic, records, bytes, heldBytes, resolve, reject });
      this.#heldBytes += heldBytes;
      this.#running ??= this.#run();
    });
  }

  /** Waits for the appends that were begun. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // The rest of this turn of the event loop may bring more for the same transaction.
    await setImmediate();
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#write(group);
      } catch (fault) {
        for (const { reject } of group) reject(fault);
      }
      for (const { heldBytes } of group) this.#heldBytes -= heldBytes;
    }
    this.#running = undefined;
  }

  #nextGroup(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > MAX_TRANSACTION_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const planned = this.#store.read((view) => {
      const additions = place(view, group, this.#maxBytes);
      return additions.map((addition) => ({ addition, change: toChange(view, addition) }));
    });
    if (planned.length === 0) return;
    const held = await writeDurably(
      this.#store,
      planned.map(({ change }) => change),
    );
    planned.forEach(({ addition }, index) => {
      settle(addition, held[index] === true);
    });
  }
}

/** Gives each append its place; those that would go over the limit are rejected here. */
function place(view: StoreView, group: readonly Waiting[], maxBytes: number): Addition[] {
  const additions = new Map<string, Addition>();
  let used = view.usedBytes();
  for (const waiting of group) {
    if (used + waiting.bytes > maxBytes) {
      waiting.reject(new LogFault('FULL', `The log has reached its limit of ${maxBytes} bytes.`));
      continue;
    }
    used += waiting.bytes;
    const { topic, records } = waiting;
    let addition = additions.get(topic);
    if (addition === undefined) {
      addition = { topic, end: view.mark(['tail', topic])?.at ?? 0, placed: [], values: [] };
      additions.set(topic, addition);
    }
    addition.placed.push({ waiting, first: addition.end + addition.values.length });
    for (const { value } of records) addition.values.push(value);
  }
  return [...additions.values()];
}

function toChange(view: StoreView, { topic, end, values }: Addition): Change {
  const tail = view.mark(['tail', topic]);
  const put = encodeChunks(end, values);
  const bytes = put.reduce((sum, chunk) => sum + occupiedBytes(chunk), tail?.bytes ?? 0);
  const newTail = { key: ['tail', topic], mark: { at: end + values.length, bytes, note: '' } } as const;
  const firstHead = { key: ['head', topic], mark: { at: 0, bytes: 0, note: '' } } as const;
  return {
    guard: { key: ['tail', topic], at: tail?.at },
    topic,
    put,
    remove: [],
    marks: tail === undefined ? [newTail, firstHead] : [newTail],
  };
}

function settle({ topic, placed }: Addition, held: boolean): void {
  for (const { waiting, first } of placed)
    if (held) waiting.resolve(waiting.records.map((_, index) => ({ partition: 0, offset: first + index })));
    else waiting.reject(new LogFault('UNAVAILABLE', `Somebody else has just appended to ${topic}.`));
}
