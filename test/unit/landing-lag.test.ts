import { describe, expect, it } from 'vitest';
import { LandingLag } from '../../cli/cluster/landing-lag.js';
import { LogFault, type Committed, type Extent } from '../../log/log.js';

class AskedLog {
  fault: LogFault | undefined;
  ends: readonly number[] = [];
  landed: readonly (number | undefined)[] = [];

  extents(): Promise<readonly Extent[]> {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    return Promise.resolve(this.ends.map((end, partition) => ({ partition, first: 10, end })));
  }

  committed(): Promise<readonly (Committed | undefined)[]> {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    return Promise.resolve(
      this.landed.map((offset) => (offset === undefined ? undefined : { offset, metadata: '' })),
    );
  }
}

describe('the lag of landing', () => {
  it('is what all partitions together hold and have not landed; from the first held record where nothing has', async () => {
    const log = new AskedLog();
    const lag = new LandingLag(log, ['reports'], () => 0);
    log.ends = [100, 50, 10];
    log.landed = [90, undefined, undefined];
    await lag.poll();
    expect(lag.records()).toBe(50);
    expect(lag.partitions()).toEqual([
      { topic: 'reports', partition: 0, landedTo: 90, lag: 10 },
      { topic: 'reports', partition: 1, landedTo: 10, lag: 40 },
      { topic: 'reports', partition: 2, landedTo: 10, lag: 0 },
    ]);
  });

  it('stays what it was while the log does not answer, which counts as away only after a while', async () => {
    const log = new AskedLog();
    let nowMs = 0;
    const lag = new LandingLag(log, ['reports'], () => nowMs);
    log.ends = [100];
    log.landed = [90];
    await lag.poll();
    log.fault = new LogFault('UNAVAILABLE', 'of the test');
    await expect(lag.poll()).rejects.toBe(log.fault);
    expect([lag.records(), lag.isAway()]).toEqual([10, false]);
    nowMs = 3_000;
    expect(lag.isAway()).toBe(true);
    log.fault = undefined;
    await lag.poll();
    expect(lag.isAway()).toBe(false);
  });
});
