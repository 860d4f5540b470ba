// After how long a share of the content was down, open cases included.
import { bandAt, type Band } from './band.js';
import type { SurvivalCurve } from './kaplan-meier.js';

/** Products of fractions miss round shares by a few units in the last place. */
const ROUNDING = 1e-12;

/** In ms; null where the share has not come down in what was seen: never a guess. */
export interface Quantile {
  readonly share: number;
  readonly valueMs: number | null;
  /** Where the band of the curve crosses (Brookmeyer & Crowley 1982). */
  readonly lowerMs: number | null;
  readonly upperMs: number | null;
}

/** Per share (0..1, ends not included): the first time at which at most 1 − share is still up. One pass over the curve. */
export function quantiles(curve: SurvivalCurve, shares: readonly number[], band: Band): readonly Quantile[] {
  const found = shares.map((share) => ({
    share,
    valueMs: noTime(),
    lowerMs: noTime(),
    upperMs: noTime(),
  }));
  for (let step = 0; step < curve.timesMs.length; step++) {
    const timeMs = curve.timesMs[step] ?? 0;
    const survival = curve.survival[step] ?? 1;
    const limits = bandAt(curve, step, band);
    // Where the band is not defined nobody is left: its lower end has crossed, its upper end has not.
    const lower = limits?.lower ?? 0;
    const upper = limits?.upper ?? 1;
    for (const each of found) {
      const left = 1 - each.share + ROUNDING;
      if (survival <= left) each.valueMs ??= timeMs;
      if (lower <= left) each.lowerMs ??= timeMs;
      if (upper <= left) each.upperMs ??= timeMs;
    }
  }
  return found;
}

const noTime = (): number | null => null;
