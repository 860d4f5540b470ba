// Brings the newest cursor to where the host keeps it: one at a time, and never an older one after a newer.
import { Alarm } from './alarm.js';
import { Conditions } from './conditions.js';
import { retryDelayMs, type RetryBounds } from './retry.js';

export interface CursorSaverOptions {
  readonly save: ((cursor: string) => unknown) | undefined;
  readonly retry: RetryBounds;
  readonly random: () => number;
  readonly onFailed: (error: unknown) => void;
}

export class CursorSaver {
  readonly #options: CursorSaverOptions;
  readonly #conditions = new Conditions();
  #next: string | undefined;
  #isSaving = false;
  #failures = 0;
  #state: 'OPEN' | 'CLOSING' | 'CLOSED' = 'OPEN';
  readonly #pause = new Alarm(() => this.#go());

  constructor(options: CursorSaverOptions) {
    this.#options = options;
  }

  /** Never throws. Where saving is slower than the cursor, those in between are passed over. */
  save(cursor: string): void {
    this.#next = cursor;
    if (!this.#pause.isSet) this.#go();
  }

  /**
   * Resolves when the newest cursor is saved, when saving it has failed once more, or after `deadlineMs`. Saves nothing
   * after. Never rejects.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#state = 'CLOSING';
    this.#pause.clear();
    this.#go();
    await this.#conditions.until(() => !this.#isSaving, deadlineMs);
    this.#state = 'CLOSED';
  }

  #go(): void {
    const { save } = this.#options;
    const cursor = this.#next;
    if (save === undefined || cursor === undefined || this.#isSaving || this.#state === 'CLOSED') return;
    this.#next = undefined;
    this.#isSaving = true;
    Promise.resolve(cursor)
      .then(save)
      .then(
        () => this.#onSaved(),
        (error: unknown) => this.#onFailed(cursor, error),
      );
  }

  #onSaved(): void {
    this.#isSaving = false;
    this.#failures = 0;
    this.#go();
    this.#conditions.look();
  }

  #onFailed(cursor: string, error: unknown): void {
    this.#isSaving = false;
    const { retry, random, onFailed } = this.#options;
    onFailed(error);
    if (this.#state === 'OPEN') {
      this.#next ??= cursor;
      this.#pause.set(retryDelayMs(this.#failures++, retry, random, retry.initialMs));
    } else this.#go();
    this.#conditions.look();
  }
}
