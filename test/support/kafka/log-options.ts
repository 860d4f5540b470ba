// How tests open the log on Kafka: short sessions, small topics.
import { Kafka, logLevel } from 'kafkajs';

import type { KafkaLogOptions } from '../../../log/kafka.js';

/** As an operator would, but quick to notice what died. */
export function kafkaLogOptions(
  brokers: readonly string[],
  { topics, limits, ...more }: Partial<KafkaLogOptions> = {},
): KafkaLogOptions {
  return {
    brokers,
    clientId: 'lachan-test',
    topics: { partitions: 3, replication: 1, minInsyncReplicas: 1, retentionMs: 3_600_000, ...topics },
    now: () => performance.now(),
    limits: {
      sessionTimeoutMs: 6_000,
      heartbeatMs: 200,
      rebalanceTimeoutMs: 6_000,
      fetchWaitMs: 100,
      requestTimeoutMs: 5_000,
      ...limits,
    },
    ...more,
  };
}

/** Deletes what stands before `offset`, as retention would. */
export async function deleteRecordsBefore(
  brokers: readonly string[],
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  if (!topic.includes('test')) throw new Error(`${topic} is no topic of a test.`);
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    // Only what was asked about is known to the client.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  } finally {
    await admin.disconnect();
  }
}
