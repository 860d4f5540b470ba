import { setImmediate } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { LandingTimes } from '../../consumers/landing-times.js';
import { StoreFault, type Block } from '../../store/store.js';

/** Lands a token once, and refuses as long as it is told to: before landing, or after. */
class Sink {
  readonly blocks = new Map<string, string[]>();
  refuse: 'before' | 'after' | undefined;

  insert(block: Block): Promise<void> {
    const fault = new StoreFault('same-block', 'the store of the test refuses');
    if (this.refuse === 'before') return Promise.reject(fault);
    const lines = Buffer.from(block.rows).toString().trimEnd().split('\n');
    expect(lines).toHaveLength(block.rowCount);
    if (!this.blocks.has(block.token)) this.blocks.set(block.token, lines);
    return this.refuse === 'after' ? Promise.reject(fault) : Promise.resolve();
  }

  rows(): unknown[] {
    return [...this.blocks.values()].flat().map((line): unknown => JSON.parse(line));
  }
}

describe('times of landing', () => {
  it('are written once each, with the time at which they were noted', async () => {
    const sink = new Sink();
    let nowMs = 1_000;
    const times = new LandingTimes(sink, () => nowMs);
    times.note(1, 0, { from: 0, to: 9 });
    nowMs = 1_200;
    times.note(1, 0, { from: 10, to: 11 });
    await times.write();
    await times.write();
    times.note(1, 0, { from: 12, to: 12 });
    await times.write();
    expect(sink.rows()).toEqual([
      [1, 0, 0, 9, 1_000],
      [1, 0, 10, 11, 1_200],
      [1, 0, 12, 12, 1_200],
    ]);
  });

  it.each(['before', 'after'] as const)(
    'are written once each when the store refuses %s it has landed them',
    async (refuse) => {
      const sink = new Sink();
      const times = new LandingTimes(sink, () => 1_000);
      times.note(1, 0, { from: 0, to: 9 });
      sink.refuse = refuse;
      await expect(times.write()).rejects.toMatchObject({ retry: 'same-block' });
      times.note(1, 0, { from: 10, to: 19 });
      await expect(times.write()).rejects.toMatchObject({ retry: 'same-block' });
      sink.refuse = undefined;
      await times.write();
      expect(sink.rows()).toEqual([
        [1, 0, 0, 9, 1_000],
        [1, 0, 10, 19, 1_000],
      ]);
    },
  );

  it('are written by themselves every five seconds', async () => {
    const sink = new Sink();
    let nowMs = 0;
    const times = new LandingTimes(sink, () => nowMs);
    for (nowMs = 0; nowMs <= 20_000; nowMs += 100) {
      times.note(1, 0, { from: nowMs, to: nowMs + 99 });
      await setImmediate();
    }
    expect(sink.rows().length).toBeGreaterThan(150);
    await times.write();
    expect(sink.rows()).toHaveLength(201);
  });

  it('take no more memory than 5,000 of them while the store refuses', async () => {
    const sink = new Sink();
    sink.refuse = 'before';
    const times = new LandingTimes(sink, () => 0);
    for (let n = 0; n < 20_000; n += 1) times.note(1, 0, { from: n, to: n });
    await expect(times.write()).rejects.toThrow();
    sink.refuse = undefined;
    await times.write();
    expect(sink.rows()).toHaveLength(5_000);
  });
});
