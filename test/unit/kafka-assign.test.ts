import { describe, expect, it } from 'vitest';

import { assign } from '../../log/kafka-assign.js';

const partitions = (count: number, topic = 't') =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));
const sizes = (shares: Map<string, unknown[]>) => [...shares.values()].map((share) => share.length).sort();
const flat = (shares: Map<string, { topic: string; partition: number }[]>) =>
  [...shares.values()]
    .flat()
    .map(({ topic, partition }) => `${topic}/${partition}`)
    .sort();

describe('the assignment of partitions to members', () => {
  it.each([
    [1, 12, [12]],
    [3, 12, [4, 4, 4]],
    [5, 12, [2, 2, 2, 3, 3]],
    [4, 2, [0, 0, 1, 1]],
  ])('of %i members and %i partitions is even and complete', (members, count, expected) => {
    const all = partitions(count);
    const shares = assign(
      Array.from({ length: members }, (_, index) => ({ id: `m${index}`, owned: [] })),
      all,
    );
    expect(sizes(shares)).toEqual(expected);
    expect(flat(shares)).toEqual(all.map(({ topic, partition }) => `${topic}/${partition}`).sort());
  });

  it.each([
    [1, [12, 12, 1]],
    [2, [6, 6, 1]],
    [3, [4, 4, 1]],
    [5, [3, 3, 1]],
  ])('of %i members shares out each topic by itself: %j at most', (members, most) => {
    const topics = ['reports', 'takedowns', 'data-keys'];
    const all = [12, 12, 1].flatMap((count, i) => partitions(count, topics[i]));
    const shares = assign(
      Array.from({ length: members }, (_, index) => ({ id: `m${index}`, owned: [] })),
      all,
    );
    expect(flat(shares)).toEqual(all.map(({ topic, partition }) => `${topic}/${partition}`).sort());
    for (const share of shares.values())
      topics.forEach((topic, i) => {
        const ofTopic = share.filter((one) => one.topic === topic).length;
        expect(ofTopic).toBeLessThanOrEqual(most[i]!);
        expect(ofTopic).toBeGreaterThanOrEqual(most[i]! - 1);
      });
    const whole = [...shares.values()].map((share) => share.length);
    expect(Math.max(...whole) - Math.min(...whole)).toBeLessThanOrEqual(1);
  });

  it('takes from a member no more than a newcomer needs', () => {
    const shares = assign(
      [
        { id: 'a', owned: partitions(12) },
        { id: 'b', owned: [] },
      ],
      partitions(12),
    );
    expect(shares.get('a')).toEqual(partitions(6));
    expect(shares.get('b')).toHaveLength(6);
  });

  it('leaves everything where it is when a member has only joined again', () => {
    const before = assign(
      ['a', 'b', 'c'].map((id) => ({ id, owned: [] })),
      partitions(10),
    );
    const again = assign(
      ['c', 'a', 'b'].map((id) => ({ id, owned: before.get(id)! })),
      partitions(10),
    );
    expect(again).toEqual(before);
  });

  it('gives a partition that two members claim to one of them', () => {
    const shares = assign(
      ['a', 'b'].map((id) => ({ id, owned: partitions(2) })),
      partitions(2),
    );
    expect(flat(shares)).toEqual(['t/0', 't/1']);
    expect(sizes(shares)).toEqual([1, 1]);
  });

  it('forgets partitions that no longer exist', () => {
    const shares = assign([{ id: 'a', owned: partitions(5, 'gone') }], partitions(2));
    expect(flat(shares)).toEqual(['t/0', 't/1']);
  });
});
