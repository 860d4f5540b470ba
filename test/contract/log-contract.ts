// What every body of the log must do. The suite knows no body; it allows for several partitions in a topic.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Log, LogRecord, PartitionReader, Position, TakeLimits } from '../../log/log.js';

/** An open log and what a test may do to it from outside. */
export interface LogUnderTest {
  readonly log: Log;
  /** Makes a topic for one test, ready for use; its name has `test` in it. */
  topic(): Promise<string>;
  /** Closes the log and opens another one over the same records and groups. */
  reopen(): Promise<Log>;
  /** Deletes the records before `offset`, as age or size would. `offset` begins an append of its own. */
  deleteBefore(topic: string, position: Position): Promise<void>;
  /** Closes what is open and removes what the test made. */
  release(): Promise<void>;
}

const ALL: TakeLimits = { maxRecords: 10_000, maxBytes: 10_000_000, maxWaitMs: 50 };

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array): string => Buffer.from(value).toString();
const record = (key: string, value: string): LogRecord => ({ key: bytes(key), value: bytes(value) });
const records = (count: number, value: string, key = 'k'): LogRecord[] =>
  Array.from({ length: count }, (_, index) => record(key, `${value}-${index}`));
const newGroup = (): string => `test-${randomUUID()}`;
const byOffset = (a: Position, b: Position): number => a.partition - b.partition || a.offset - b.offset;

interface Arrived extends Position {
  readonly topic: string;
  readonly text: string;
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function untilRevoked({ revoked }: PartitionReader): Promise<void> {
  if (!revoked.aborted) await once(revoked, 'abort');
}

/** Everything that `group` reads until `count` records have arrived, in order of arrival. */
async function collect(log: Log, group: string, topics: string[], count: number): Promise<Arrived[]> {
  const arrived: Arrived[] = [];
  const enough = gate();
  const subscription = await log.read(group, topics, async (reader) => {
    const { topic, partition, revoked } = reader;
    while (!revoked.aborted) {
      for (const { offset, value } of await reader.take(ALL))
        arrived.push({ topic, partition, offset, text: text(value) });
      if (arrived.length >= count) enough.open();
    }
  });
  await Promise.race([enough.opened, subscription.ended]);
  await subscription.close();
  return arrived;
}

/** What `use` does while `group` owns that partition. */
async function asOwner<T>(
  log: Log,
  group: string,
  topic: string,
  partition: number,
  use: (reader: PartitionReader) => Promise<T>,
): Promise<T> {
  const results: T[] = [];
  const used = gate();
  const subscription = await log.read(group, [topic], async (reader) => {
    if (reader.partition === partition) {
      results.push(await use(reader));
      used.open();
    }
    await untilRevoked(reader);
  });
  await Promise.race([used.opened, subscription.ended]);
  await subscription.close();
  return results[0]!;
}

export function logContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the contract of the log`, () => {
    let under: LogUnderTest;
    let log: Log;
    let topic: string;
    let group: string;

    beforeEach(async () => {
      under = await open();
      log = under.log;
      topic = await under.topic();
      group = newGroup();
      expect(topic).toContain('test');
    });

    afterEach(() => under.release());

    describe('appending', () => {
      it('gives the records of one key back in order, with dense offsets', async () => {
        const positions = [
          ...(await log.append(topic, records(100, 'a'))),
          ...(await log.append(topic, records(1, 'b'))),
          ...(await log.append(topic, records(100, 'c'))),
        ];
        const arrived = await collect(log, group, [topic], 201);

        expect(arrived.map((one) => one.text)).toEqual(
          [...records(100, 'a'), ...records(1, 'b'), ...records(100, 'c')].map(({ value }) => text(value)),
        );
        const { partition, offset } = positions[0]!;
        const dense = positions.map((_, index) => ({ partition, offset: offset + index }));
        expect(positions).toEqual(dense);
        expect(arrived.map((one) => ({ partition: one.partition, offset: one.offset }))).toEqual(dense);
      });

      it('resolves an append of nothing with nothing', async () => {
        expect(await log.append(topic, [])).toEqual([]);
      });

      it('keeps values as they are: every byte, and none at all', async () => {
        const every = Uint8Array.from({ length: 256 }, (_, index) => index);
        const [first] = await log.append(topic, [
          { key: bytes('k'), value: every },
          { key: bytes('k'), value: new Uint8Array(0) },
        ]);
        const values = await asOwner(log, group, topic, first!.partition, async (reader) =>
          (await reader.take({ ...ALL, maxRecords: 2, maxWaitMs: 10_000 })).map(({ value }) => [...value]),
        );
        expect(values).toEqual([[...every], []]);
      });

      it('still has what was appended when it is opened again', async () => {
        await log.append(topic, records(50, 'kept'));
        const reopened = await under.reopen();
        const arrived = await collect(reopened, group, [topic], 50);
        expect(arrived.map((one) => one.text)).toEqual(records(50, 'kept').map(({ value }) => text(value)));
      });

      it('never gives one offset to two of many concurrent appends', async () => {
        const appends = Array.from({ length: 60 }, (_, index) =>
          records(1 + (index % 20), `append${index}`, `key${index}`),
        );
        const positions = await Promise.all(appends.map((append) => log.append(topic, append)));
        const sent = appends.flatMap((append, index) =>
          append.map(({ value }, at) => ({ ...positions[index]![at]!, topic, text: text(value) })),
        );
        const arrived = await collect(log, group, [topic], sent.length);
        expect(arrived.sort(byOffset)).toEqual(sent.sort(byOffset));

        for (const { partition, first, end } of await log.extents(topic)) {
          const offsets = sent.filter((one) => one.partition === partition).map((one) => one.offset);
          expect(offsets).toEqual(Array.from({ length: end - first }, (_, index) => first + index));
        }
      });

      it('brings all records of one key to one partition', async () => {
        const partitions = new Map<string, Set<number>>();
        for (let round = 0; round < 3; round += 1) {
          const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
          const positions = await log.append(
            topic,
            keys.map((key) => record(key, 'v')),
          );
          keys.forEach((key, index) => {
            const known = partitions.get(key) ?? new Set();
            partitions.set(key, known.add(positions[index]!.partition));
          });
        }
        expect([...partitions.values()].map(({ size }) => size)).toEqual(Array.from({ length: 20 }, () => 1));
      });

      it('refuses a record of more than a mebibyte, for good, and takes one of exactly that', async () => {
        const [position] = await log.append(topic, [{ key: bytes('k'), value: new Uint8Array(1_048_576) }]);
        expect(position).toBeDefined();
        await expect(
          log.append(topic, [{ key: bytes('k'), value: new Uint8Array(1_048_577) }]),
        ).rejects.toMatchObject({ name: 'LogFault', code: 'REFUSED', retryable: false });
      });

      it('refuses a topic whose name no broker would take', async () => {
        await expect(log.append('test topic?', records(1, 'v'))).rejects.toMatchObject({ code: 'REFUSED' });
      });
    });

    describe('extents', () => {
      it('are empty for a topic without records', async () => {
        const extents = await log.extents(topic);
        expect(extents.length).toBeGreaterThan(0);
        expect(extents.map(({ first, end }) => end - first)).toEqual(extents.map(() => 0));
        expect(extents.map(({ partition }) => partition)).toEqual(extents.map((_, index) => index));
      });

      it('end after the last record and begin at the first that is still held', async () => {
        const [old] = await log.append(topic, records(10, 'old'));
        const young = await log.append(topic, records(5, 'young'));
        const { partition, offset } = young[0]!;
        expect((await log.extents(topic))[partition]).toEqual({
          partition,
          first: old!.offset,
          end: young.at(-1)!.offset + 1,
        });
        await under.deleteBefore(topic, { partition, offset });
        expect((await log.extents(topic))[partition]).toEqual({
          partition,
          first: offset,
          end: young.at(-1)!.offset + 1,
        });
      });
    });

    describe('groups', () => {
      it('resume where they committed, with their metadata of 4,096 bytes', async () => {
        const metadata = `{"pending":[1,2]}${'~'.repeat(4_079)}`;
        const [first] = await log.append(topic, records(10, 'v'));
        const { partition } = first!;
        const offset = first!.offset + 4;
        await asOwner(log, group, topic, partition, (reader) => reader.commit(offset, metadata));

        const reopened = await under.reopen();
        expect((await reopened.committed(group, topic))[partition]).toEqual({ offset, metadata });
        const found = await asOwner(reopened, group, topic, partition, async (reader) => ({
          committed: reader.committed,
          texts: (await reader.take({ ...ALL, maxRecords: 6, maxWaitMs: 10_000 })).map((one) =>
            text(one.value),
          ),
        }));
        expect(found).toEqual({
          committed: { offset, metadata },
          texts: ['v-4', 'v-5', 'v-6', 'v-7', 'v-8', 'v-9'],
        });
      });

      it('go back when they commit an earlier offset', async () => {
        const [first] = await log.append(topic, records(3, 'v'));
        const { partition, offset } = first!;
        await asOwner(log, group, topic, partition, async (reader) => {
          await reader.commit(offset + 3, 'done');
          await reader.commit(offset + 1, '');
        });
        const arrived = await collect(log, group, [topic], 2);
        expect(arrived.map((one) => one.text)).toEqual(['v-1', 'v-2']);
      });

      it('do not share what they have committed: another one begins at the first record', async () => {
        const [first] = await log.append(topic, records(3, 'v'));
        const { partition, offset } = first!;
        await asOwner(log, group, topic, partition, (reader) => reader.commit(offset + 3, 'done'));

        const other = newGroup();
        expect((await log.committed(other, topic))[partition]).toBeUndefined();
        const found = await asOwner(log, other, topic, partition, async (reader) => ({
          committed: reader.committed,
          offsets: (await reader.take({ ...ALL, maxRecords: 3, maxWaitMs: 10_000 })).map((one) => one.offset),
        }));
        expect(found).toEqual({ committed: undefined, offsets: [offset, offset + 1, offset + 2] });
      });

      it('read several topics at once', async () => {
        const other = await under.topic();
        await log.append(topic, records(2, 'here'));
        await log.append(other, records(2, 'there'));
        const arrived = await collect(log, group, [topic, other], 4);
        const textsOf = (name: string): string[] =>
          arrived.filter((one) => one.topic === name).map((one) => one.text);
        expect(textsOf(topic)).toEqual(['here-0', 'here-1']);
        expect(textsOf(other)).toEqual(['there-0', 'there-1']);
      });

      it.each([
        ['metadata beyond 4,096 bytes', 1, 'x'.repeat(4_097)],
        ['metadata that is not ASCII', 1, 'lá chắn'],
        ['an offset below nothing', -1, ''],
      ])('cannot commit %s', async (_, offset, metadata) => {
        const [first] = await log.append(topic, records(1, 'v'));
        const { partition } = first!;
        await asOwner(log, group, topic, partition, (reader) =>
          expect(reader.commit(offset, metadata)).rejects.toMatchObject({ code: 'REFUSED' }),
        );
        expect((await log.committed(group, topic))[partition]).toBeUndefined();
      });
    });

    describe('taking', () => {
      it('stops at maxRecords and goes on from there', async () => {
        const [first] = await log.append(topic, records(25, 'v'));
        const sizes = await asOwner(log, group, topic, first!.partition, async (reader) => {
          const takes = [];
          for (let count = 0; count < 3; count += 1)
            takes.push(await reader.take({ ...ALL, maxRecords: 10, maxWaitMs: 1_000 }));
          return takes.map((take) => take.map(({ offset }) => offset - first!.offset));
        });
        expect(sizes.map((take) => take.length)).toEqual([10, 10, 5]);
        expect(sizes.flat()).toEqual(Array.from({ length: 25 }, (_, index) => index));
      });

      it('stops before maxBytes, but never without a record', async () => {
        const values = [400, 400, 400, 3_000, 100];
        const [first] = await log.append(
          topic,
          values.map((size) => ({ key: bytes('k'), value: new Uint8Array(size) })),
        );
        const takes = await asOwner(log, group, topic, first!.partition, async (reader) => {
          const sizes = [];
          for (let count = 0; count < 4; count += 1) {
            const taken = await reader.take({ maxRecords: 100, maxBytes: 1_000, maxWaitMs: 1_000 });
            sizes.push(taken.map(({ value }) => value.length));
          }
          return sizes;
        });
        expect(takes).toEqual([[400, 400], [400], [3_000], [100]]);
      });

      it('returns as soon as a limit is reached', async () => {
        const [first] = await log.append(topic, records(10, 'v'));
        const started = performance.now();
        const taken = await asOwner(log, group, topic, first!.partition, (reader) =>
          reader.take({ ...ALL, maxRecords: 5, maxWaitMs: 50_000 }),
        );
        expect(taken).toHaveLength(5);
        expect(performance.now() - started).toBeLessThan(40_000);
      });

      it('returns nothing when nothing comes within maxWaitMs', async () => {
        const { taken, waitedMs } = await asOwner(log, group, topic, 0, async (reader) => {
          const started = performance.now();
          const taken = await reader.take({ ...ALL, maxWaitMs: 200 });
          return { taken, waitedMs: performance.now() - started };
        });
        expect(taken).toEqual([]);
        expect(waitedMs).toBeGreaterThanOrEqual(199);
      });

      it('returns what is appended while it waits', async () => {
        const [first] = await log.append(topic, records(1, 'before'));
        const texts = await asOwner(log, group, topic, first!.partition, async (reader) => {
          await reader.take({ ...ALL, maxRecords: 1, maxWaitMs: 10_000 });
          const waiting = reader.take({ ...ALL, maxRecords: 2, maxWaitMs: 50_000 });
          await log.append(topic, records(2, 'while'));
          return (await waiting).map(({ value }) => text(value));
        });
        expect(texts).toEqual(['while-0', 'while-1']);
      });

      it('tells OUT_OF_RANGE when the next record was deleted before it was read', async () => {
        const [old] = await log.append(topic, records(10, 'old'));
        const [young] = await log.append(topic, records(5, 'young'));
        const { partition, offset } = young!;
        await asOwner(log, group, topic, partition, (reader) => reader.commit(old!.offset + 3, ''));
        await under.deleteBefore(topic, { partition, offset });
        await asOwner(log, group, topic, partition, (reader) =>
          expect(reader.take(ALL)).rejects.toMatchObject({ code: 'OUT_OF_RANGE', retryable: false }),
        );
        expect((await collect(log, newGroup(), [topic], 5)).map((one) => one.offset)).toEqual(
          Array.from({ length: 5 }, (_, index) => offset + index),
        );
      });

      it('tells OUT_OF_RANGE when the log ends before what was committed', async () => {
        const [first] = await log.append(topic, records(3, 'v'));
        const { partition, offset } = first!;
        await asOwner(log, group, topic, partition, (reader) => reader.commit(offset + 100, ''));
        await asOwner(log, group, topic, partition, (reader) =>
          expect(reader.take(ALL)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' }),
        );
      });
    });

    describe('subscriptions', () => {
      it("end with the fault of a handler, and the others' partitions are revoked", async () => {
        const other = await under.topic();
        const [first] = await log.append(topic, records(1, 'v'));
        const fault = new Error('the handler of the test gives up');
        const subscription = await log.read(group, [topic, other], async (reader) => {
          if (reader.topic === topic && reader.partition === first!.partition) throw fault;
          await untilRevoked(reader);
        });
        await expect(subscription.ended).rejects.toBe(fault);
        await subscription.close();
      });

      it('revoke their readers when closed, and wait for the handlers to return', async () => {
        const assigned = gate();
        const release = gate();
        const happened: string[] = [];
        const subscription = await log.read(group, [topic], async (reader) => {
          if (reader.partition !== 0) return untilRevoked(reader);
          assigned.open();
          await untilRevoked(reader);
          happened.push('revoked');
          release.open();
          await reader.take(ALL);
          happened.push('handler returned');
        });
        await assigned.opened;
        const closed = subscription.close().then(() => happened.push('closed'));
        await release.opened;
        await closed;
        expect(happened).toEqual(['revoked', 'handler returned', 'closed']);
        await subscription.ended;
        await subscription.close();
      });

      it('let a waiting take return at once when they are closed', async () => {
        const assigned = gate();
        const taken: number[] = [];
        const subscription = await log.read(group, [topic], async (reader) => {
          const taking = reader.take({ ...ALL, maxWaitMs: 50_000 });
          if (reader.partition === 0) assigned.open();
          taken.push((await taking).length);
        });
        await assigned.opened;
        const started = performance.now();
        await subscription.close();
        expect(performance.now() - started).toBeLessThan(40_000);
        expect(new Set(taken)).toEqual(new Set([0]));
      });

      it('accept no commit and give no records after revocation', async () => {
        const [first] = await log.append(topic, records(2, 'v'));
        const { partition, offset } = first!;
        let kept: PartitionReader | undefined;
        await asOwner(log, group, topic, partition, async (reader) => {
          kept = reader;
          expect(reader.owned()).toBe(true);
          await reader.commit(offset + 1, 'mine');
        });
        expect(kept!.owned()).toBe(false);
        expect(kept!.revoked.aborted).toBe(true);
        expect(await kept!.take(ALL)).toEqual([]);
        await expect(kept!.commit(offset + 2, 'late')).rejects.toMatchObject({ code: 'NOT_OWNER' });
        expect((await log.committed(group, topic))[partition]).toEqual({
          offset: offset + 1,
          metadata: 'mine',
        });
      });

      it('end when the log is closed, which is safe to do twice', async () => {
        const assigned = gate();
        const subscription = await log.read(group, [topic], async (reader) => {
          if (reader.partition === 0) assigned.open();
          await untilRevoked(reader);
        });
        await assigned.opened;
        await Promise.all([log.close(), log.close()]);
        await subscription.ended;
        await subscription.close();
      });
    });

    it('is of no use once closed, and says so', async () => {
      await log.close();
      await expect(log.append(topic, records(1, 'v'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(log.extents(topic)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(log.committed(group, topic)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(log.read(group, [topic], untilRevoked)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  });
}
