// A grid on which a million stays become some ten thousand rows; it widens what is known, never narrows it.

import { DAY_MS, HOUR_MS } from '../instants.js';

/** Up to and including `upToMs` since the part before, in steps of `stepMs`; each part begins on a step of the next. */
interface Part {
  readonly upToMs: number;
  readonly stepMs: number;
}

/** Its parts in order, the last without an end. */
export type Grid = readonly Part[];

const MONTH_MS = 30 * DAY_MS;
/** About five years. */
const DAYS_UP_TO_MS = 60 * MONTH_MS;

function grid(finestMs: number, middleMs: number): Grid {
  return [
    { upToMs: 7 * DAY_MS, stepMs: finestMs },
    { upToMs: 90 * DAY_MS, stepMs: middleMs },
    { upToMs: DAYS_UP_TO_MS, stepMs: DAY_MS },
    { upToMs: Infinity, stepMs: MONTH_MS },
  ];
}

/** Of all runs together, and of groups told apart, which are smaller and many. A limit of law stands on both. */
export const GRIDS = { together: grid(60_000, HOUR_MS), apart: grid(900_000, 6 * HOUR_MS) } as const;

/** Beyond these are times of more than 140 years: the store's dates begin in 1900, and no figure is of the future. */
export const MOST_STEPS = 15_500;

/** Each part with the number of the step at its beginning, less the steps of its size before it: added to `ms / stepMs`. */
export function partsOf(parts: Grid): readonly (Part & { readonly offset: number })[] {
  let fromMs = 0;
  let steps = 0;
  return parts.map((part) => {
    const offset = steps - fromMs / part.stepMs;
    steps += (part.upToMs - fromMs) / part.stepMs;
    fromMs = part.upToMs;
    return { ...part, offset };
  });
}

/** Where a step stands, in ms. */
export function msOfStep(step: number, parts: Grid): number {
  let fromMs = 0;
  let left = step;
  for (const { upToMs, stepMs } of parts) {
    const steps = (upToMs - fromMs) / stepMs;
    if (left <= steps) return fromMs + left * stepMs;
    left -= steps;
    fromMs = upToMs;
  }
  return fromMs;
}

/** For the lower end. Limits on the grid keep their verdicts. */
export function gridDown(ms: number, parts: Grid): number {
  const stepMs = parts.find(({ upToMs }) => ms < upToMs)?.stepMs ?? MONTH_MS;
  return Math.floor(ms / stepMs) * stepMs;
}

/** For the upper end and for the date of the figure. */
export function gridUp(ms: number, parts: Grid): number {
  const stepMs = parts.find(({ upToMs }) => ms <= upToMs)?.stepMs ?? MONTH_MS;
  return Math.ceil(ms / stepMs) * stepMs;
}
