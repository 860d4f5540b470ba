// What the figures of takedown cost with many cases: each in an engine of its own, in several parts and merged.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { owned } from './children.js';
import { firstMessage } from './roles.js';
import { median } from './statistics.js';

const CHILD = fileURLToPath(new URL('./figures-child.js', import.meta.url));

/** As cases come in, they lie in some parts until the engine has merged them. */
const PARTS = 5;

export interface FigureCost {
  readonly what: string;
  /** One for each round. */
  readonly ms: readonly number[];
  readonly cpuMs: readonly number[];
  readonly rows: number;
}

export interface FiguresRun {
  readonly cases: number;
  readonly parts: number;
  readonly inParts: readonly FigureCost[];
  readonly merged: readonly FigureCost[];
}

/** With `cases` cases, and with a tenth of them. */
export async function figures(root: string, cases: number, rounds: number): Promise<readonly FiguresRun[]> {
  const found: FiguresRun[] = [];
  for (const count of [Math.ceil(cases / 10), cases]) {
    const directory = join(root, `figures-${count}`);
    mkdirSync(directory, { recursive: true });
    const args = [directory, String(count), String(PARTS), String(rounds)];
    found.push(await firstMessage<FiguresRun>(owned(fork(CHILD, args))));
  }
  return found;
}

/** One line for each figure: wall-clock ms, the least and the median of the rounds, and CPU. */
export function figureLines({ cases, parts, inParts, merged }: FiguresRun): readonly string[] {
  const columns = (cost: FigureCost | undefined): string =>
    [Math.min(...(cost?.ms ?? [])), median(cost?.ms ?? []), Math.min(...(cost?.cpuMs ?? []))]
      .map((value) => value.toFixed(0).padStart(7))
      .join('');
  return [
    `${cases} cases; ms: least, median, CPU; in ${parts} parts, then merged`,
    ...inParts.map((cost, i) => `  ${cost.what.padEnd(72)}${columns(cost)}   ${columns(merged[i])}`),
  ];
}
