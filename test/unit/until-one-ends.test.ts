import { describe, expect, it } from 'vitest';

import { untilOneEnds } from '../../consumers/takedown/until-one-ends.js';
import type { PartitionReader } from '../../log/log.js';

class Fault extends Error {}

/** A partition that is lost when `lose` is called. */
function partition(): {
  readonly reader: PartitionReader;
  readonly lose: () => void;
  readonly commits: number[];
} {
  const losing = new AbortController();
  const commits: number[] = [];
  return {
    commits,
    lose: () => losing.abort(),
    reader: {
      topic: 'topic',
      partition: 3,
      committed: { offset: 7, metadata: 'note' },
      revoked: losing.signal,
      owned: () => !losing.signal.aborted,
      take: () => Promise.resolve([{ offset: 7, value: Buffer.from('value') }]),
      commit(offset) {
        commits.push(offset);
        return Promise.resolve();
      },
    },
  };
}

const untilRevoked = ({ revoked }: PartitionReader): Promise<void> =>
  new Promise((resolve) => {
    if (revoked.aborted) resolve();
    else revoked.addEventListener('abort', () => resolve(), { once: true });
  });

describe('works over one partition', () => {
  it('read and commit as if each had it alone, until it is lost', async () => {
    const { reader, lose, commits } = partition();
    const works = untilOneEnds(reader, [
      async (own) => {
        const { topic, committed } = own;
        expect({ topic, partition: own.partition, committed, owned: own.owned() }).toEqual({
          topic: 'topic',
          partition: 3,
          committed: { offset: 7, metadata: 'note' },
          owned: true,
        });
        const [record] = await own.take({ maxRecords: 1, maxBytes: 1, maxWaitMs: 1 });
        await own.commit(record!.offset + 1, '');
        lose();
        await untilRevoked(own);
        expect(own.owned()).toBe(false);
      },
      untilRevoked,
    ]);
    await works;
    expect(commits).toEqual([8]);
  });

  it('end together when one of them fails, with its fault', async () => {
    const { reader } = partition();
    let ended = false;
    const works = untilOneEnds(reader, [
      async (own) => {
        await untilRevoked(own);
        expect(own.owned()).toBe(false);
        ended = true;
        throw new Error('a fault that only follows');
      },
      () => Promise.reject(new Fault()),
    ]);
    await expect(works).rejects.toBeInstanceOf(Fault);
    expect(ended).toBe(true);
    expect(reader.owned()).toBe(true);
  });

  it('end together also when the other has long ended in good order', async () => {
    const { reader } = partition();
    const works = untilOneEnds(reader, [() => Promise.resolve(), () => Promise.reject(new Fault())]);
    await expect(works).rejects.toBeInstanceOf(Fault);
  });
});
