import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ASKED_DELAY_MS, retryDelayMs } from '../../sdk/retry.js';

const BOUNDS = { initialMs: 100, maxMs: 5_000 };

describe('the delay before trying again', () => {
  it.each([
    [0, 100],
    [1, 200],
    [3, 800],
    [6, 5_000],
    [1_000_000, 5_000],
  ])('of attempt %i is drawn below %i ms', (attempt, bound) => {
    expect(retryDelayMs(attempt, BOUNDS, () => 0, undefined)).toBe(0);
    expect(retryDelayMs(attempt, BOUNDS, () => 0.5, undefined)).toBe(bound / 2);
  });

  it('comes on top of what the gateway asks for', () => {
    expect(retryDelayMs(0, BOUNDS, () => 0, 750)).toBe(750);
    expect(retryDelayMs(0, BOUNDS, () => 0.5, 750)).toBe(800);
  });

  it('never follows a gateway that asks for more than a minute', () => {
    expect(retryDelayMs(0, BOUNDS, () => 0, 86_400_000)).toBe(MAX_ASKED_DELAY_MS);
  });

  it('never goes below nothing nor beyond its bounds', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(), random, fc.option(fc.integer(), { nil: undefined }), (attempt, drawn, asked) => {
        const delay = retryDelayMs(attempt, BOUNDS, () => drawn, asked);
        return delay >= 0 && delay <= BOUNDS.maxMs + MAX_ASKED_DELAY_MS;
      }),
    );
  });
});
