// The figures of one clock: verdicts per limit with quantiles, shares within limits, and the curve itself.
import { bandAt, type Band } from '../../../takedown/figures/band.js';
import { stepAt, survivalAt } from '../../../takedown/figures/kaplan-meier.js';
import type { End } from '../../../takedown/figures/risk-table.js';
import { DAY_MS, HOUR_MS } from '../../../takedown/instants.js';
import { FigureRefusal, textParam, type Figure, type FigureRow, type GivenParams } from '../figure.js';
import { GROUPS } from './groups.js';
import {
  asOfParam,
  bandParam,
  clockParam,
  cohortParams,
  environmentParam,
  hoursParam,
  readBand,
  readClock,
  readCohort,
  readHours,
  sliceParams,
} from './question.js';
import { curveOf, heading, hours, quantileCells, share } from './rows.js';
import { selectStays, type StayGroup, type StayQuestion } from './stay-counts.js';

const GROUPED = GROUPS.filter((group) => group !== 'stage');
const common = {
  environment: environmentParam,
  clock: clockParam('report_to_verified'),
  as_of: asOfParam,
  ...cohortParams,
  ...sliceParams('', GROUPED),
};

export const takedownTimes: Figure = {
  help: 'How long it took, by one clock, open cases included: verdicts per deadline (exact counts) and after how many hours p % were down (Kaplan-Meier, at both ends of what was seen).',
  params: {
    ...common,
    deadline_hours: hoursParam('24,48', 'limits to hold it against'),
    band: bandParam,
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = questionOf(params, nowMs, readHours(params, 'deadline_hours'));
    const band = readBand(params);
    return (await selectStays(select, question)).flatMap((group) => {
      const quantiles = quantileCells(group, band);
      return group.deadlines.map(({ limitMs, met, missed, undecidable, open }) => ({
        ...heading(question, group),
        band: textParam(params, 'band'),
        ...{ deadline_hours: hours(limitMs), met, missed, undecidable, open },
        ...quantiles,
      }));
    });
  },
};

/** 2 h · 6 h · 8 h · 24 h · 48 h · 3 d · 7 d · 28 d, and 42 d for what is beyond. */
const SHARES = '2,6,8,24,48,72,168,672,1008';

export const takedownShares: Figure = {
  help: 'Which share was down within so many hours, by one clock: at_least is proven, at_most is not disproven, km_* are read off the survival curves (open cases included); beyond: proven to have taken longer.',
  params: { ...common, within_hours: hoursParam(SHARES, 'limits') },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = questionOf(params, nowMs, readHours(params, 'within_hours'));
    return (await selectStays(select, question)).flatMap((group) => {
      const [atLower, atUpper] = [curveOf(group, 'LOWER'), curveOf(group, 'UPPER')];
      return group.deadlines.map(({ limitMs, n, met, missed, undecidable, open }) => ({
        ...heading(question, group),
        ...{ within_hours: hours(limitMs), met, missed, undecidable, open },
        at_least: share(met, n),
        at_most: share(n - missed, n),
        km_upper_end: n === 0 ? null : share(1 - survivalAt(atUpper, limitMs), 1),
        km_lower_end: n === 0 ? null : share(1 - survivalAt(atLower, limitMs), 1),
        beyond: share(missed, n),
      }));
    });
  },
};

export const survival: Figure = {
  help: 'The survival curve of one clock: the share still up after so many hours, at both ends of what was seen, with its 95 % band and how many were at risk.',
  params: {
    ...common,
    hours: {
      ...hoursParam(SHARES, 'after how long'),
      help: 'after how many hours (at most 20, with commas between), or steps: at every step of the curve',
    },
    band: bandParam,
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const bySteps = textParam(params, 'hours') === 'steps';
    const timesMs = bySteps ? undefined : readHours(params, 'hours');
    const question = questionOf(params, nowMs, []);
    const band = readBand(params);
    return (await selectStays(select, question)).flatMap((group) =>
      (['LOWER', 'UPPER'] as const).flatMap((end) =>
        pointsOf(group, end, band, timesMs).map((point) => ({
          ...heading(question, group),
          band: textParam(params, 'band'),
          end: end.toLowerCase(),
          ...point,
        })),
      ),
    );
  },
};

const MOST_STEPS = 10_000;

function pointsOf(
  group: StayGroup,
  end: End,
  band: Band,
  timesMs: readonly number[] | undefined,
): readonly FigureRow[] {
  const curve = curveOf(group, end);
  const ends = (end === 'LOWER' ? group.lower : group.upper).map((stay) => ({
    at: stay.upperMs ?? stay.openMs,
    count: stay.count,
  }));
  if (timesMs === undefined && curve.timesMs.length > MOST_STEPS) {
    throw new FigureRefusal(`the curve has ${curve.timesMs.length} steps: name the hours instead`);
  }
  return (timesMs ?? [...curve.timesMs]).map((timeMs) => {
    const step = stepAt(curve, timeMs);
    const limits = step < 0 ? { lower: 1, upper: 1 } : bandAt(curve, step, band);
    return {
      hours: hours(timeMs),
      at_risk: ends.reduce((sum, { at, count }) => sum + (at >= timeMs ? count : 0), 0),
      survival: group.n === 0 ? null : rounded(survivalAt(curve, timeMs)),
      band_lower: group.n === 0 || limits === undefined ? null : rounded(limits.lower),
      band_upper: group.n === 0 || limits === undefined ? null : rounded(limits.upper),
    };
  });
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

const WITHIN_DAYS = [7, 28, 90].map((days) => String((days * DAY_MS) / HOUR_MS)).join(',');

export const reappearance: Figure = {
  help: 'What came back at the same location after it was seen down: how many so far, and which share within so many hours (Kaplan-Meier: what was down for less long counts as long as it was).',
  params: {
    environment: environmentParam,
    as_of: asOfParam,
    ...cohortParams,
    ...sliceParams(
      '',
      GROUPED.filter((group) => group !== 'rule'),
    ),
    within_hours: hoursParam(WITHIN_DAYS, 'limits'),
    band: bandParam,
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const asked = { ...params, clock: 'verified_to_reappeared' };
    const question = questionOf(asked, nowMs, readHours(params, 'within_hours'));
    const band = readBand(params);
    return (await selectStays(select, question)).flatMap((group) => {
      const [atLower, atUpper] = [curveOf(group, 'LOWER'), curveOf(group, 'UPPER')];
      const reappeared = group.n - group.nOpen;
      const quantilesOfGroup = quantileCells(group, band);
      return group.deadlines.map(({ limitMs }) => ({
        ...heading(question, group),
        reappeared,
        share: share(reappeared, group.n),
        within_hours: hours(limitMs),
        km_upper_end: group.n === 0 ? null : rounded(1 - survivalAt(atUpper, limitMs)),
        km_lower_end: group.n === 0 ? null : rounded(1 - survivalAt(atLower, limitMs)),
        band: textParam(params, 'band'),
        ...quantilesOfGroup,
      }));
    });
  },
};

function questionOf(params: GivenParams, nowMs: number, limitsMs: readonly number[]): StayQuestion {
  const cohort = readCohort(params, nowMs);
  return { ...cohort, clock: readClock(params, cohort), limitsMs };
}
