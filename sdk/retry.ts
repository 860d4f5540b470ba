/** Bounds of the delay before trying again, in milliseconds. */
export interface RetryBounds {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** However long a gateway asks to wait: an error there must not silence a platform for good. */
export const MAX_ASKED_DELAY_MS = 60_000;

/**
 * How long to wait before attempt `attempt` (0 = the first repeat), in milliseconds: drawn evenly
 * from nothing to a bound that doubles each time, so that many senders do not return as one; on
 * top of `askedMs`, what the gateway asked for.
 */
export function retryDelayMs(
  attempt: number,
  bounds: RetryBounds,
  random: () => number,
  askedMs: number | undefined,
): number {
  const bound = Math.min(bounds.maxMs, bounds.initialMs * 2 ** attempt);
  return Math.min(Math.max(askedMs ?? 0, 0), MAX_ASKED_DELAY_MS) + random() * bound;
}
