import { describe, expect, it } from 'vitest';

import { Progress, untilLanded } from '../../cli/embedded/progress.js';
import type { Log } from '../../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';

/** A log of one partition a topic, as it was left. */
function logOf(
  ends: Readonly<Record<string, { readonly first: number; readonly end: number; readonly landed?: number }>>,
): Log {
  const appended = new Map(Object.entries(ends).map(([topic, { end }]) => [topic, end]));
  const refuse = (): never => {
    throw new Error('not asked here');
  };
  return {
    read: refuse,
    close: refuse,
    append(topic, records) {
      const end = appended.get(topic) ?? 0;
      appended.set(topic, end + records.length);
      return Promise.resolve(records.map((_, n) => ({ partition: 0, offset: end + n })));
    },
    extents: (topic) =>
      Promise.resolve([{ partition: 0, first: ends[topic]?.first ?? 0, end: appended.get(topic) ?? 0 }]),
    committed(_, topic) {
      const landed = ends[topic]?.landed;
      return Promise.resolve([landed === undefined ? undefined : { offset: landed, metadata: '' }]);
    },
  };
}

const record = { key: Buffer.from('k'), value: Buffer.from('v') };
const none = (): undefined => undefined;

describe('the progress of landing', () => {
  it('is behind by what the log was left with, of reports and of takedowns', async () => {
    const progress = new Progress();
    await progress.read(
      logOf({
        [REPORTS_TOPIC]: { first: 10, end: 30, landed: 25 },
        [TAKEDOWNS_TOPIC]: { first: 4, end: 7 },
      }),
      'group',
    );
    expect(progress.lag()).toBe(5 + 3);
    expect([progress.landed(REPORTS_TOPIC), progress.landed(TAKEDOWNS_TOPIC)]).toEqual([25, 4]);
  });

  it('follows what is appended and what lands, of each topic apart', async () => {
    const progress = new Progress();
    const log = progress.watching(logOf({}));
    await log.append(REPORTS_TOPIC, [record, record]);
    await log.append(TAKEDOWNS_TOPIC, [record, record, record]);
    await log.append(DATA_KEYS_TOPIC, [record]);
    expect(progress.lag()).toBe(5);
    progress.noteLanded(REPORTS_TOPIC, 1);
    progress.noteLanded(DATA_KEYS_TOPIC, 0);
    expect(progress.lag()).toBe(3);
    // Events of our own are appended elsewhere, and make up for none of what came here.
    progress.noteLanded(TAKEDOWNS_TOPIC, 5);
    expect(progress.lag()).toBe(0);
    await log.append(REPORTS_TOPIC, [record]);
    expect(progress.lag()).toBe(1);
  });

  it('is waited for until both topics have landed as far as they were, and no further', async () => {
    const progress = new Progress();
    const log = progress.watching(logOf({}));
    await log.append(REPORTS_TOPIC, [record]);
    await log.append(TAKEDOWNS_TOPIC, [record]);
    let hasLanded = false;
    const waiting = untilLanded(progress, none).then(() => (hasLanded = true));
    await log.append(REPORTS_TOPIC, [record]);
    progress.noteLanded(REPORTS_TOPIC, 0);
    expect(await Promise.race([waiting, Promise.resolve(hasLanded)])).toBe(false);
    progress.noteLanded(TAKEDOWNS_TOPIC, 0);
    await waiting;
    expect(progress.lag()).toBe(1);
  });

  it('is not waited for once landing has stopped', async () => {
    const progress = new Progress();
    await progress.watching(logOf({})).append(TAKEDOWNS_TOPIC, [record]);
    await expect(untilLanded(progress, () => 'landing has stopped')).rejects.toThrow('landing has stopped');
  });
});
