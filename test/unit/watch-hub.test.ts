import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../gateway/refusal.js';
import { CatchUpTurns } from '../../gateway/watch/catch-up-turns.js';
import type { Heads } from '../../gateway/watch/heads.js';
import { Hub } from '../../gateway/watch/hub.js';
import type { Entry, Source } from '../../gateway/watch/source.js';
import { Watch } from '../../gateway/watch/watch.js';

const lanes: Heads['lanes'] = {
  reports: { topic: 'reports', epoch: 1, firstOffsets: [0, 0] },
  takedowns: { topic: 'takedowns', epoch: 1, firstOffsets: [0] },
};

/** A log in memory: what stands where, and for whom. */
class World {
  readonly log = { reports: [[], []] as string[][], takedowns: [[]] as string[][] };
  /** Readings of the store. */
  reads = 0;
  fault: Error | undefined;
  nowMs = 0;
  readonly faults: unknown[] = [];
  readonly hub: Hub;

  constructor(
    limits: Partial<{
      maxSlices: number;
      maxBytes: number;
      maxHeldBytes: number;
      rows: number;
      part: number;
    }> = {},
  ) {
    const { maxSlices = 3, maxBytes = 10_000, maxHeldBytes = 1_000_000, rows = 4, part = 0 } = limits;
    const source: Source = {
      kind: 'outcomes',
      topics: ['reports', 'takedowns'],
      maxParts: 3,
      read: async (_select, { topic, ranges }, { providers }, limit) => {
        await Promise.resolve();
        this.reads += 1;
        if (this.fault !== undefined) throw this.fault;
        const all = ranges.flatMap(({ partition, from, to }) =>
          (this.log[topic][partition] ?? []).slice(from, to).map((providerId, i): Entry => {
            const offset = from + i;
            const bytes = Buffer.from(`${topic[0]}${partition}:${offset}${'.'.repeat(part)} `);
            return { environment: 'TEST', providerId, partition, offset, bytes };
          }),
        );
        const mine = all.filter(({ providerId }) => providers.includes(providerId));
        const most = Math.min(limit, rows);
        return { entries: mine.slice(0, most), cut: mine.length < most ? undefined : mine[most - 1] };
      },
      cursorPart: (cursor) => Buffer.from(`>${cursor}\n`),
    };
    this.source = source;
    this.hub = new Hub({
      source,
      select: () => Promise.reject(new Error('not asked')),
      turns: new CatchUpTurns({ maxAtOnce: 2, maxWaiting: 1_000, maxHeldBytes }),
      fanOut: { maxBytes, maxSlices },
      mayPass: (error) => error instanceof RangeError,
      onFault: (error) => this.faults.push(error),
    });
  }
  private readonly source: Source;

  async poll(): Promise<void> {
    const ends = (parts: readonly (readonly string[])[]): number[] => parts.map(({ length }) => length);
    const { reports, takedowns } = this.log;
    await this.hub.poll({ lanes, told: { reports: ends(reports), takedowns: ends(takedowns) } });
    await settled();
  }

  watch(providerId: string, cursor = ''): Reader {
    const reader = new Reader(this, this.source, providerId, cursor);
    this.hub.open(reader.watch);
    return reader;
  }

  /** What is there for a provider, lane by lane. */
  all(providerId: string): string[] {
    return (['reports', 'takedowns'] as const).flatMap((topic) =>
      this.log[topic].flatMap((entries, partition) =>
        entries.flatMap((whose, offset) =>
          whose === providerId ? [`${topic[0]}${partition}:${offset}`] : [],
        ),
      ),
    );
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}

/** Reads one message whenever it is told to. */
class Reader {
  readonly watch: Watch;
  readonly told: string[] = [];
  /** Of the last message that was read. */
  cursor: string;
  refusal: Refusal | undefined;
  /** Bytes that were written and not read yet. */
  unread = 0;
  #sent: (() => void)[] = [];
  #messages: string[] = [];

  constructor(world: World, source: Source, providerId: string, cursor: string) {
    this.cursor = cursor;
    const caller = { environment: 'TEST', providerId } as const;
    this.watch = new Watch(
      { kind: 'outcomes', caller },
      source,
      cursor,
      {
        write: (message, onSent) => {
          this.unread += message.length;
          this.#messages.push(Buffer.from(message).toString());
          this.#sent.push(onSent);
        },
        fail: (refusal) => {
          this.refusal = refusal;
          world.hub.close(this.watch);
        },
      },
      () => world.nowMs,
    );
  }

  /** Reads one message; false when there is none. */
  read(): boolean {
    const message = this.#messages.shift();
    if (message === undefined) return false;
    const [parts = '', cursor = ''] = message.trimEnd().split('>');
    this.told.push(
      ...parts
        .split(' ')
        .filter((part) => part !== '')
        .map((part) => part.replace(/\.+$/, '')),
    );
    this.cursor = cursor;
    this.unread -= message.length;
    this.#sent.shift()?.();
    return true;
  }

  async readAll(): Promise<void> {
    do await settled();
    while (this.read());
  }
}

describe('watches that share a poll', () => {
  it('miss nothing and keep the order of each lane, however slowly they read and however often they come back', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('append' as const),
        lane: fc.nat(2),
        count: fc.integer({ min: 1, max: 6 }),
        whose: fc.constantFrom('a', 'b', 'c'),
      }),
      fc.record({ do: fc.constant('poll' as const) }),
      fc.record({ do: fc.constant('read' as const), who: fc.nat(2) }),
      fc.record({ do: fc.constant('come back' as const), who: fc.nat(2) }),
      fc.record({ do: fc.constant('fail' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const world = new World({ maxSlices: 2, maxBytes: 200 });
        // Two watch for one provider, one for another; nobody for the third.
        const readers = ['a', 'a', 'b'].map((providerId) => ({
          providerId,
          reader: world.watch(providerId),
          told: [] as string[],
        }));
        await world.poll();
        for (const { reader } of readers) await reader.readAll();
        for (const each of steps) {
          if (each.do === 'append') {
            const lane = each.lane < 2 ? world.log.reports[each.lane] : world.log.takedowns[0];
            for (let i = 0; i < each.count; i += 1) lane?.push(each.whose);
          } else if (each.do === 'poll') await world.poll().catch(() => undefined);
          else if (each.do === 'fail') world.fault = world.fault === undefined ? new RangeError() : undefined;
          else {
            const who = readers[each.who];
            if (who === undefined) continue;
            if (each.do === 'read') who.reader.read();
            else {
              world.hub.close(who.reader.watch);
              who.told.push(...who.reader.told, '|');
              who.reader = world.watch(who.providerId, who.reader.cursor);
            }
          }
          await settled();
        }
        world.fault = undefined;
        for (let i = 0; i < 3; i += 1) {
          await world.poll();
          for (const { reader } of readers) await reader.readAll();
        }
        for (const { providerId, reader, told } of readers) {
          const all = [...told, ...reader.told];
          const expected = world.all(providerId);
          expect([...new Set(all.filter((one) => one !== '|'))].sort()).toEqual([...expected].sort());
          // Within one connection each lane is told in order and nothing twice.
          for (const connection of all.join(' ').split('|')) {
            for (const lane of ['r0', 'r1', 't0']) {
              const offsets = [...connection.matchAll(new RegExp(`${lane}:(\\d+)`, 'g'))].map(([, n]) =>
                Number(n),
              );
              expect(offsets).toEqual([...new Set(offsets)].sort((x, y) => x - y));
            }
          }
        }
        expect(world.faults).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('read the store once, however many they are', async () => {
    const world = new World({ rows: 1_000 });
    const readers = Array.from({ length: 1_000 }, (_, i) => world.watch(`p-${i % 10}`));
    await world.poll();
    for (const reader of readers) await reader.readAll();
    expect(world.reads).toBe(0);
    world.log.reports[0]?.push(...Array.from({ length: 10 }, (_, i) => `p-${i}`));
    world.log.takedowns[0]?.push('p-3');
    await world.poll();
    for (const reader of readers) await reader.readAll();
    expect(world.reads).toBe(2);
    expect(readers.map(({ told }) => told.length)).toEqual(readers.map((_, i) => (i % 10 === 3 ? 2 : 1)));
  });

  it('hold one message each while nobody reads them, and what was read for all within its bound', async () => {
    const world = new World({ rows: 1_000, maxBytes: 50_000, maxSlices: 10, part: 1_000 });
    const readers = Array.from({ length: 50 }, () => world.watch('a'));
    await world.poll();
    for (const reader of readers) await reader.readAll();
    for (let i = 0; i < 200; i += 1) {
      world.log.reports[0]?.push(...Array.from({ length: 20 }, () => 'a'));
      await world.poll();
    }
    // Three parts of a kilobyte and the cursor.
    for (const { unread } of readers) expect(unread).toBeLessThan(4_000);
    for (const reader of readers.slice(0, 3)) {
      await reader.readAll();
      expect(reader.told).toEqual(world.all('a'));
    }
  });

  it('that nobody reads are ended, with the time to wait', async () => {
    const world = new World();
    const [slow, quick] = [world.watch('a'), world.watch('a')];
    await world.poll();
    await quick.readAll();
    world.nowMs += 61_000;
    world.hub.beat({ heartbeatMs: 30_000, stallMs: 60_000 });
    expect(slow.refusal).toMatchObject({ kind: 'wait', retryAfterMs: 1_000 });
    expect(quick.refusal).toBeUndefined();
    expect(world.hub.size).toBe(1);
  });

  it('that have nothing to tell tell their cursor', async () => {
    const world = new World();
    const reader = world.watch('a');
    await world.poll();
    await reader.readAll();
    const first = reader.cursor;
    world.log.reports[0]?.push('b', 'b');
    await world.poll();
    world.nowMs += 29_000;
    world.hub.beat({ heartbeatMs: 30_000, stallMs: 60_000 });
    expect(reader.read()).toBe(false);
    world.nowMs += 1_000;
    world.hub.beat({ heartbeatMs: 30_000, stallMs: 60_000 });
    expect(reader.read()).toBe(true);
    expect(reader.told).toEqual([]);
    // It has gone past what is of others.
    expect(reader.cursor).not.toBe(first);
  });

  it('catch up a few at a time, and not while too much waits to be read', async () => {
    const world = new World({ rows: 1_000, part: 100, maxHeldBytes: 1_000 });
    const first = world.watch('a');
    await world.poll();
    await first.readAll();
    const { cursor } = first;
    world.log.reports[0]?.push(...Array.from({ length: 50 }, () => 'a'));
    await world.poll();
    const before = world.reads;
    const late = Array.from({ length: 20 }, () => world.watch('a', cursor));
    await settled();
    // Each of the two that had a turn holds more than is allowed in all.
    expect(world.reads - before).toBeLessThanOrEqual(2);
    for (let i = 0; i < 20; i += 1) for (const reader of late) await reader.readAll();
    for (const { told } of late) expect(told).toEqual(world.all('a'));
  });

  it('end when the log has become another one', async () => {
    const world = new World();
    const reader = world.watch('a');
    await world.poll();
    await reader.readAll();
    await world.hub.poll({ lanes: { ...lanes }, told: { reports: [0, 0], takedowns: [0] } });
    expect(reader.refusal).toMatchObject({ kind: 'unavailable' });
  });
});
