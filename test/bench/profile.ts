// CPU profiles of the product's threads, as the functions that took most of the time by themselves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP = 25;
const IDLE: ReadonlySet<string> = new Set(['(idle)', '(program)', '(root)']);

/** A few lines for each profile in or below `directory`. */
export function topFunctions(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.cpuprofile'),
  );
  // V8 wrote them.
  return files.flatMap((name) =>
    linesOf(name, JSON.parse(readFileSync(join(directory, name), 'utf8')) as Profile),
  );
}

function linesOf(name: string, { nodes, samples, timeDeltas }: Profile): readonly string[] {
  const placeOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const label = functionName === '' ? '(anonymous)' : functionName;
      return [id, url === '' ? label : `${label}  ${shortened(url)}:${lineNumber + 1}`] as const;
    }),
  );
  const selfUs = new Map<string, number>();
  let busyUs = 0;
  samples.forEach((node, i) => {
    const place = placeOf.get(node) ?? '';
    const us = timeDeltas[i] ?? 0;
    if (IDLE.has(place)) return;
    busyUs += us;
    selfUs.set(place, (selfUs.get(place) ?? 0) + us);
  });
  const top = [...selfUs].sort(([, a], [, b]) => b - a).slice(0, TOP);
  return [
    `${name}: ${(busyUs / 1_000_000).toFixed(1)} s in JavaScript`,
    ...top.map(([place, us]) => `  ${((100 * us) / busyUs).toFixed(1).padStart(5)} %  ${place}`),
  ];
}

function shortened(url: string): string {
  const inPackage = url.lastIndexOf('node_modules/');
  if (inPackage >= 0) return url.slice(inPackage + 'node_modules/'.length);
  const inBuild = url.indexOf('/dist/');
  return inBuild >= 0 ? url.slice(inBuild + '/dist/'.length) : basename(url);
}
