// A Produce request as the brokers read it. The client's own encoding makes several objects and buffers a record and
// was a quarter of what a gateway computes.
import { BATCH_HEADER_BYTES, recordBytes, writeBatch } from './kafka-batch.js';
import type { TopicPartition } from './kafka-wire.js';
import type { LogRecord } from './log.js';

/** The version of the request whose body `encodeProduce` writes. */
export const PRODUCE_VERSION = 7;
export const ALL_IN_SYNC_REPLICAS = -1;

/** Transaction (none), acknowledgements, time limit, number of topics. */
const REQUEST_BYTES = 2 + 2 + 4 + 4;
/** Length of the name, number of partitions, partition, length of the batch. */
const TOPIC_BYTES = 2 + 4 + 4 + 4;

/** What one request brings to one partition; at least one record. */
export interface PartitionRecords extends TopicPartition {
  readonly records: readonly LogRecord[];
}

/** The body of a request to one leader. `timeoutMs`: how long it waits for the other replicas. */
export function encodeProduce(parts: readonly PartitionRecords[], timeoutMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(mostBytes(parts));
  let at = bytes.writeInt16BE(-1, 0);
  at = bytes.writeInt16BE(ALL_IN_SYNC_REPLICAS, at);
  at = bytes.writeInt32BE(timeoutMs, at);
  // A topic with several partitions stands there several times.
  at = bytes.writeInt32BE(parts.length, at);
  for (const { topic, partition, records } of parts) {
    at = bytes.writeInt16BE(topic.length, at);
    at += bytes.write(topic, at, 'latin1');
    at = bytes.writeInt32BE(1, at);
    at = bytes.writeInt32BE(partition, at);
    const end = writeBatch(records, bytes, at + 4);
    bytes.writeInt32BE(end - at - 4, at);
    at = end;
  }
  return bytes.subarray(0, at);
}

function mostBytes(parts: readonly PartitionRecords[]): number {
  let most = REQUEST_BYTES;
  for (const { topic, records } of parts) {
    most += TOPIC_BYTES + topic.length + BATCH_HEADER_BYTES;
    for (const record of records) most += recordBytes(record);
  }
  return most;
}
