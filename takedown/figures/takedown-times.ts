// The figure of a clock: verdicts per limit, and quantiles of both curves, with n and how many are open.
import type { ClockName } from './clocks-of-case.js';
import type { Band } from './band.js';
import { deadlineCounts, type DeadlineCounts } from './deadline-counts.js';
import { kaplanMeier, type SurvivalCurve } from './kaplan-meier.js';
import { quantiles, type Quantile } from './quantile.js';
import { riskTable, type End, type StayCount } from './risk-table.js';

export interface TakedownTimes {
  readonly clock: ClockName;
  readonly asOfMs: number;
  readonly unit: 'ms';
  readonly band: Band;
  readonly n: number;
  readonly nOpen: number;
  readonly deadlines: readonly DeadlineCounts[];
  /** All as if the content had gone down right after it was last seen up, and all as if right when first seen down. */
  readonly atLowerEnd: CurveFigure;
  readonly atUpperEnd: CurveFigure;
}

export interface CurveFigure {
  readonly curve: SurvivalCurve;
  readonly quantiles: readonly Quantile[];
}

export interface TakedownTimesOptions {
  readonly clock: ClockName;
  readonly asOfMs: number;
  readonly limitsMs: readonly number[];
  /** Shares in 0..1, ends not included. */
  readonly shares: readonly number[];
  readonly band: Band;
}

/** `stays`: aggregated as far as the store can (see `time-grid.ts`); cost grows with their number, not with the counts. */
export function takedownTimes(stays: readonly StayCount[], options: TakedownTimesOptions): TakedownTimes {
  const { clock, asOfMs, limitsMs, shares, band } = options;
  return {
    clock,
    asOfMs,
    unit: 'ms',
    band,
    n: stays.reduce((sum, { count }) => sum + count, 0),
    nOpen: stays.reduce((sum, { upperMs, count }) => sum + (upperMs === null ? count : 0), 0),
    deadlines: deadlineCounts(stays, limitsMs),
    atLowerEnd: curveFigure(stays, 'LOWER', shares, band),
    atUpperEnd: curveFigure(stays, 'UPPER', shares, band),
  };
}

/** One of the two curves: of `stays` only the end in question counts, so they may be grouped by that alone. */
export function curveFigure(
  stays: readonly StayCount[],
  end: End,
  shares: readonly number[],
  band: Band,
): CurveFigure {
  const curve = kaplanMeier(riskTable(stays, end));
  return { curve, quantiles: quantiles(curve, shares, band) };
}
