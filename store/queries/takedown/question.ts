// What can be asked of the figures of takedown, checked.
import { BANDS, type Band } from '../../../takedown/figures/band.js';
import { CLOCKS, type ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { HOUR_MS, readInstant } from '../../../takedown/instants.js';
import { FigureRefusal, textParam, type FigureParam, type GivenParams } from '../figure.js';
import { GROUPS, type Group, type Slice } from './groups.js';

type Params = Readonly<Record<string, FigureParam>>;

const INSTANT = 'an instant with its offset, as 2026-11-24T00:00:00+07:00, or a day of Asia/Ho_Chi_Minh';
const MOST_HOURS = 20;
/** A hundred years. */
const MOST_LIMIT_HOURS = 876_000;

export const environmentParam: FigureParam = {
  type: 'String',
  fallback: 'PRODUCTION',
  allowed: ['PRODUCTION', 'TEST'],
  help: 'PRODUCTION or TEST',
};

export const clockParam = (fallback: ClockName): FigureParam => ({
  type: 'String',
  fallback,
  allowed: CLOCKS,
  help: `the clock: ${CLOCKS.join(', ')}`,
});

export const asOfParam: FigureParam = {
  type: 'String',
  fallback: 'now',
  help: `the date of the figure: what was seen up to then counts; now, ${INSTANT}`,
};

/** Of whom the cohort is: by the start of its clock. */
export const cohortParams: Params = {
  since: { type: 'String', fallback: '', help: `clocks that started then or later: ${INSTANT}` },
  until: { type: 'String', fallback: '', help: `clocks that started before: ${INSTANT}` },
};

export const sliceParams = (by: Group | '', allowed: readonly Group[]): Params => ({
  by: {
    type: 'String',
    fallback: by,
    allowed: ['', ...allowed],
    help: `told apart by ${allowed.join(', ')}; empty for none`,
  },
  addressee: { type: 'String', fallback: '', help: 'only what this provider had to act on; empty: all' },
  reporter: { type: 'String', fallback: '', help: 'only what this provider reported first; empty: all' },
  limit: { type: 'UInt32', fallback: '50', help: 'how many groups at the most, the largest first' },
});

export const bandParam: FigureParam = {
  type: 'String',
  fallback: 'plain',
  allowed: ['plain', 'log-log'],
  help: 'how the 95 % band of the curve is drawn (Greenwood): plain or log-log',
};

export const hoursParam = (fallback: string, help: string): FigureParam => ({
  type: 'String',
  fallback,
  help: `${help}, in hours, at most ${MOST_HOURS}, with commas between`,
});

/** Of everything that has a date. */
export interface Dated extends Slice {
  readonly environment: string;
  readonly asOfMs: number;
  readonly groups: number;
}

export interface Cohort extends Dated {
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
}

/** A figure without the parameter is one of now. */
export function readAsOf(params: GivenParams, nowMs: number): number {
  const asOf = params['as_of'] === undefined ? 'now' : textParam(params, 'as_of');
  const asOfMs = asOf === 'now' ? nowMs : readMs('as_of', asOf);
  if (asOfMs > nowMs) throw new FigureRefusal('as_of lies in the future');
  return asOfMs;
}

export function readDated(params: GivenParams, nowMs: number): Dated {
  const by = textParam(params, 'by');
  return {
    environment: textParam(params, 'environment'),
    asOfMs: readAsOf(params, nowMs),
    by: GROUPS.find((group) => group === by) ?? '',
    addressee: textParam(params, 'addressee'),
    reporter: textParam(params, 'reporter'),
    groups: Number(textParam(params, 'limit')),
  };
}

export function readCohort(params: GivenParams, nowMs: number): Cohort {
  const [since, until] = [textParam(params, 'since'), textParam(params, 'until')];
  const sinceMs = since === '' ? null : readMs('since', since);
  const untilMs = until === '' ? null : readMs('until', until);
  if (sinceMs !== null && untilMs !== null && sinceMs >= untilMs) {
    throw new FigureRefusal('since must be before until');
  }
  return { ...readDated(params, nowMs), sinceMs, untilMs };
}

/** Only what started with a notice was under a rule from then on. */
export function readClock(params: GivenParams, { by }: Slice): ClockName {
  const asked = textParam(params, 'clock');
  const clock = CLOCKS.find((one) => one === asked);
  if (clock === undefined) throw new FigureRefusal(`clock must be one of: ${CLOCKS.join(', ')}`);
  if (by === 'rule' && !clock.startsWith('notice_')) {
    throw new FigureRefusal(
      `by=rule needs a clock that starts with a notice; ${clock} starts before any rule`,
    );
  }
  return clock;
}

export function readBand(params: GivenParams): Band {
  const [plain, logLog] = BANDS;
  return textParam(params, 'band') === 'log-log' ? logLog : plain;
}

/** In ms, in the order given. */
export function readHours(params: GivenParams, name: string): readonly number[] {
  const texts = textParam(params, name).split(',');
  const limits = texts.map((text) => (/^\d{1,6}(\.\d{1,4})?$/.test(text.trim()) ? Number(text) : NaN));
  if (texts.length > MOST_HOURS || !limits.every((hours) => hours > 0 && hours <= MOST_LIMIT_HOURS)) {
    throw new FigureRefusal(
      `${name} must be hours above 0, at most ${MOST_LIMIT_HOURS} and at most ${MOST_HOURS} of them: 24,48,72`,
    );
  }
  return limits.map((hours) => Math.round(hours * HOUR_MS));
}

function readMs(name: string, text: string): number {
  const instant = readInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00+07:00` : text);
  if (instant === undefined) throw new FigureRefusal(`${name} must be ${INSTANT}`);
  return instant.instantMs;
}
