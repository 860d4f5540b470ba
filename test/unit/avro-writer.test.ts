import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvroWriter } from '../../schemas/avro-writer.js';
import { parseSchema } from '../../schemas/record-codec.js';

const symbols = Array.from({ length: 100 }, (_, i) => `S${i}`);
const fields = [
  { name: 'text', type: 'string' },
  { name: 'whole', type: 'long' },
  { name: 'symbol', type: { type: 'enum', name: 'Symbol', symbols } },
  { name: 'flag', type: ['null', 'boolean'] },
  { name: 'share', type: 'double' },
  { name: 'key', type: { type: 'fixed', name: 'Key', size: 16 } },
  { name: 'bytes', type: 'bytes' },
  { name: 'texts', type: { type: 'array', items: 'string' } },
];
/** The library's own encoder: the measure. */
const schema = parseSchema(JSON.stringify({ type: 'record', name: 'Sample', fields }));

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength, size: 'max' }).map((array) => Buffer.from(array));
const text = fc.oneof(
  fc.string({ maxLength: 300, size: 'max' }),
  fc.string({ unit: 'binary', maxLength: 200, size: 'max' }),
);
const sample = fc.record({
  text,
  whole: fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  symbol: fc.constantFrom(...symbols),
  flag: fc.option(fc.boolean()),
  share: fc.double({ noNaN: true }),
  key: bytes(16, 16),
  bytes: bytes(0, 300),
  texts: fc.array(text, { maxLength: 3 }),
});
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

function write(writer: AvroWriter, one: Sample): Buffer {
  writer.begin();
  writer.string(one.text);
  writer.whole(one.whole);
  writer.symbol(symbols.indexOf(one.symbol), symbols);
  writer.isPresent(one.flag !== null);
  if (one.flag !== null) writer.boolean(one.flag);
  writer.double(one.share);
  writer.fixed(one.key);
  writer.variable(one.bytes);
  if (one.texts.length > 0) writer.whole(one.texts.length);
  for (const each of one.texts) writer.string(each);
  writer.endOfArray();
  return writer.end();
}

describe('what is written', () => {
  it('is byte for byte what avsc writes, however often the buffer was full, and stays so', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 6 }), fc.nat({ max: 2_000 }), (list, size) => {
        const writer = new AvroWriter(size);
        const written = list.map((one) => write(writer, one));
        expect(written.map((one) => one.toString('hex'))).toEqual(
          list.map((one) => schema.toBuffer(one).toString('hex')),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is UTF-8, whatever the text: half of a surrogate pair is written as the replacement character', () => {
    const writer = new AvroWriter(8);
    writer.begin();
    writer.string('a\ud800b');
    expect(writer.end()).toEqual(Buffer.from('\u000aa\ufffdb'));
  });

  it('has its filled-in part where it was reserved', () => {
    const writer = new AvroWriter(8);
    writer.begin();
    writer.string('before');
    const at = writer.lengthThenReserve(200);
    writer.bytes.fill(7, at, at + 200);
    writer.string('behind');
    const type = parseSchema(
      '{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"bytes"},{"name":"c","type":"string"}]}',
    );
    expect(type.fromBuffer(writer.end())).toMatchObject({
      a: 'before',
      b: Buffer.alloc(200, 7),
      c: 'behind',
    });
  });
});

describe('what no schema of ours has', () => {
  it.each([-1, 0.5, NaN, 2 ** 53, Infinity])('is no whole number: %d', (value) => {
    expect(() => new AvroWriter(8).whole(value)).toThrow(RangeError);
  });

  it.each([-1, 2, NaN])('is no symbol: %d', (index) => {
    expect(() => new AvroWriter(8).symbol(index, ['A', 'B'])).toThrow(RangeError);
  });
});
