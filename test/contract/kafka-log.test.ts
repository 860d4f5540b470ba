import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ensureTopics, openKafkaLog } from '../../log/kafka.js';
import type { Log, LogRecord, PartitionReader } from '../../log/log.js';
import { deleteRecordsBefore, kafkaLogOptions } from '../support/kafka/log-options.js';
import { kafkaForTests } from '../support/kafka.js';
import { logContract } from './log-contract.js';

const kafka = await kafkaForTests();
const brokers = kafka?.brokers ?? [];
const options = kafkaLogOptions(brokers);

let topics = 0;
async function newTopic(settings = options): Promise<string> {
  const topic = `${kafka!.prefix}-${(topics += 1)}`;
  await ensureTopics(settings, [topic]);
  return topic;
}

const record = (key: string, value: string): LogRecord => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
});

async function untilRevoked({ revoked }: PartitionReader): Promise<void> {
  if (!revoked.aborted) await once(revoked, 'abort');
}

if (kafka !== undefined)
  logContract('the log on Kafka', async () => {
    let log = await openKafkaLog(options);
    return {
      log,
      topic: () => newTopic(),
      async reopen() {
        await log.close();
        log = await openKafkaLog(options);
        return log;
      },
      deleteBefore: (topic, { partition, offset }) => deleteRecordsBefore(brokers, topic, partition, offset),
      release: () => log.close(),
    };
  });

describe.skipIf(kafka === undefined)('the log on Kafka', () => {
  let logs: Log[];
  const open = async (more: Parameters<typeof kafkaLogOptions>[1] = {}): Promise<Log> => {
    const log = await openKafkaLog(kafkaLogOptions(brokers, more));
    logs.push(log);
    return log;
  };

  beforeEach(() => {
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  it('sends a key to the partition where other clients of Kafka send it', async () => {
    const log = await open();
    const topic = await newTopic();
    const keys = Array.from({ length: 60 }, (_, index) => `${'key'.repeat(index % 7)}${index}`);
    const positions = await log.append(
      topic,
      keys.map((key) => record(key, 'v')),
    );
    const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const theirs: number[] = [];
    for (const key of keys) {
      const [sent] = await producer.send({ topic, messages: [{ key, value: 'v' }] });
      theirs.push(sent!.partition);
    }
    await producer.disconnect();
    expect(positions.map(({ partition }) => partition)).toEqual(theirs);
    expect(new Set(theirs).size).toBe(3);
  });

  it('tells DAMAGED for a record without the checksum that belongs to it, after those before it', async () => {
    const log = await open();
    const topic = await newTopic();
    const [good] = await log.append(topic, [record('k', 'good')]);
    const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const { partition } = good!;
    const headers = { crc32: Buffer.alloc(4) };
    await producer.send({ topic, messages: [{ partition, key: 'k', value: 'changed', headers }] });
    await producer.disconnect();

    const taken: string[] = [];
    const subscription = await log.read('test-damaged', [topic], async (reader) => {
      if (reader.partition !== partition) return untilRevoked(reader);
      for (;;)
        for (const { value } of await reader.take({ maxRecords: 10, maxBytes: 1_000, maxWaitMs: 1_000 }))
          taken.push(Buffer.from(value).toString());
    });
    await expect(subscription.ended).rejects.toMatchObject({ code: 'DAMAGED', retryable: false });
    expect(taken).toEqual(['good']);
  });

  it('divides the partitions between two members, each revoked before another one has it', async () => {
    const [first, second] = [await open(), await open()];
    const topic = await newTopic();
    const group = `${topic}-group`;
    const held = new Map<number, PartitionReader>();
    const seen = { first: new Set<number>(), second: new Set<number>() };
    const overlaps: number[] = [];
    const hold = (who: 'first' | 'second') => async (reader: PartitionReader) => {
      if (held.get(reader.partition)?.owned() === true) overlaps.push(reader.partition);
      held.set(reader.partition, reader);
      seen[who].add(reader.partition);
      await untilRevoked(reader);
      expect(reader.owned()).toBe(false);
    };
    const mine = await first.read(group, [topic], hold('first'));
    await expect.poll(() => seen.first.size, { timeout: 20_000 }).toBe(3);
    const kept = [...held.values()];
    const theirs = await second.read(group, [topic], hold('second'));
    await expect.poll(() => seen.second.size, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(seen.second.size).toBe(1);
    for (const reader of kept) expect(reader.revoked.aborted).toBe(true);

    const [moved] = seen.second;
    const lost = kept.find(({ partition }) => partition === moved)!;
    await expect(lost.commit(0, 'late')).rejects.toMatchObject({ code: 'NOT_OWNER' });
    expect((await first.committed(group, topic))[moved!]).toBeUndefined();
    await held.get(moved!)!.commit(0, 'of the new owner');
    expect((await first.committed(group, topic))[moved!]).toEqual({
      offset: 0,
      metadata: 'of the new owner',
    });
    expect(overlaps).toEqual([]);
    await mine.close();
    await expect.poll(() => seen.second.size, { timeout: 20_000 }).toBe(3);
    await theirs.close();
  });

  it('hands a partition to a handler only after the one before has returned', async () => {
    const [first, second] = [await open(), await open()];
    const topic = await newTopic();
    const group = `${topic}-group`;
    const working = new Set<number>();
    const overlaps: number[] = [];
    let assignments = 0;
    const slowly = async (reader: PartitionReader): Promise<void> => {
      if (working.has(reader.partition)) overlaps.push(reader.partition);
      working.add(reader.partition);
      assignments += 1;
      await untilRevoked(reader);
      await pause(700);
      working.delete(reader.partition);
    };
    const mine = await first.read(group, [topic], slowly);
    await expect.poll(() => assignments, { timeout: 20_000 }).toBe(3);
    const passing = await second.read(group, [topic], untilRevoked);
    await expect.poll(() => assignments, { timeout: 20_000 }).toBe(5);
    await passing.close();
    await expect.poll(() => assignments, { timeout: 20_000 }).toBe(8);
    await mine.close();
    expect(overlaps).toEqual([]);
    expect(working.size).toBe(0);
  });

  it('keeps a partition while its handler is busy for longer than a session', async () => {
    const log = await open({ limits: { sessionTimeoutMs: 1_500, heartbeatMs: 100 } });
    const topic = await newTopic();
    const [first] = await log.append(topic, [record('k', 'v')]);
    const { partition, offset } = first!;
    const results: boolean[] = [];
    const subscription = await log.read(`${topic}-group`, [topic], async (reader) => {
      if (reader.partition === partition) {
        await pause(4_000);
        results.push(reader.owned());
        await reader.commit(offset + 1, 'after a long insert');
        results.push(reader.owned());
      }
      await untilRevoked(reader);
    });
    await expect.poll(() => results, { timeout: 20_000 }).toEqual([true, true]);
    await subscription.close();
    expect((await log.committed(`${topic}-group`, topic))[partition]?.offset).toBe(offset + 1);
  });

  it.each([
    ['partitions', { partitions: 4 }, /3 partitions, configured are 4/],
    ['replication', { replication: 3 }, /1 replicas, needed are 3/],
    ['retention', { retentionMs: 7_200_000 }, /retention\.ms is 3600000, needed is 7200000/],
    ['replicas in sync', { minInsyncReplicas: 2 }, /min\.insync\.replicas is 1, needed is 2/],
  ])('refuses a topic with too little of %s, and says so', async (_, wrong, message) => {
    const topic = await newTopic();
    const asked = { ...options, topics: { ...options.topics, ...wrong } };
    const ensured = ensureTopics(asked, [topic]);
    await expect(ensured).rejects.toMatchObject({ name: 'LogFault', code: 'REFUSED' });
    await expect(ensured).rejects.toThrow(message);
  });

  it('refuses a compacted topic: it would lose all but the last record of a key', async () => {
    const topic = `${kafka!.prefix}-compacted`;
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1, configEntries }] });
    await admin.disconnect();
    await expect(ensureTopics(options, [topic])).rejects.toThrow(
      /cleanup\.policy is compact, needed is delete/,
    );
  });

  it('accepts a topic that keeps more than was asked for', async () => {
    const topic = await newTopic();
    const less = { ...options, topics: { ...options.topics, retentionMs: 1_000 } };
    await expect(ensureTopics(less, [topic])).resolves.toBeUndefined();
  });

  it('makes no topic by itself', async () => {
    const log = await open();
    const unknown = `${kafka!.prefix}-unknown`;
    await expect(log.append(unknown, [record('k', 'v')])).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(log.extents(unknown)).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(log.read('test-group', [unknown], untilRevoked)).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
