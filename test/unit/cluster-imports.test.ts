import { describe, expect, it } from 'vitest';
import { filesIn, textOf } from '../support/manifests.js';

/** Whatever loads with `file` by static imports: files of the repository, and packages by name. Types load nothing. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  seen.add(file);
  for (const [, from = ''] of textOf(file).matchAll(
    /^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)'/gms,
  )) {
    if (!from.startsWith('.')) seen.add(from);
    else {
      const next = new URL(from.replace(/\.js$/, '.ts'), `file:///${file}`).pathname.slice(1);
      if (!seen.has(next)) loadedWith(next, seen);
    }
  }
  return seen;
}

describe('the image of the cluster, which has neither the engine nor the embedded log', () => {
  it.each(['cli/main.ts', ...filesIn('cli/commands', '.ts')])('can load %s', (file) => {
    // Every command: as soon as a variable of ours is set, all are loaded to tell whose it is.
    const loaded = loadedWith(file);
    expect(['chdb', 'chdb/connection', 'lmdb', 'tsx'].filter((name) => loaded.has(name))).toEqual([]);
  });

  it('would notice: the store in the process loads the engine', () => {
    expect(loadedWith('cli/embedded/open-here.ts').has('chdb')).toBe(true);
    expect(loadedWith('cli/embedded/start.ts').has('lmdb')).toBe(true);
  });
});
