import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlineCounts } from '../../../takedown/figures/deadline-counts.js';
import { kaplanMeier, survivalAt } from '../../../takedown/figures/kaplan-meier.js';
import { riskTable, type StayCount } from '../../../takedown/figures/risk-table.js';
import { takedownTimes } from '../../../takedown/figures/takedown-times.js';
import { gridDown, gridUp, GRIDS } from '../../../takedown/figures/time-grid.js';
import { turnbull } from '../../../takedown/figures/turnbull.js';
import { DAY, HOUR } from './case-builder.js';

const between = (lower: number, upper: number | null, count = 1, openAt = 5): StayCount => ({
  lowerMs: lower,
  upperMs: upper,
  openMs: upper ?? openAt,
  enteredMs: 0,
  count,
});

// Five stays, in days: two in (0, 2], one in (0, 4], one in (2, 4], one not seen down up to day 5 and known up at 4.
const FIVE = [between(0, 2, 2), between(0, 4), between(2, 4), between(4, null)];

describe('five stays known only as intervals', () => {
  // Mass can lie in (0, 2], (2, 4] and beyond 4: p, q, r. The likelihood is p² · (p + q) · q · r.
  // r = 1/5 (one of five); p + q = 4/5 then, and p²·q is greatest at p = 2/3 · 4/5 = 8/15, q = 4/15.
  it('have the most likely distribution worked out by hand', () => {
    const { masses, n, converged } = turnbull(FIVE);
    expect(masses.map(({ lowerMs, upperMs }) => [lowerMs, upperMs])).toEqual([
      [0, 2],
      [2, 4],
      [4, null],
    ]);
    expect(masses.map(({ mass }) => mass.toFixed(6))).toEqual(['0.533333', '0.266667', '0.200000']);
    expect({ n, converged }).toEqual({ n: 5, converged: true });
  });

  // All at the lower end: down at 0, 0, 0, 2; open at 5. S = 2/5 at 0, 2/5 · 1/2 = 1/5 at 2.
  // All at the upper end: down at 2, 2, 4, 4; open at 5. S = 3/5 at 2, 3/5 · 1/3 = 1/5 at 4.
  it('have two curves, all at the lower and all at the upper end', () => {
    const lower = kaplanMeier(riskTable(FIVE, 'LOWER'));
    const upper = kaplanMeier(riskTable(FIVE, 'UPPER'));
    expect([survivalAt(lower, 0), survivalAt(lower, 2)].map((s) => s.toFixed(2))).toEqual(['0.40', '0.20']);
    expect(
      [survivalAt(upper, 1), survivalAt(upper, 2), survivalAt(upper, 4)].map((s) => s.toFixed(2)),
    ).toEqual(['1.00', '0.60', '0.20']);
  });

  // Against 2 days: (0, 2] within; (2, 4] and beyond 4 missed; (0, 4] neither. Against 4: the first four met.
  // Against 6: the last one is open, since day 5 is the date of the figure.
  it('are met, missed, undecidable or open against a limit', () => {
    expect(deadlineCounts(FIVE, [2, 4, 6])).toEqual([
      { limitMs: 2, n: 5, met: 2, missed: 2, undecidable: 1, open: 0 },
      { limitMs: 4, n: 5, met: 4, missed: 1, undecidable: 0, open: 0 },
      { limitMs: 6, n: 5, met: 4, missed: 0, undecidable: 0, open: 1 },
    ]);
  });

  it('come as one figure with its clock, n and how many are open', () => {
    const figure = takedownTimes(FIVE, {
      clock: 'report_to_verified',
      asOfMs: 5,
      limitsMs: [2],
      shares: [0.5, 0.9],
      band: 'PLAIN',
    });
    expect(figure).toMatchObject({ clock: 'report_to_verified', asOfMs: 5, unit: 'ms', n: 5, nOpen: 1 });
    expect(figure.atLowerEnd.quantiles.map((q) => q.valueMs)).toEqual([0, null]);
    expect(figure.atUpperEnd.quantiles.map((q) => q.valueMs)).toEqual([4, null]);
  });
});

const anyStays = fc.array(
  fc
    .record({
      lower: fc.integer({ min: 0, max: 40 }),
      width: fc.integer({ min: 1, max: 20 }),
      isOpen: fc.boolean(),
      count: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ lower, width, isOpen, count }) => between(lower, isOpen ? null : lower + width, count, 60)),
  { minLength: 1, maxLength: 30 },
);

describe('stays known only as intervals', () => {
  it('come down no earlier on the upper curve than on the lower', () => {
    fc.assert(
      fc.property(anyStays, (stays) => {
        const lower = kaplanMeier(riskTable(stays, 'LOWER'));
        const upper = kaplanMeier(riskTable(stays, 'UPPER'));
        for (let at = 0; at <= 60; at++) {
          expect(survivalAt(upper, at)).toBeGreaterThanOrEqual(survivalAt(lower, at) - 1e-12);
        }
      }),
    );
  });

  it('fall in exactly one of four verdicts', () => {
    fc.assert(
      fc.property(anyStays, fc.integer({ min: 1, max: 70 }), (stays, limit) => {
        for (const { n, met, missed, undecidable, open } of deadlineCounts(stays, [limit])) {
          expect(met + missed + undecidable + open).toBe(n);
          expect(n).toBe(stays.reduce((sum, { count }) => sum + count, 0));
        }
      }),
    );
  });

  // At the maximum no mass could be moved to gain likelihood: per unit of mass every piece gives at most n,
  // and exactly n where mass lies (Gentleman & Geyer 1994).
  it('have masses that no other distribution beats', () => {
    fc.assert(
      fc.property(anyStays, (stays) => {
        const { masses, n, converged } = turnbull(stays, { maxIterations: 200_000, tolerance: 1e-13 });
        const isIn = (stay: StayCount, piece: (typeof masses)[number]): boolean =>
          piece.lowerMs >= stay.lowerMs && (piece.upperMs ?? Infinity) <= (stay.upperMs ?? Infinity);
        expect(masses.reduce((sum, { mass }) => sum + mass, 0)).toBeCloseTo(1, 9);
        if (!converged) return;
        for (const piece of masses) {
          const gain = stays
            .filter((stay) => isIn(stay, piece))
            .map(
              ({ count, ...stay }) =>
                count /
                masses
                  .filter((other) => isIn({ ...stay, count }, other))
                  .reduce((sum, { mass }) => sum + mass, 0),
            )
            .reduce((sum, each) => sum + each, 0);
          expect(gain).toBeLessThan(n * (1 + 1e-3));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('must be intervals', () => {
    expect(() => turnbull([{ lowerMs: 2, upperMs: 2, count: 1 }])).toThrow(RangeError);
    expect(turnbull([])).toMatchObject({ masses: [], n: 0, converged: true });
  });

  it.each(Object.entries(GRIDS))('are the same on the grid against its limits, %s', (_, grid) => {
    const anyMs = fc.integer({ min: 0, max: 40 * DAY });
    // Beyond seven days both grids have six hours of the day, beyond ninety whole days, beyond 1,800 each thirtieth.
    const anyHours = fc.oneof(
      fc.integer({ min: 1, max: 7 * 24 }),
      fc.integer({ min: 7 * 4, max: 90 * 4 }).map((quarters) => quarters * 6),
      fc.integer({ min: 91, max: 1_800 }).map((days) => days * 24),
      fc.integer({ min: 60, max: 120 }).map((months) => months * 30 * 24),
    );
    const anyStay = fc.oneof(
      anyMs,
      fc.integer({ min: 0, max: 200 * DAY }),
      fc.integer({ min: 0, max: 4_000 * DAY }),
    );
    fc.assert(
      fc.property(anyStay, anyStay, fc.boolean(), anyHours, (a, b, isDown, hours) => {
        const [lower, upper] = a < b ? [a, b] : [b, a + 1];
        const stay = { ...between(lower, isDown ? upper : null), openMs: upper };
        const onGrid = {
          ...stay,
          lowerMs: gridDown(stay.lowerMs, grid),
          upperMs: stay.upperMs === null ? null : gridUp(stay.upperMs, grid),
          openMs: gridUp(stay.openMs, grid),
        };
        expect(deadlineCounts([onGrid], [hours * HOUR])).toEqual(deadlineCounts([stay], [hours * HOUR]));
      }),
      { numRuns: 2000 },
    );
  });
});
