// What a survival curve is made of: per time, how many came down, how many were last seen open, how many joined.

/** Some stays of equal length, in ms: see `Stay`. `enteredMs`: from when on they could have been seen (delayed entry), usually 0. */
export interface StayCount {
  readonly lowerMs: number;
  readonly upperMs: number | null;
  readonly openMs: number;
  readonly enteredMs: number;
  readonly count: number;
}

/**
 * Columns of equal length, times ascending. At risk at a time: who entered before it and has neither come
 * down nor been censored before it; so who is censored at a time still counts at that time.
 */
export interface RiskTable {
  readonly timesMs: Float64Array;
  readonly events: Float64Array;
  readonly censored: Float64Array;
  /** Who joins just after the time. Who is there from the start counts in `atStart`. */
  readonly entered: Float64Array;
  readonly atStart: number;
}

/** Which end of (last seen up, first seen down] a curve takes for the moment of going down. */
export type End = 'LOWER' | 'UPPER';

/** Cases that nobody has seen down are censored at the date of the figure, at both ends alike. */
export function riskTable(stays: readonly StayCount[], end: End): RiskTable {
  const timesMs = distinct(stays, end);
  const events = new Float64Array(timesMs.length);
  const censored = new Float64Array(timesMs.length);
  const entered = new Float64Array(timesMs.length);
  const add = (column: Float64Array, timeMs: number, count: number): void => {
    const i = indexOf(timesMs, timeMs);
    column[i] = (column[i] ?? 0) + count;
  };
  let atStart = 0;
  for (const stay of stays) {
    if (!wasAtRisk(stay, end)) continue;
    add(stay.upperMs === null ? censored : events, endOf(stay, end), stay.count);
    if (stay.enteredMs > 0) add(entered, stay.enteredMs, stay.count);
    else atStart += stay.count;
  }
  return { timesMs, events, censored, entered, atStart };
}

function endOf({ lowerMs, upperMs, openMs }: StayCount, end: End): number {
  if (upperMs === null) return openMs;
  return end === 'LOWER' ? lowerMs : upperMs;
}

/** Who was over before it could be seen was never at risk under observation. */
function wasAtRisk(stay: StayCount, end: End): boolean {
  return stay.enteredMs <= 0 || endOf(stay, end) > stay.enteredMs;
}

function distinct(stays: readonly StayCount[], end: End): Float64Array {
  const times = new Float64Array(2 * stays.length);
  let filled = 0;
  for (const stay of stays) {
    if (!wasAtRisk(stay, end)) continue;
    times[filled++] = endOf(stay, end);
    if (stay.enteredMs > 0) times[filled++] = stay.enteredMs;
  }
  // Typed arrays sort by number, in place, many times faster than a list of objects.
  const sorted = times.subarray(0, filled).sort();
  return sorted.filter((time, i) => i === 0 || time !== sorted[i - 1]);
}

function indexOf(timesMs: Float64Array, timeMs: number): number {
  let low = 0;
  let high = timesMs.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] ?? Infinity) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
