// What one caller may hold at once, so that the rest is there for the others.
import type { Operator } from './authenticate-operator.js';
import type { Caller } from './authenticate.js';

/** A provider or an operator: whoever has a credential. */
export type Holder = Caller | Operator;

/** Counts, per caller and environment, what is held; nobody who holds nothing is remembered. */
export class CallerShares {
  readonly #held = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** Whether this caller holds as much as it may. */
  isFull(caller: Holder): boolean {
    return (this.#held.get(keyOf(caller)) ?? 0) >= this.most;
  }

  /** Notes that the caller holds `amount` more; what is returned gives it back, once however often it is called. */
  take(caller: Holder, amount: number): () => void {
    const key = keyOf(caller);
    this.#held.set(key, (this.#held.get(key) ?? 0) + amount);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#held.get(key) ?? 0) - amount;
      if (left > 0) this.#held.set(key, left);
      else this.#held.delete(key);
    };
  }
}

/** Ids have no blanks. */
function keyOf(holder: Holder): string {
  return 'providerId' in holder
    ? `${holder.environment} ${holder.providerId}`
    : `${holder.environment} operator ${holder.operatorId}`;
}
