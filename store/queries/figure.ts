// What a figure is: a name, what it counts, and what may be asked of it.
import type { Select } from './select.js';

/** One parameter of a figure. */
export interface FigureParam {
  readonly type: 'String' | 'UInt32';
  readonly fallback: string;
  readonly allowed?: readonly string[];
  readonly help: string;
}

export type FigureRow = Readonly<Record<string, unknown>>;
export type GivenParams = Readonly<Record<string, string | number>>;

/** `params` are checked and complete. Rejects with `FigureRefusal` for a question that cannot be asked like that. */
export type Ask = (select: Select, params: GivenParams, nowMs: number) => Promise<readonly FigureRow[]>;

export interface Figure {
  readonly help: string;
  readonly params: Readonly<Record<string, FigureParam>>;
  /** Whether the answer is one object rather than a list. */
  readonly single: boolean;
  /** The SELECT that answers it, or how it is computed. */
  readonly answer: string | Ask;
}

/** Why a figure cannot be asked for like that. */
export class FigureRefusal extends Error {
  override readonly name = 'FigureRefusal';
}

/** A parameter that the figure has, as text; asking for another one is a fault of the figure. */
export function textParam(params: GivenParams, name: string): string {
  const value = params[name];
  if (value === undefined) throw new TypeError(`a figure without the parameter ${name}`);
  return String(value);
}

export const limit: FigureParam = { type: 'UInt32', fallback: '100', help: 'how many rows at the most' };

export const days: FigureParam = {
  type: 'UInt32',
  fallback: '30',
  help: 'how many days back, by time of receipt',
};
