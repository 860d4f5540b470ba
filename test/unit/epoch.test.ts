import { describe, expect, it } from 'vitest';

import { checkSink } from '../../consumers/epoch.js';
import { LandingFault } from '../../consumers/land.js';
import type { Committed, PartitionReader } from '../../log/log.js';
import type { Select } from '../../store/queries/select.js';

const TOPIC = 'test-topic';

const readerAt = (committed: Committed | undefined): PartitionReader => ({
  topic: TOPIC,
  partition: 0,
  committed,
  revoked: new AbortController().signal,
  owned: () => true,
  take: () => Promise.resolve([]),
  commit: () => Promise.resolve(),
});

/** A store that has landed up to `last` from a log that began at 5. */
const storeWith =
  (last: number): Select =>
  (sql) =>
    Promise.resolve([
      sql.includes('log_epochs')
        ? { topic: TOPIC, epoch: '1', parts: '1', firsts: ['5'] }
        : { first: last < 0 ? -1 : 5, last },
    ]);

const intent = (from: number, to: number): Committed => ({
  offset: from,
  metadata: `{"pending":[${from},${to}],"epoch":1}`,
});
const done = (offset: number): Committed => ({ offset, metadata: '' });

const check = (committed: Committed | undefined, last: number, now = committed): Promise<void> =>
  checkSink(readerAt(committed), storeWith(last), 'records', 1, () => Promise.resolve(now));

describe('a store and a log that does not begin at zero', () => {
  it.each([
    ['nothing is committed', undefined, -1],
    ['the first batch is under way and none of it has landed', intent(5, 8), -1],
    ['the first batch is under way and has landed', intent(5, 8), 8],
    ['the first batch is done', done(9), 8],
  ])('fit when %s', async (_, committed, last) => {
    await expect(check(committed, last)).resolves.toBeUndefined();
  });

  it.each([
    ['the store is empty, and the log was landed from', done(9), -1],
    ['the store is empty, and so was the log before its first record', done(5), -1],
    ['the store is empty, and the batch under way is not the first', intent(9, 12), -1],
    ['the store has lost its last rows', intent(9, 12), 7],
  ])('do not when %s', async (_, committed, last) => {
    await expect(check(committed, last)).rejects.toThrow('rows are missing from the store');
  });
});

describe('a store that is ahead of what is committed', () => {
  it('belongs to another log', async () => {
    await expect(check(done(9), 12)).rejects.toBeInstanceOf(LandingFault);
  });

  it('is no fault to a reader that has lost the partition: its next owner has gone on', async () => {
    await expect(check(done(9), 12, intent(9, 12))).rejects.toMatchObject({ code: 'NOT_OWNER' });
    await expect(check(undefined, 12, done(13))).rejects.toMatchObject({ code: 'NOT_OWNER' });
  });
});
