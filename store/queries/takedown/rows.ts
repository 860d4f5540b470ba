// What every row of a figure of takedown says of itself, and how its numbers are written.
import type { Band } from '../../../takedown/figures/band.js';
import { quantiles, type Quantile } from '../../../takedown/figures/quantile.js';
import { kaplanMeier, type SurvivalCurve } from '../../../takedown/figures/kaplan-meier.js';
import { riskTable, type End } from '../../../takedown/figures/risk-table.js';
import { HOUR_MS } from '../../../takedown/instants.js';
import type { FigureRow } from '../figure.js';
import type { Dated } from './question.js';
import type { StayGroup, StayQuestion } from './stay-counts.js';

const SHARES = [0.5, 0.75, 0.9, 0.99];

/** To a tenth of a second: finer than the grid of the curves, coarser than what division leaves behind. */
export function hours(ms: number): number {
  return Math.round((ms / HOUR_MS) * 36_000) / 36_000;
}

/** Null where there is nothing to share. */
export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 1e6) / 1e6;
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** The column that the answer is told apart by. */
export function groupCell({ by }: Pick<Dated, 'by'>, group: string): FigureRow {
  return by === '' ? {} : { [by]: group };
}

export function curveOf(group: StayGroup, end: End): SurvivalCurve {
  return kaplanMeier(riskTable(end === 'LOWER' ? group.lower : group.upper, end));
}

/** Clock, date, unit, what n counts, n, how many of it are open, and how many had left the cohort. */
export function heading(question: StayQuestion, group: StayGroup): FigureRow {
  const { clock, asOfMs } = question;
  return {
    clock,
    as_of: instant(asOfMs),
    unit: 'hours',
    counts: clock.startsWith('notice_')
      ? question.by === 'rule'
        ? 'notices per rule'
        : 'notices'
      : 'cycles',
    ...groupCell(question, group.group),
    n: group.n,
    n_open: group.nOpen,
    left_cohort: group.leftCohort,
  };
}

/**
 * After how many hours p % were down: `pNN_lower_hours` if everything went down right after it was last seen up,
 * `pNN_upper_hours` if right when it was first seen down; `pNN_from_hours` and `pNN_to_hours` are the outermost limits of
 * the bands of the two. Null where the curve (or its band) does not come down that far.
 */
export function quantileCells(group: StayGroup, band: Band): FigureRow {
  const lower = quantiles(curveOf(group, 'LOWER'), SHARES, band);
  const upper = quantiles(curveOf(group, 'UPPER'), SHARES, band);
  const cells: Record<string, number | null> = {};
  lower.forEach((low, i) => {
    const high: Quantile | undefined = upper[i];
    const name = `p${low.share * 100}`;
    cells[`${name}_lower_hours`] = cell(low.valueMs);
    cells[`${name}_upper_hours`] = cell(high?.valueMs ?? null);
    cells[`${name}_from_hours`] = cell(low.lowerMs);
    cells[`${name}_to_hours`] = cell(high?.upperMs ?? null);
  });
  return cells;
}

function cell(ms: number | null): number | null {
  return ms === null ? null : hours(ms);
}
