import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ChunkCursor, encodeChunks, type Chunk } from '../../log/chunk.js';
import { LogFault } from '../../log/log.js';
import { decodeMark, encodeMark } from '../../log/mark.js';

const values = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 20 });
const first = fc.nat({ max: Number.MAX_SAFE_INTEGER - 100 });

const readAll = (chunk: Chunk): Uint8Array[] => {
  const cursor = new ChunkCursor(chunk);
  const read = [];
  while (cursor.next < cursor.end) read.push(cursor.read());
  return read;
};

/** What could be read before the chunk was found to be damaged. */
const readUntilDamaged = (chunk: Chunk): Uint8Array[] => {
  const read: Uint8Array[] = [];
  try {
    const cursor = new ChunkCursor(chunk);
    while (cursor.next < cursor.end) read.push(cursor.read());
  } catch (fault) {
    if (!(fault instanceof LogFault) || fault.code !== 'DAMAGED') throw fault;
  }
  return read;
};

describe('a chunk', () => {
  it('gives back the values it was made of', () => {
    fc.assert(
      fc.property(first, values, (start, given) => {
        const chunks = encodeChunks(start, given);
        expect(chunks.map((chunk) => chunk.first)).toEqual([start]);
        expect(chunks.flatMap(readAll).map((value) => [...value])).toEqual(given.map((value) => [...value]));
      }),
    );
  });

  it('can be read from any of its records on', () => {
    const given = [3, 0, 5, 1].map((length) => new Uint8Array(length).fill(length));
    const [chunk] = encodeChunks(100, given);
    const cursor = new ChunkCursor(chunk!);
    cursor.skipTo(102);
    expect([...cursor.read()]).toEqual([5, 5, 5, 5, 5]);
    expect(cursor.next).toBe(103);
    expect(cursor.end).toBe(104);
  });

  it('never gives another value than was put in, whichever byte of it is changed', () => {
    fc.assert(
      fc.property(first, values, fc.nat(), fc.integer({ min: 1, max: 255 }), (start, given, at, change) => {
        const [chunk] = encodeChunks(start, given);
        const bytes = Buffer.from(chunk!.bytes);
        bytes[at % bytes.length]! ^= change;
        const read = readUntilDamaged({ first: start, bytes });
        expect(read.map((value) => [...value])).toEqual(
          given.slice(0, read.length).map((value) => [...value]),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is found out when it is cut short or stands at another offset', () => {
    const [chunk] = encodeChunks(7, [Buffer.from('one'), Buffer.from('two')]);
    const { bytes } = chunk!;
    expect(() => readAll({ first: 7, bytes: bytes.subarray(0, -1) })).toThrow(LogFault);
    expect(() => readAll({ first: 7, bytes: bytes.subarray(0, 3) })).toThrow(LogFault);
    expect(() => readAll({ first: 8, bytes })).toThrow(LogFault);
  });

  it('ends before it grows beyond a quarter of a mebibyte; a larger record has one of its own', () => {
    const given = [100_000, 100_000, 100_000, 1_048_576, 10].map((length) => new Uint8Array(length));
    const chunks = encodeChunks(0, given);
    expect(chunks.map((chunk) => chunk.first)).toEqual([0, 2, 3, 4]);
  });
});

describe('a mark', () => {
  const mark = { at: Number.MAX_SAFE_INTEGER, bytes: 12, note: '{"pending":[1,2]}' };

  it('comes back as it was', () => {
    expect(decodeMark(encodeMark(mark))).toEqual(mark);
  });

  it('is found out when any of its bytes is changed', () => {
    const encoded = encodeMark(mark);
    for (let at = 0; at < encoded.length; at += 1) {
      const changed = Buffer.from(encoded);
      changed[at]! ^= 0x10;
      expect(() => decodeMark(changed)).toThrow(LogFault);
    }
    expect(() => decodeMark(encoded.subarray(0, 10))).toThrow(LogFault);
  });
});
