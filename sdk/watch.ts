// One watch: a stream that is opened again whenever it ends, from where it had come to, and what is done with it.
import { Alarm } from './alarm.js';
import { Conditions } from './conditions.js';
import { Connection, type Failure, type WatchStream } from './connection.js';
import { CursorSaver } from './cursor-saver.js';
import type { Reach } from './reach.js';
import { retryDelayMs } from './retry.js';
import type { WatchKind } from './watch-kind.js';
import type { WatchFault, WatchSettings } from './watch-options.js';
import { WorkOff } from './work-off.js';

/** A running `onNotice` or `onOutcome`. It holds the process until it is closed. */
export interface Watch {
  /** Everything up to it is worked off. */
  readonly cursor: string;
  stats(): WatchStats;
  /**
   * Starts no handler any more and resolves when those that run have ended and the cursor is saved, or after
   * `deadlineMs` (default 10,000). What is not worked off is told again by the next watch. Never rejects; safe to call
   * again.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** One watch in numbers, since it began. */
export interface WatchStats {
  /** Whether the gateway has answered and the connection stands. */
  readonly connected: boolean;
  /** Notices or outcomes held, of which the handlers that run have taken up `running`. */
  readonly pending: number;
  readonly running: number;
  readonly workedOff: number;
  /** How often the stream ended and had to be opened again. */
  readonly disconnects: number;
}

/** What a watch is given beside its own options. */
export interface WatchMeans extends Reach {
  /** Without a message for so long the connection is given up: the gateway sends one every 30 seconds at least. */
  readonly silenceMs: number;
}

/** Of refusals that no pause heals: asked again, for a credential may be mended, but seldom. */
const REFUSED_MAX_MS = 60_000;
const REFUSED: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
  'INVALID_ARGUMENT',
]);
const ENDED: Failure = {
  code: 'OK',
  message: 'the gateway ended the stream in order',
  retryDelayMs: undefined,
};

export class RunningWatch<T> implements Watch {
  readonly #kind: WatchKind<T>;
  readonly #means: WatchMeans;
  readonly #settings: WatchSettings;
  readonly #onClosed: () => void;
  readonly #connection: Connection;
  readonly #work: WorkOff<T>;
  readonly #saver: CursorSaver;
  readonly #conditions = new Conditions();
  #stream: WatchStream | undefined;
  /** From where on to ask: what came in up to here is worked off or in memory. */
  #receivedCursor: string;
  #workedOffCursor: string;
  #isPaused = false;
  #openedMs = 0;
  #heardMs: number | undefined;
  #attempt = 0;
  #disconnects = 0;
  #closing: Promise<void> | undefined;

  readonly #silence = new Alarm(() => this.#checkSilence());
  /** Holds the process: nothing else does while there is no stream. */
  readonly #again = new Alarm(() => this.#open(), true);

  /** Opens its stream at once. */
  constructor(
    kind: WatchKind<T>,
    handler: (value: T) => unknown,
    means: WatchMeans,
    settings: WatchSettings,
    onClosed: () => void,
  ) {
    const { concurrency, retry, saveCursor, onFault, cursor } = settings;
    this.#kind = kind;
    this.#means = means;
    this.#settings = settings;
    this.#onClosed = onClosed;
    this.#receivedCursor = cursor;
    this.#workedOffCursor = cursor;
    this.#connection = new Connection(means);
    this.#saver = new CursorSaver({
      save: saveCursor,
      retry,
      random: means.random,
      onFailed: (error) => onFault({ kind: 'CURSOR_NOT_SAVED', error }),
    });
    this.#work = new WorkOff({
      handler,
      keyOf: kind.keyOf,
      concurrency,
      retry,
      random: means.random,
      onFailed: (value, attempt, error, retryInMs) =>
        onFault({ kind: 'HANDLER_FAILED', id: kind.idOf(value), attempt, error, retryInMs }),
      onWorkedOff: (workedOff) => {
        if (workedOff === this.#workedOffCursor) return;
        this.#workedOffCursor = workedOff;
        this.#saver.save(workedOff);
      },
      onEnded: () => this.#onHandlerEnded(),
    });
    this.#open();
  }

  get cursor(): string {
    return this.#workedOffCursor;
  }

  stats(): WatchStats {
    const { pending, running, workedOff } = this.#work;
    const connected = this.#stream !== undefined && this.#heardMs !== undefined;
    return { connected, pending, running, workedOff, disconnects: this.#disconnects };
  }

  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.deadlineMs ?? 10_000));
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#work.stop();
    this.#leave();
    this.#again.clear();
    this.#connection.close();
    const endMs = this.#means.clock.monotonicMs() + deadlineMs;
    await this.#conditions.until(() => this.#work.running === 0, deadlineMs);
    await this.#saver.close(Math.max(0, endMs - this.#means.clock.monotonicMs()));
    this.#onClosed();
  }

  #open(): void {
    this.#openedMs = this.#means.clock.monotonicMs();
    this.#heardMs = undefined;
    const stream: WatchStream = this.#connection.watch(
      this.#kind.method,
      this.#kind.request(this.#receivedCursor),
      {
        onMessage: (bytes) => {
          if (this.#stream === stream) this.#hear(bytes);
        },
        onEnd: (failure) => {
          if (this.#stream === stream) this.#lost(failure ?? ENDED);
        },
      },
    );
    this.#stream = stream;
    if (this.#isPaused) stream.pause();
    else this.#silence.set(this.#means.silenceMs);
  }

  #hear(bytes: Uint8Array): void {
    const message = this.#read(bytes);
    if (message === undefined) {
      const words = 'the gateway sent a message that cannot be read';
      this.#lost({ code: 'INTERNAL', message: words, retryDelayMs: undefined });
      return;
    }
    this.#heardMs = this.#means.clock.monotonicMs();
    this.#receivedCursor = message.cursor;
    this.#work.add(message.values, message.cursor);
    if (this.#work.pending < this.#settings.maxPending || this.#isPaused) return;
    this.#isPaused = true;
    this.#silence.clear();
    this.#stream?.pause();
  }

  /** Undefined where it breaks the contract; without a cursor nobody could go on from it. */
  #read(bytes: Uint8Array): { readonly values: readonly T[]; readonly cursor: string } | undefined {
    try {
      const message = this.#kind.read(bytes);
      return message.cursor === '' ? undefined : message;
    } catch {
      return undefined;
    }
  }

  #onHandlerEnded(): void {
    this.#conditions.look();
    if (!this.#isPaused || this.#work.pending * 2 > this.#settings.maxPending) return;
    this.#isPaused = false;
    if (this.#stream === undefined) return;
    this.#heardMs = this.#means.clock.monotonicMs();
    this.#silence.set(this.#means.silenceMs);
    this.#stream.resume();
  }

  #checkSilence(): void {
    const { clock, silenceMs } = this.#means;
    if (this.#stream === undefined || this.#isPaused) return;
    const leftMs = (this.#heardMs ?? this.#openedMs) + silenceMs - clock.monotonicMs();
    if (leftMs > 0) {
      this.#silence.set(leftMs);
      return;
    }
    this.#connection.renew();
    const message = `nothing heard within ${silenceMs} ms`;
    this.#lost({ code: 'DEADLINE_EXCEEDED', message, retryDelayMs: undefined });
  }

  #lost(failure: Failure): void {
    const { clock, retry, random } = this.#means;
    const { code, message } = failure;
    // A gateway that ends every stream at once must not be asked without end.
    const livedMs = clock.monotonicMs() - this.#openedMs;
    if (this.#heardMs !== undefined && livedMs >= retry.maxMs) this.#attempt = 0;
    this.#leave();
    this.#disconnects++;
    if (code === 'INVALID_ARGUMENT' && this.#receivedCursor !== '') {
      // Nothing else of the request can be wrong.
      this.#receivedCursor = '';
      this.#tell({ kind: 'CURSOR_REFUSED', code, message });
    }
    const maxMs = REFUSED.has(code) ? Math.max(retry.maxMs, REFUSED_MAX_MS) : retry.maxMs;
    const retryInMs = retryDelayMs(this.#attempt++, { ...retry, maxMs }, random, failure.retryDelayMs);
    this.#again.set(retryInMs);
    this.#tell({ kind: 'DISCONNECTED', code, message, retryInMs });
  }

  #tell(fault: WatchFault): void {
    this.#settings.onFault(fault);
  }

  #leave(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#silence.clear();
    stream?.cancel();
  }
}
