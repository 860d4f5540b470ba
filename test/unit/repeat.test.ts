import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { repeat } from '../../cli/cluster/repeat.js';

describe('repeated work', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('begins at once, comes again after each end, whatever failed, and never twice at once', async () => {
    const begun: (() => void)[] = [];
    const faults: unknown[] = [];
    const work = (): Promise<void> =>
      new Promise((resolve, reject) => {
        begun.push(begun.length === 0 ? () => reject(new Error('of the test')) : resolve);
      });
    const repeated = repeat(1_000, work, (fault) => faults.push(fault));
    expect(begun).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(begun).toHaveLength(1);
    begun[0]?.();
    await vi.advanceTimersByTimeAsync(999);
    expect([begun.length, faults.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toHaveLength(2);

    let stopped = false;
    const stopping = repeated.stop().then(() => (stopped = true));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stopped).toBe(false);
    begun[1]?.();
    await stopping;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(begun).toHaveLength(2);
  });
});
