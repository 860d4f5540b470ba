/** Calls a function of the host, whose failures are its own and must not stop ours. */
export function harmless<T>(tell: ((value: T) => unknown) | undefined): (value: T) => void {
  return (value) => {
    try {
      const result = tell?.(value);
      if (result instanceof Promise) result.catch(() => undefined);
    } catch {
      // Nobody is there to hear it: this runs long after the host's own call.
    }
  };
}
