// Survival with the cases still open: Kaplan & Meier 1958; variance by Greenwood 1926.
import type { RiskTable } from './risk-table.js';

/** One step per time at which something came down; before the first one survival is 1. */
export interface SurvivalCurve {
  readonly timesMs: Float64Array;
  readonly survival: Float64Array;
  /** Greenwood's sum of d / (n (n − d)): the variance of S is S² times this. Infinity once S is 0. */
  readonly greenwood: Float64Array;
  readonly atRisk: Float64Array;
  readonly events: Float64Array;
  /** All that were ever at risk. */
  readonly n: number;
  /** Of these, how many were still open when last counted. */
  readonly nOpen: number;
}

/** S(t) = product over times up to t of (1 − d/n). Time linear in the length of the table. */
export function kaplanMeier(table: RiskTable): SurvivalCurve {
  const { timesMs } = table;
  const steps = table.events.reduce((count, d) => count + (d > 0 ? 1 : 0), 0);
  const times = new Float64Array(steps);
  const survivals = new Float64Array(steps);
  const greenwoods = new Float64Array(steps);
  const risks = new Float64Array(steps);
  const downs = new Float64Array(steps);
  let atRisk = table.atStart;
  let n = table.atStart;
  let nOpen = 0;
  let survival = 1;
  let greenwood = 0;
  let step = 0;
  for (let i = 0; i < timesMs.length; i++) {
    const d = table.events[i] ?? 0;
    if (d > 0) {
      survival *= 1 - d / atRisk;
      greenwood += d / (atRisk * (atRisk - d));
      times[step] = timesMs[i] ?? 0;
      survivals[step] = survival;
      greenwoods[step] = greenwood;
      risks[step] = atRisk;
      downs[step] = d;
      step++;
    }
    const censored = table.censored[i] ?? 0;
    const entered = table.entered[i] ?? 0;
    atRisk += entered - d - censored;
    n += entered;
    nOpen += censored;
  }
  return {
    timesMs: times,
    survival: survivals,
    greenwood: greenwoods,
    atRisk: risks,
    events: downs,
    n,
    nOpen,
  };
}

/** S at a time: the share still up then. */
export function survivalAt(curve: SurvivalCurve, timeMs: number): number {
  return curve.survival[stepAt(curve, timeMs)] ?? 1;
}

/** The last step at or before a time; −1 before the first. */
export function stepAt({ timesMs }: Pick<SurvivalCurve, 'timesMs'>, timeMs: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
