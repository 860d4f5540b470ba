// What came in and is not worked off: one handler at a time per key, and again after a pause where it failed. Knows no
// network.
import { Alarm } from './alarm.js';
import { retryDelayMs, type RetryBounds } from './retry.js';

export interface WorkOffOptions<T> {
  readonly handler: (value: T) => unknown;
  readonly keyOf: (value: T) => string;
  /** Handlers at once. */
  readonly concurrency: number;
  readonly retry: RetryBounds;
  readonly random: () => number;
  readonly onFailed: (value: T, attempt: number, error: unknown, retryInMs: number) => void;
  /** Everything up to this cursor is worked off. */
  readonly onWorkedOff: (cursor: string) => void;
  /** A handler has ended, either way. */
  readonly onEnded: () => void;
}

interface Message {
  readonly cursor: string;
  /** Values that are not worked off. */
  left: number;
}

interface Task<T> {
  readonly value: T;
  readonly message: Message;
  failures: number;
}

/** Messages that are done may stand behind one that is not; beyond so many they are put together. */
const SLACK = 64;

export class WorkOff<T> {
  readonly #options: WorkOffOptions<T>;
  /** In the order in which they came in, from the first that is not worked off. */
  #messages: Message[] = [];
  /** By key, in the order in which they came in. */
  readonly #lanes = new Map<string, Task<T>[]>();
  /** Keys with something to tell, of which no handler runs and no pause lasts. */
  readonly #ready: string[] = [];
  readonly #pauses = new Set<Alarm>();
  #pending = 0;
  #running = 0;
  #workedOff = 0;
  #isStopped = false;

  constructor(options: WorkOffOptions<T>) {
    this.#options = options;
  }

  /** Values that are not worked off. */
  get pending(): number {
    return this.#pending;
  }

  /** Handlers that run. */
  get running(): number {
    return this.#running;
  }

  /** Values worked off since the start. */
  get workedOff(): number {
    return this.#workedOff;
  }

  /** Takes one message; without values it only moves the cursor on. */
  add(values: readonly T[], cursor: string): void {
    const message = { cursor, left: values.length };
    this.#messages.push(message);
    this.#pending += values.length;
    for (const value of values) {
      const key = this.#options.keyOf(value);
      const task = { value, message, failures: 0 };
      const lane = this.#lanes.get(key);
      if (lane !== undefined) lane.push(task);
      else {
        this.#lanes.set(key, [task]);
        this.#ready.push(key);
      }
    }
    this.#advance();
    this.#pump();
  }

  /** Starts no handler any more; those that run go on. */
  stop(): void {
    this.#isStopped = true;
    for (const pause of this.#pauses) pause.clear();
    this.#pauses.clear();
  }

  #pump(): void {
    while (!this.#isStopped && this.#running < this.#options.concurrency) {
      const key = this.#ready.shift();
      const lane = key === undefined ? undefined : this.#lanes.get(key);
      const task = lane?.[0];
      if (key === undefined || lane === undefined || task === undefined) return;
      this.#running++;
      Promise.resolve(task.value)
        .then(this.#options.handler)
        .then(
          () => this.#done(key, lane, task),
          (error: unknown) => this.#failed(key, task, error),
        );
    }
  }

  #done(key: string, lane: Task<T>[], { message }: Task<T>): void {
    this.#running--;
    this.#workedOff++;
    this.#pending--;
    message.left--;
    lane.shift();
    if (lane.length === 0) this.#lanes.delete(key);
    else this.#ready.push(key);
    this.#advance();
    this.#pump();
    this.#options.onEnded();
  }

  #failed(key: string, task: Task<T>, error: unknown): void {
    this.#running--;
    const { retry, random, onFailed, onEnded } = this.#options;
    const delayMs = retryDelayMs(task.failures++, retry, random, retry.initialMs);
    if (!this.#isStopped) {
      const pause: Alarm = new Alarm(() => {
        this.#pauses.delete(pause);
        this.#ready.push(key);
        this.#pump();
      });
      this.#pauses.add(pause);
      pause.set(delayMs);
    }
    onFailed(task.value, task.failures, error, delayMs);
    this.#pump();
    onEnded();
  }

  #advance(): void {
    let done = 0;
    while (this.#messages[done]?.left === 0) done++;
    const last = this.#messages[done - 1];
    if (last !== undefined) {
      this.#messages.splice(0, done);
      this.#options.onWorkedOff(last.cursor);
    }
    // One that fails again and again holds the cursor, not the memory: of those done in a row the last one counts.
    if (this.#messages.length <= 2 * this.#pending + SLACK) return;
    this.#messages = this.#messages.filter(({ left }, i, all) => left > 0 || all[i + 1]?.left !== 0);
  }
}
