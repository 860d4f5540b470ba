import { describe, expect, it } from 'vitest';
import { WorkOff } from '../../sdk/work-off.js';

interface Value {
  readonly id: number;
  readonly key: string;
}

/** Handlers end when the test says so. */
function desk(concurrency = 8) {
  const open = new Map<number, { done: () => void; fail: () => void }>();
  const cursors: string[] = [];
  const failures: number[] = [];
  const work = new WorkOff<Value>({
    handler: ({ id }) =>
      new Promise<void>((done, fail) => open.set(id, { done, fail: () => fail(new Error('no')) })),
    keyOf: ({ key }) => key,
    concurrency,
    retry: { initialMs: 1, maxMs: 2 },
    random: () => 0,
    onFailed: ({ id }) => failures.push(id),
    onWorkedOff: (cursor) => cursors.push(cursor),
    onEnded: () => undefined,
  });
  /** Lets everything that was ended be taken note of. */
  const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const end = async (id: number): Promise<void> => {
    await settled();
    const handler = open.get(id);
    open.delete(id);
    handler?.done();
    await settled();
  };
  return { work, open, cursors, failures, settled, end };
}

describe('working off', () => {
  it('counts a message only once all of it is done, and messages only in their order', async () => {
    const { work, cursors, end } = desk();
    work.add(
      [
        { id: 1, key: 'a' },
        { id: 2, key: 'b' },
      ],
      'c-1',
    );
    work.add([{ id: 3, key: 'c' }], 'c-2');
    work.add([], 'c-3');
    await end(3);
    await end(2);
    expect(cursors).toEqual([]);
    await end(1);
    expect(cursors).toEqual(['c-3']);
    expect(work).toMatchObject({ pending: 0, running: 0, workedOff: 3 });
  });

  it('lets a cursor alone pass at once where nothing waits', () => {
    const { work, cursors } = desk();
    work.add([], 'c-1');
    expect(cursors).toEqual(['c-1']);
  });

  it('starts one of a key and as many keys as it may, first come first served', async () => {
    const { work, open, settled, end } = desk(2);
    for (const [i, key] of ['a', 'a', 'b', 'c'].entries()) work.add([{ id: i, key }], `c-${i}`);
    await settled();
    expect([...open.keys()]).toEqual([0, 2]);
    await end(0);
    expect([...open.keys()]).toEqual([2, 3]);
    await end(2);
    expect([...open.keys()]).toEqual([3, 1]);
  });

  it('starts nothing more once it is stopped, and counts what ends after', async () => {
    const { work, open, cursors, end } = desk(1);
    work.add([{ id: 1, key: 'a' }], 'c-1');
    work.add([{ id: 2, key: 'b' }], 'c-2');
    work.stop();
    await end(1);
    expect(cursors).toEqual(['c-1']);
    expect(open.size).toBe(0);
    expect(work).toMatchObject({ pending: 1, running: 0 });
  });

  it('keeps its place behind one that hangs in bounded memory, and misses no cursor after', async () => {
    const { work, cursors, end, settled } = desk();
    work.add([{ id: 0, key: 'stuck' }], 'c-0');
    await settled();
    for (let i = 1; i <= 5_000; i++) {
      work.add([{ id: i, key: `k-${i}` }], `c-${i}`);
      await end(i);
      work.add([], `beat-${i}`);
    }
    expect(cursors).toEqual([]);
    await end(0);
    expect(cursors).toEqual(['beat-5000']);
  });
});
