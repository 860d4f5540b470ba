// A grid on which a million stays become some ten thousand rows; it widens what is known, never narrows it.

import { DAY_MS, HOUR_MS } from '../instants.js';

/** The finest step in ms: of all runs together, and of groups told apart, which are smaller and many. */
export const FINEST_MS = { together: 60_000, apart: 900_000 } as const;

/** Up to here the finest step, then whole hours. A limit of law is shorter, or stands on the grid. */
export const FINE_UP_TO_MS = 7 * DAY_MS;
/** Beyond it whole days. */
export const HOURS_UP_TO_MS = 90 * DAY_MS;

/** For the lower end. Limits on the grid keep their verdicts. */
export function gridDown(ms: number, finestMs: number): number {
  const step = ms < FINE_UP_TO_MS ? finestMs : ms < HOURS_UP_TO_MS ? HOUR_MS : DAY_MS;
  return Math.floor(ms / step) * step;
}

/** For the upper end and for the date of the figure. */
export function gridUp(ms: number, finestMs: number): number {
  const step = ms <= FINE_UP_TO_MS ? finestMs : ms <= HOURS_UP_TO_MS ? HOUR_MS : DAY_MS;
  return Math.ceil(ms / step) * step;
}
