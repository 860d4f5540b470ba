// The distribution of stays known only as intervals, by maximum likelihood: Turnbull 1976, by self-consistency.

/** `count` stays longer than `lowerMs` and at most `upperMs` (null = open). A time known exactly to the ms is (t − 1, t]. */
export interface Interval {
  readonly lowerMs: number;
  readonly upperMs: number | null;
  readonly count: number;
}

/** Where likelihood can put mass, and how much it puts there. Within (lowerMs, upperMs] the curve is not determined. */
export interface Mass {
  readonly lowerMs: number;
  readonly upperMs: number | null;
  readonly mass: number;
}

export interface IntervalCurve {
  readonly masses: readonly Mass[];
  readonly n: number;
  readonly iterations: number;
  /** False: stopped at the limit of iterations before the masses settled. */
  readonly converged: boolean;
}

/** Each iteration is linear in the number of intervals. `tolerance`: largest change of a mass that counts as settled. */
export function turnbull(
  intervals: readonly Interval[],
  { maxIterations = 10_000, tolerance = 1e-10 } = {},
): IntervalCurve {
  for (const { lowerMs, upperMs } of intervals) {
    if (upperMs !== null && upperMs <= lowerMs)
      throw new RangeError('an interval must be longer than nothing');
  }
  const n = intervals.reduce((sum, { count }) => sum + count, 0);
  const support = innermost(intervals);
  const ranges = intervals.map((interval) => covered(support, interval));
  let masses = new Float64Array(support.length).fill(1 / support.length);
  let iterations = 0;
  let converged = n === 0;
  while (!converged && iterations < maxIterations) {
    iterations++;
    const next = redistribute(masses, intervals, ranges, n);
    converged = next.every((mass, j) => Math.abs(mass - (masses[j] ?? 0)) <= tolerance);
    masses = next;
  }
  const named = support.map((piece, j) => ({ ...piece, mass: masses[j] ?? 0 }));
  return { masses: named, n, iterations, converged };
}

/** Each stay shares itself out over what its interval covers, in proportion to the masses so far. */
function redistribute(
  masses: Float64Array,
  intervals: readonly Interval[],
  ranges: readonly (readonly [number, number])[],
  n: number,
): Float64Array<ArrayBuffer> {
  const before = new Float64Array(masses.length + 1);
  for (let j = 0; j < masses.length; j++) before[j + 1] = (before[j] ?? 0) + (masses[j] ?? 0);
  // Differences from one piece to the next of what the intervals give per unit of mass.
  const steps = new Float64Array(masses.length + 1);
  ranges.forEach(([from, to], i) => {
    const within = (before[to] ?? 0) - (before[from] ?? 0);
    // Below this a covered mass is a rounding error of the sums and would only be blown up.
    if (within <= Number.EPSILON) return;
    const given = (intervals[i]?.count ?? 0) / within;
    steps[from] = (steps[from] ?? 0) + given;
    steps[to] = (steps[to] ?? 0) - given;
  });
  const next = new Float64Array(masses.length);
  let perUnit = 0;
  for (let j = 0; j < masses.length; j++) {
    perUnit += steps[j] ?? 0;
    next[j] = ((masses[j] ?? 0) * perUnit) / n;
  }
  return next;
}

interface Piece {
  readonly lowerMs: number;
  readonly upperMs: number | null;
}

/** From a lower end to the next upper end with no other end between: mass elsewhere would only lose likelihood. */
function innermost(intervals: readonly Interval[]): readonly Piece[] {
  const lowers = [...new Set(intervals.map(({ lowerMs }) => lowerMs))].sort((a, b) => a - b);
  const uppers = [...new Set(intervals.map(({ upperMs }) => upperMs ?? Infinity))].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let u = 0;
  lowers.forEach((lowerMs, i) => {
    while (u < uppers.length && (uppers[u] ?? Infinity) <= lowerMs) u++;
    const upper = uppers[u];
    const next = lowers[i + 1] ?? Infinity;
    // (a, b] and (b, c] do not overlap, so an upper end comes before a lower end of the same value.
    if (upper !== undefined && upper <= next) {
      pieces.push({ lowerMs, upperMs: upper === Infinity ? null : upper });
    }
  });
  return pieces;
}

/** The pieces within an interval, as [from, to): they are always neighbours. */
function covered(support: readonly Piece[], { lowerMs, upperMs }: Interval): readonly [number, number] {
  const from = firstIndex(support.length, (j) => (support[j]?.lowerMs ?? Infinity) >= lowerMs);
  const end = upperMs ?? Infinity;
  const to = firstIndex(support.length, (j) => (support[j]?.upperMs ?? Infinity) > end);
  return [from, to];
}

function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
