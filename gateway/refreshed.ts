// What the gateway keeps in memory of the store and reads anew now and then.

export interface Refreshed<T> {
  current(): T;
  /** What was changed before is known once it resolves. Rejects with the store's fault; the old value stays in use. */
  refresh(): Promise<void>;
}

/** Resolves when it has been read once. */
export async function openRefreshed<T>(read: () => Promise<T>): Promise<Refreshed<T>> {
  let value = await read();
  let begun = 0;
  let newest = 0;
  return {
    current: () => value,
    async refresh() {
      const reading = (begun += 1);
      const found = await read();
      // A reading that took longer than a later one may not know yet what has changed.
      if (reading < newest) return;
      newest = reading;
      value = found;
    },
  };
}
