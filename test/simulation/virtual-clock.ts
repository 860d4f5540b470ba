// Time that passes only when nothing else is left to do: whoever waits for a minute waits for no time at all, and the
// same waits end in the same order in every run.
import type { Pause } from '../../consumers/patiently.js';

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

/** How `run` ended: as wanted, with nobody waiting for anything, or not at all. */
export type RunEnd = 'reached' | 'stuck' | 'endless';

export class VirtualClock {
  #passedMs = 0;
  #timers: Timer[] = [];

  /** `wallMs`: what the clock on the wall shows at first. */
  constructor(private wallMs: number) {}

  /** The clock on the wall; safe to pass as a function. */
  readonly nowMs = (): number => this.wallMs + this.#passedMs;

  /** Somebody sets the clock on the wall forward, or back; nobody's wait changes. */
  setForward(ms: number): void {
    this.wallMs += ms;
  }

  /** Safe to pass as a function. */
  readonly pause = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const fire = (): void => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = { atMs: this.#passedMs + Math.max(0, ms), fire };
      const wake = (): void => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        fire();
      };
      const later = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
      this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
      signal?.addEventListener('abort', wake);
    }) satisfies ReturnType<Pause>;

  /** Lets everything run that can, then time pass up to the next wait that ends, until `reached`. */
  async run(reached: () => boolean, mostWaits: number): Promise<RunEnd> {
    let idleTurns = 0;
    for (let waits = 0; waits <= mostWaits; waits += 1) {
      // Everything here is promises: they have all had their turn when this comes.
      await new Promise((resolve) => setImmediate(resolve));
      if (reached()) return 'reached';
      const next = this.#timers.shift();
      if (next === undefined) {
        // What `reached` has set going needs a turn.
        idleTurns += 1;
        if (idleTurns > 2) return 'stuck';
        continue;
      }
      idleTurns = 0;
      this.#passedMs = Math.max(this.#passedMs, next.atMs);
      next.fire();
    }
    return 'endless';
  }
}
