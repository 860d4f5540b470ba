// Reads a Produce request back with the decoder of a client that others wrote.
import { createRequire } from 'node:module';

interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readString(): string | null;
  readBytes(length: number): Buffer;
  canReadBytes(length: number): boolean;
}

interface DecodedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
  readonly attributes: number;
}

export interface DecodedBatch {
  readonly topic: string | null;
  readonly partition: number;
  readonly bytes: Buffer;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly partitionLeaderEpoch: number;
  readonly inTransaction: boolean;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly records: readonly DecodedRecord[];
}

export interface DecodedProduce {
  readonly acks: number;
  readonly timeoutMs: number;
  readonly batches: readonly DecodedBatch[];
}

const require = createRequire(import.meta.url);
const decoderOf = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => Decoder;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: Decoder,
) => Promise<Omit<DecodedBatch, 'topic' | 'partition' | 'bytes'>>;

/** Rejects when anything is left over. */
export async function decodeProduce(body: Buffer): Promise<DecodedProduce> {
  const decoder = new decoderOf(body);
  const transaction = decoder.readString();
  if (transaction !== null) throw new Error('The request belongs to a transaction.');
  const acks = decoder.readInt16();
  const timeoutMs = decoder.readInt32();
  const batches: DecodedBatch[] = [];
  for (let topics = decoder.readInt32(); topics > 0; topics -= 1) {
    const topic = decoder.readString();
    for (let partitions = decoder.readInt32(); partitions > 0; partitions -= 1) {
      const partition = decoder.readInt32();
      const bytes = decoder.readBytes(decoder.readInt32());
      const one = new decoderOf(bytes);
      batches.push({ topic, partition, bytes, ...(await decodeBatch(one)) });
      if (one.canReadBytes(1)) throw new Error('Bytes are left behind a batch.');
    }
  }
  if (decoder.canReadBytes(1)) throw new Error('Bytes are left behind the request.');
  return { acks, timeoutMs, batches };
}
