// A run of a clock as the keys it is counted under: its time at the lower end, at the upper end, and where it stands
// among the limits. Small whole numbers, for the engine counts numbers of two bytes without a hash.
import { GRIDS, MOST_STEPS, msOfStep, partsOf, type Grid } from '../../../takedown/figures/time-grid.js';

/** How times are written in keys: exactly in ms, or by the steps of a grid. */
export interface Scale {
  readonly type: 'UInt64' | 'UInt16';
  /** Times are below this. */
  readonly room: number;
  /** SQL of the time of an expression in ms, for the lower and for the upper end. */
  readonly down: (ms: string) => string;
  readonly up: (ms: string) => string;
  readonly msOf: (time: number) => number;
}

export const IN_MS: Scale = {
  type: 'UInt64',
  room: 2 ** 48,
  down: (ms) => ms,
  up: (ms) => ms,
  msOf: (time) => time,
};

/** For all runs together, or for runs told apart. */
export function scaleOfGrid(name: keyof typeof GRIDS): Scale {
  const grid: Grid = GRIDS[name];
  const steps = (ms: string, sign: string, whole: (stepMs: number) => string): string => {
    const parts = partsOf(grid).map(({ upToMs, stepMs, offset }) => {
      const step = `${whole(stepMs)} + ${offset}`;
      return upToMs === Infinity ? step : `${ms} ${sign} ${upToMs}, ${step}`;
    });
    return `multiIf(${parts.join(', ')})`;
  };
  return {
    type: 'UInt16',
    room: MOST_STEPS,
    down: (ms) => steps(ms, '<', (stepMs) => `intDiv(${ms}, ${stepMs})`),
    up: (ms) => steps(ms, '<=', (stepMs) => `intDiv(${ms} + ${stepMs - 1}, ${stepMs})`),
    msOf: (step) => msOfStep(step, grid),
  };
}

/** Where each kind of key begins. With two bytes some 3,500 are left for the limits. */
function kindsOf({ type, room }: Scale) {
  const nothing = type === 'UInt16' ? 2 ** 16 - 1 : 2 ** 52;
  return { upper: 2 * room, place: 4 * room, left: nothing - 1, nothing };
}

/**
 * SQL over rows of `stays` with has_left: three keys for each run; of one that has left its cohort, all but the first say
 * nothing. `limits`: parameters in ms, ascending. `above`: SQL of a number to be written above the two bytes of a step.
 */
export function keysOf(scale: Scale, limits: readonly string[], above?: string): string {
  const { upper, place, left, nothing } = kindsOf(scale);
  const { down, up } = scale;
  const type = above === undefined ? scale.type : 'UInt64';
  const size = limits.length + 1;
  const past = (ms: string, sign: string): string =>
    limits.map((limit) => `(${ms} ${sign} ${limit})`).join(' + ') || '0';
  // Numbers are chosen between, not arrays: the engine takes ten times as long to choose between these.
  const unless = (key: string, instead: number): string => {
    const chosen = `if(has_left, to${type}(${instead}), to${type}(${key}))`;
    return above === undefined ? chosen : `bitOr(${above}, ${chosen})`;
  };
  return `arrayJoin([
    ${unless(`2 * if(is_down, ${down('lower_ms')}, ${up('end_ms')}) + is_down`, left)},
    ${unless(`${upper} + 2 * ${up('end_ms')} + is_down`, nothing)},
    ${unless(`${place} + (is_down * ${size} + ${past('lower_ms', '>=')}) * ${size} + ${past('end_ms', '>')}`, nothing)}])`;
}

/** SQL: whether `key`, an expression, is one that every run has once that has not left. */
export function isRun(scale: Scale, key: string): string {
  const { place, left } = kindsOf(scale);
  return `${key} >= ${place} AND ${key} < ${left}`;
}

export type RunKey =
  | { readonly kind: 'LEFT' }
  | { readonly kind: 'LOWER' | 'UPPER'; readonly ms: number; readonly isDown: boolean }
  /** How many limits its lower end has reached, and how many its upper end has passed. */
  | {
      readonly kind: 'PLACE';
      readonly isDown: boolean;
      readonly lowerPast: number;
      readonly endPast: number;
    };

/** Undefined where a key says nothing; `limits`: how many there were. */
export function readKey(key: number, scale: Scale, limits: number): RunKey | undefined {
  const { upper, place, left, nothing } = kindsOf(scale);
  if (key === nothing) return undefined;
  if (key === left) return { kind: 'LEFT' };
  if (key < place) {
    const kind = key < upper ? 'LOWER' : 'UPPER';
    const time = key - (kind === 'LOWER' ? 0 : upper);
    return { kind, ms: scale.msOf(Math.floor(time / 2)), isDown: time % 2 === 1 };
  }
  const size = limits + 1;
  const among = key - place;
  return {
    kind: 'PLACE',
    isDown: among >= size * size,
    lowerPast: Math.floor(among / size) % size,
    endPast: among % size,
  };
}
