import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Place, until } from '../support/lachan-process.js';

// A nice value belongs to a thread on Linux alone.
describe.runIf(process.platform === 'linux')('who is given a CPU first', () => {
  let place: Place;

  beforeEach(async () => {
    place = await Place.make();
  });
  afterEach(() => place.remove());

  /** Nice values of all threads but the main one. */
  async function othersOf(pid: number): Promise<readonly number[]> {
    const threads = await readdir(`/proc/${pid}/task`);
    return threads.flatMap((name) => {
      if (Number(name) === pid) return [];
      try {
        return [getPriority(Number(name))];
      } catch {
        return [];
      }
    });
  }

  it('the thread of the gateway keeps its priority, and all threads of landing and engine step back by ten', async () => {
    const { pid } = await place.start();
    const own = getPriority(pid);
    // The engine opens threads with its first work, which are found a few seconds later.
    const others = await until('all to have stepped back', async () => {
      const found = await othersOf(pid);
      return found.every((value) => value === Math.min(own + 10, 19)) ? found : undefined;
    });
    expect(others.length).toBeGreaterThan(10);
    expect(getPriority(pid)).toBe(getPriority());
  });

  it('a process that runs at the lowest priority already stays there', async () => {
    const { pid } = await place.startAs({ under: ['nice', '-n', '19'] });
    expect(getPriority(pid)).toBe(19);
    expect(new Set(await othersOf(pid))).toEqual(new Set([19]));
  });

  it('a process without a file descriptor left goes on, whatever becomes of its priorities', async () => {
    const { pid, http, process: serving } = await place.start();
    const limit = (most: number): void =>
      void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:4096`]);
    limit(20);
    // Longer than from one look at the threads to the next.
    await sleep(7_000);
    expect(serving.hasEnded).toBe(false);
    limit(4_096);
    expect((await fetch(`${http}/healthz`)).status).toBe(200);
  });
});
