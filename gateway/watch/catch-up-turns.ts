// Who may read the store alone, and how much of what was read may wait for slow readers: both bounded.

/** Some at a time, in the order in which they asked, and none while too much is held. */
export class CatchUpTurns {
  #running = 0;
  #heldBytes = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly limits: {
      readonly maxAtOnce: number;
      readonly maxWaiting: number;
      readonly maxHeldBytes: number;
    },
  ) {}

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Runs `read` when it is its turn; undefined: too many wait already. */
  async run<T>(read: () => Promise<T>): Promise<T | undefined> {
    if (this.#isFree()) this.#running += 1;
    else {
      if (this.#waiting.length >= this.limits.maxWaiting) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await read();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  /** Notes that so much is held; what is returned gives it back, once however often it is called. */
  hold(bytes: number): () => void {
    this.#heldBytes += bytes;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#heldBytes -= bytes;
      this.#next();
    };
  }

  #isFree(): boolean {
    return this.#running < this.limits.maxAtOnce && this.#heldBytes < this.limits.maxHeldBytes;
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#isFree()) {
      this.#running += 1;
      this.#waiting.shift()?.();
    }
  }
}
