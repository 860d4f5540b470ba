import { Alarm } from './alarm.js';

/** Those who wait for something to become true. */
export class Conditions {
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  /** Resolves once `holds`, or after `limitMs`; until then the process is held where there is a limit. */
  async until(holds: () => boolean, limitMs?: number): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const limit = new Alarm(resolve, true);
      if (limitMs !== undefined) limit.set(limitMs);
      const met = (): void => {
        limit.clear();
        resolve();
      };
      this.#waiting.push({ holds, resolve: met });
    });
  }

  /** Asks all of them again. */
  look(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ holds }) => !holds());
    for (const one of waiting) if (!this.#waiting.includes(one)) one.resolve();
  }
}
