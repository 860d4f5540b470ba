// A grid on which a million stays become some ten thousand rows; it widens what is known, never narrows it.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Beyond it hours do: a limit of law is shorter, or whole hours. */
export const FINE_UP_TO_MS = 7 * 24 * HOUR_MS;

/** For the lower end. Limits in whole minutes (hours beyond 7 days) keep their verdicts. */
export function gridDown(ms: number): number {
  const step = ms < FINE_UP_TO_MS ? MINUTE_MS : HOUR_MS;
  return Math.floor(ms / step) * step;
}

/** For the upper end and for the date of the figure. */
export function gridUp(ms: number): number {
  const step = ms <= FINE_UP_TO_MS ? MINUTE_MS : HOUR_MS;
  return Math.ceil(ms / step) * step;
}
