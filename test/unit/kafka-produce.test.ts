import { crc32 } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc32c } from '../../log/crc32c.js';
import { encodeProduce } from '../../log/kafka-produce.js';
import type { LogRecord } from '../../log/log.js';
import { decodeProduce, type DecodedBatch } from '../support/kafka/decode-produce.js';

const record = (key: string, value: Uint8Array): LogRecord => ({ key: Buffer.from(key), value });
const TIMEOUT_MS = 1_234;

async function batchOf(records: readonly LogRecord[]): Promise<DecodedBatch> {
  const { batches } = await decodeProduce(encodeProduce([{ topic: 't', partition: 0, records }], TIMEOUT_MS));
  expect(batches).toHaveLength(1);
  return batches[0]!;
}

/** What the broker checks, and what of a record is ours to say. */
function expectToHold({ bytes, records, lastOffsetDelta }: DecodedBatch, sent: readonly LogRecord[]): void {
  expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)));
  expect(bytes.readInt32BE(8)).toBe(bytes.length - 12);
  expect(bytes.readInt32BE(57)).toBe(sent.length);
  expect(lastOffsetDelta).toBe(sent.length - 1);
  const found = records.map(({ offset, key, value, attributes, headers }) => [
    ...[offset, attributes, key?.toString('latin1'), value?.toString('latin1')],
    ...Object.entries(headers).map(([name, content]) => `${name} ${content.toString('hex')}`),
  ]);
  expect(found).toEqual(
    sent.map(({ key, value }, place) => [
      ...[String(place), 0, Buffer.from(key).toString('latin1'), Buffer.from(value).toString('latin1')],
      `crc32 ${crc32(value).toString(16).padStart(8, '0')}`,
    ]),
  );
}

describe('a Produce request', () => {
  it('is byte for byte as the protocol lays it out', () => {
    const body = encodeProduce(
      [{ topic: 'ab', partition: 3, records: [record('k', Buffer.from('v'))] }],
      258,
    );
    // Worked out by hand from the protocol guide, the checksums by another program.
    const expected = [
      ['ffff', 'no transaction'],
      ['ffff', 'all replicas in sync'],
      ['00000102', 'time limit'],
      ['00000001', 'one topic'],
      ['00026162', 'its name'],
      ['00000001', 'one partition'],
      ['00000003', 'its number'],
      ['00000051', 'bytes of the batch'],
      ['0000000000000000', 'base offset'],
      ['00000045', 'length of the rest'],
      ['ffffffff', 'leader epoch'],
      ['02', 'format'],
      ['16c36354', 'CRC-32C of all that follows'],
      ['0000', 'attributes'],
      ['00000000', 'last offset delta'],
      ['ffffffffffffffff', 'first timestamp'],
      ['ffffffffffffffff', 'max timestamp'],
      ['ffffffffffffffff', 'producer id'],
      ['ffff', 'producer epoch'],
      ['ffffffff', 'base sequence'],
      ['00000001', 'one record'],
      ['26', 'of 19 bytes'],
      ['000000', 'attributes, timestamp delta, offset delta'],
      ['026b', 'key'],
      ['0276', 'value'],
      ['02', 'one header'],
      ['0a6372633332', 'crc32'],
      ['086b643b84', 'CRC-32 of the value'],
    ];
    expect(body.toString('hex')).toBe(expected.map(([hex]) => hex).join(''));
  });

  it('asks all replicas in sync, within the time limit, without transaction or sequence', async () => {
    const parts = [{ topic: 't', partition: 0, records: [record('k', Buffer.from('v'))] }];
    const { acks, timeoutMs, batches } = await decodeProduce(encodeProduce(parts, TIMEOUT_MS));
    expect({ acks, timeoutMs }).toEqual({ acks: -1, timeoutMs: TIMEOUT_MS });
    expect(batches[0]).toMatchObject({
      inTransaction: false,
      producerId: '-1',
      producerEpoch: -1,
      firstSequence: -1,
      partitionLeaderEpoch: -1,
      // The broker stamps: with no time of ours, a topic that does not could not delete records as ancient either.
      firstTimestamp: '-1',
      maxTimestamp: '-1',
    });
  });

  it('keeps the batches of several topics and partitions apart', async () => {
    const parts = [
      { topic: 'lachan.reports.v1', partition: 11, records: [record('a', Buffer.from('1'))] },
      { topic: 'lachan.reports.v1', partition: 0, records: [record('b', Buffer.from('2'))] },
      { topic: 'x', partition: 2, records: [record('c', Buffer.from('3')), record('d', Buffer.from('4'))] },
    ];
    const { batches } = await decodeProduce(encodeProduce(parts, TIMEOUT_MS));
    expect(batches.map(({ topic, partition }) => ({ topic, partition }))).toEqual(
      parts.map(({ topic, partition }) => ({ topic, partition })),
    );
    batches.forEach((batch, index) => expectToHold(batch, parts[index]!.records));
  });

  it.each([
    ['empty key and empty value', [record('', new Uint8Array(0))]],
    ['a value of one mebibyte', [record('key', new Uint8Array(1_048_576).fill(7))]],
    [
      '9,000 records',
      Array.from({ length: 9_000 }, (_, index) => record(`k${index}`, Buffer.from(`v${index}`))),
    ],
    [
      'values whose lengths need one, two and three bytes',
      [63, 64, 8_191, 8_192].map((length) => record('k', new Uint8Array(length).fill(1))),
    ],
  ])('carries %s', async (_, records) => {
    expectToHold(await batchOf(records), records);
  });

  it('carries any records as they are', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const anyRecord = fc.record({ key: bytes, value: bytes });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 150 }), async (records) => {
        expectToHold(await batchOf(records), records);
      }),
    );
  });
});
