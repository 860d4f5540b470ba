// Work that is done again and again while a role runs, one after the other, never two at once.

export interface Repeated {
  /** Resolves when the running one has ended; none begins after that. */
  stop(): Promise<void>;
}

/** Begins at once. `onFault` is told what failed; the next one comes all the same. */
export function repeat(
  everyMs: number,
  work: () => Promise<void>,
  onFault: (fault: unknown) => void,
): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    try {
      await work();
    } catch (fault) {
      onFault(fault);
    }
    if (stopped) return;
    timer = setTimeout(() => {
      running = run();
    }, everyMs);
  };
  let running = run();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
