/** The longest a timer takes; an alarm set for later rings early. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** One timer that calls the same function whenever it rings. */
export class Alarm {
  readonly #ring: () => void;
  readonly #keepsAlive: boolean;
  #timer: NodeJS.Timeout | undefined;
  #rings: NodeJS.Immediate | undefined;

  /** `keepsAlive`: whether the process may not end while the alarm is set. */
  constructor(ring: () => void, keepsAlive = false) {
    this.#ring = ring;
    this.#keepsAlive = keepsAlive;
  }

  get isSet(): boolean {
    return this.#timer !== undefined;
  }

  /** Rings once after `delayMs`; an alarm that is set already stays as it is. */
  set(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        // A host that was busy for long reads first what came in meanwhile: it may be the answer.
        this.#rings = setImmediate(() => {
          this.#timer = undefined;
          this.#ring();
        });
      },
      Math.min(Math.ceil(delayMs), MAX_DELAY_MS),
    );
    if (!this.#keepsAlive) this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#rings);
    this.#timer = undefined;
  }
}
