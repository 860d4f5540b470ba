import { describe, expect, it } from 'vitest';

import { FLOOD_WINDOW, floodFault, FloodGuard, type Watched } from '../../consumers/flood-guard.js';
import type { DeadLettersBefore } from '../../store/queries/floods.js';

/** What stands for what: x cannot be read, a dot can; r and g are replays, of which only g can be read. */
const batch = (outcomes: string, from = 0): Watched[] =>
  Array.from(outcomes, (outcome, index) => ({
    outcome: outcome === 'x' || outcome === 'r' ? 'DEAD_LETTER' : 'READ',
    offset: from + index,
    replayOf: outcome === 'r' || outcome === 'g' ? '1:0:0' : '',
  }));

const IN_A_ROW = { maxInARow: 4, maxSharePercent: 100 };
const BY_SHARE = { maxInARow: 1_000_000, maxSharePercent: 50 };
const HALF = FLOOD_WINDOW / 2;

describe('dead letters in a row', () => {
  it('are a flood above the limit, also when they go over several batches', () => {
    const guard = new FloodGuard(IN_A_ROW);
    expect(guard.watch(batch('.xx'))).toBeUndefined();
    expect(guard.watch(batch('xx', 3))).toBeUndefined();
    expect(guard.watch(batch('x.', 5))).toBe('more than 4 records in a row cannot be read');
  });

  it('are none among good records, however many', () => {
    const guard = new FloodGuard(IN_A_ROW);
    for (let n = 0; n < 100; n += 1) expect(guard.watch(batch('xxxx.', 5 * n))).toBeUndefined();
  });

  it('go on from what stood before the first batch', () => {
    const guard = new FloodGuard(IN_A_ROW, -1, { inARow: 3, offsets: [7, 8, 9] });
    expect(guard.watch(batch('x', 10))).toBeUndefined();
    expect(guard.watch(batch('x', 11))).toMatch(/more than 4 records in a row/);
  });
});

describe('the share of dead letters', () => {
  it('is a flood above the limit, though never many are in a row', () => {
    const guard = new FloodGuard(BY_SHARE);
    expect(guard.watch(batch('x.'.repeat(HALF)))).toBeUndefined();
    expect(guard.watch(batch('x', FLOOD_WINDOW + 1))).toBe(
      'more than 50 % of the last 10000 records cannot be read',
    );
  });

  it('never counts less than the whole window: few records make no flood', () => {
    const guard = new FloodGuard(BY_SHARE);
    expect(guard.watch(batch('x'.repeat(HALF)))).toBeUndefined();
    expect(guard.watch(batch('x', HALF))).toMatch(/50 %/);
  });

  it('forgets what is no longer among the last ones', () => {
    const guard = new FloodGuard(BY_SHARE);
    expect(guard.watch(batch('x'.repeat(HALF) + '.'.repeat(HALF)))).toBeUndefined();
    expect(guard.watch(batch('x'.repeat(HALF), FLOOD_WINDOW))).toBeUndefined();
    expect(guard.watch(batch('x', FLOOD_WINDOW + HALF))).toMatch(/50 %/);
  });

  it('goes on from what stood before the first batch', () => {
    const offsets = Array.from({ length: HALF }, (_, n) => n);
    const before = { inARow: 0, offsets };
    expect(new FloodGuard(BY_SHARE, -1, before).watch(batch('x', FLOOD_WINDOW - 1))).toMatch(/50 %/);
    // The oldest of them leaves the window when this one enters it.
    expect(new FloodGuard(BY_SHARE, -1, before).watch(batch('x', FLOOD_WINDOW))).toBeUndefined();
  });

  it('is no flood at 100 %', () => {
    const guard = new FloodGuard({ ...BY_SHARE, maxSharePercent: 100 });
    expect(guard.watch(batch('x'.repeat(3 * FLOOD_WINDOW)))).toBeUndefined();
  });
});

describe('a flood', () => {
  it('is judged alike however the records are cut into batches, and wherever judging begins again', () => {
    const outcomes = '..xxr.xxxxg..xxxrxx..';
    const standsBefore = (to: number): DeadLettersBefore => {
      const before = outcomes.slice(0, to);
      return {
        inARow: /x*$/.exec(before.replaceAll(/[rg]/g, ''))?.[0].length ?? 0,
        offsets: [...before.matchAll(/x/g)].map(({ index }) => index),
      };
    };
    const verdictAt = (cuts: readonly number[], isRestarted: boolean): number => {
      let guard = new FloodGuard(IN_A_ROW);
      let from = 0;
      for (const to of [...cuts, outcomes.length]) {
        if (isRestarted) guard = new FloodGuard(IN_A_ROW, -1, standsBefore(from));
        if (guard.watch(batch(outcomes.slice(from, to), from)) !== undefined) return from;
        from = to;
      }
      return -1;
    };
    // The fifth dead letter in a row stands at 18.
    for (const isRestarted of [false, true]) {
      expect(verdictAt([3, 8, 15, 18], isRestarted)).toBe(18);
      expect(verdictAt([1, 2, 17], isRestarted)).toBe(17);
      expect(verdictAt([14, 17, 18, 19], isRestarted)).toBe(18);
    }
  });

  it('is never made of replays, and they end none', () => {
    const guard = new FloodGuard(IN_A_ROW);
    expect(guard.watch(batch('xxxx' + 'r'.repeat(50) + 'g'))).toBeUndefined();
    expect(guard.watch(batch('x', 55))).toMatch(/in a row/);
  });

  it('is none where dead letters were accepted, and counts from there on', () => {
    const guard = new FloodGuard({ maxInARow: 4, maxSharePercent: 1 }, 499);
    expect(guard.watch(batch('x'.repeat(504)))).toBeUndefined();
    expect(guard.watch(batch('x', 504))).toMatch(/in a row/);
  });

  it('says that nothing is lost and exactly how to go on', () => {
    const { message } = floodFault(
      { name: 'takedowns', topic: 'topic' },
      'too many',
      { epoch: 1, partition: 2, offset: 30 },
      99,
    );
    expect(message).toMatch(/^topic partition 2: too many\. Nothing is lost: all from offset 30 on waits/);
    expect(message).toMatch(/start again with --accept-dead-letters-to takedowns:1:2:99$/);
  });
});
