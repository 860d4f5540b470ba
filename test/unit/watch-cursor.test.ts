import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor, type CursorOwner } from '../../gateway/watch/cursor.js';
import type { TopicLanes } from '../../gateway/watch/lanes.js';

const owner: CursorOwner = {
  kind: 'outcomes',
  caller: { environment: 'TEST', providerId: 'demo-platform' },
};
const lanes = (epoch: number, partitions: number, topic: TopicLanes['topic'] = 'reports'): TopicLanes => ({
  topic,
  epoch,
  firstOffsets: Array.from({ length: partitions }, () => 0),
});
const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('a cursor', () => {
  it('says the position that it was written for, whatever the offsets', () => {
    const logs = fc.record({
      epochs: fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 })),
      positions: fc.tuple(
        fc.array(offset, { minLength: 1, maxLength: 24 }),
        fc.array(offset, { minLength: 1, maxLength: 24 }),
      ),
    });
    fc.assert(
      fc.property(logs, ({ epochs, positions }) => {
        const topics = [
          lanes(epochs[0], positions[0].length),
          lanes(epochs[1], positions[1].length, 'takedowns'),
        ];
        const position = positions.flat();
        expect(readCursor(owner, topics, writeCursor(owner, topics, position))).toEqual(position);
      }),
    );
  });

  it('of a log of twelve partitions is shorter than 200 characters', () => {
    const topics = [lanes(1, 12), lanes(1, 12, 'takedowns')];
    const position = Array.from({ length: 24 }, () => 1_000_000_000);
    expect(writeCursor(owner, topics, position).length).toBeLessThan(200);
  });

  it('is text that needs no escaping anywhere', () => {
    expect(writeCursor(owner, [lanes(1, 3)], [1, 300, 70_000])).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  const topics = [lanes(2, 2)];
  const good = writeCursor(owner, topics, [5, 7]);
  it.each([
    ['of another environment', { ...owner, caller: { ...owner.caller, environment: 'PRODUCTION' as const } }],
    ['of another provider', { ...owner, caller: { ...owner.caller, providerId: 'host-1' } }],
    ['of another watch', { ...owner, kind: 'notices' as const }],
  ])('%s is none', (_, other) => {
    expect(readCursor(other, topics, good)).toBe('MALFORMED');
  });

  it.each([
    ['epoch', [lanes(3, 2)]],
    ['number of partitions', [lanes(2, 3)]],
    ['number of topics', [lanes(2, 2), lanes(2, 2, 'takedowns')]],
  ])('of a log with another %s belongs to another log', (_, others) => {
    expect(readCursor(owner, others, good)).toBe('OTHER_LOG');
  });

  it('that was changed, shortened or made up is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.uuid()), (text) => {
        expect(readCursor(owner, topics, text)).toBe('MALFORMED');
      }),
    );
    for (let i = 0; i < good.length; i += 1) {
      const changed = `${good.slice(0, i)}${good[i] === 'A' ? 'B' : 'A'}${good.slice(i + 1)}`;
      expect(['MALFORMED', [5, 7]]).toContainEqual(readCursor(owner, topics, changed));
      expect(readCursor(owner, topics, good.slice(0, i))).toBe('MALFORMED');
    }
    expect(readCursor(owner, topics, `${good}${good}`)).toBe('MALFORMED');
    expect(readCursor(owner, topics, 'A'.repeat(10_000_000))).toBe('MALFORMED');
  });
});
