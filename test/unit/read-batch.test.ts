import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ReportSchema, type Report } from '@lachan/proto/report';
import { Rule, StreamReportsRequestSchema, SubmitReportsRequestSchema } from '@lachan/proto/report-service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, type Content } from '../../gateway/decode-report.js';
import { readBatch, type Batch, type BatchMessage } from '../../gateway/read-batch.js';
import { goodReport } from '../support/arbitrary-report.js';
import { good, reportOf, times } from '../support/reports.js';

const goodBytes = toBinary(ReportSchema, reportOf(good));
const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** A StreamReportsRequest of reports given as bytes. */
function streamOf(batchSequence: bigint, ...reports: Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  if (batchSequence !== 0n) writer.tag(1, WireType.Varint).uint64(batchSequence);
  for (const report of reports) writer.tag(2, WireType.LengthDelimited).bytes(report);
  return writer.finish();
}

interface ShownEntry {
  readonly index: number;
  readonly report: Report | undefined;
}

/** A batch with all that is in it. */
function read(
  bytes: Uint8Array,
  message: BatchMessage = 'StreamReportsRequest',
): Omit<Batch, 'entries'> & { readonly entries: readonly ShownEntry[] } {
  const batch = readBatch(bytes, message);
  if (batch.kind === 'refused') throw new Error(`Refused: ${refusal(bytes, message).join(', ')}`);
  const entries = Array.from(batch.entries, (entry) =>
    entry.report === undefined ? entry : { ...entry, content: shown(entry.content) },
  );
  return { ...batch, entries };
}

/** Reads everything and expects nothing but an answer. */
/** What `read` finds of a report that stands in its canonical form. */
function entryOf(report: Report, index = 0) {
  return { index, report, content: shown(contentOf(toBinary(ReportSchema, report))) };
}

/** The bytes of each field, by its number. */
function shown({ bytes, spans }: Content): readonly (readonly [number | undefined, string])[] | undefined {
  if (spans === undefined) return undefined;
  return Array.from({ length: spans.length / 3 }, (_, i) => {
    const [number, start, end] = spans.slice(i * 3);
    return [number, Buffer.from(bytes.subarray(start, end)).toString('hex')] as const;
  });
}

function readAll(bytes: Uint8Array, message: BatchMessage): void {
  const batch = readBatch(bytes, message);
  const answers = batch.kind === 'refused' ? batch.violations : [...batch.entries];
  expect(answers.length).toBeGreaterThan(0);
}

/** Field and rule of each violation of a batch that is refused as a whole. */
function refusal(bytes: Uint8Array, message: BatchMessage = 'StreamReportsRequest'): string[] {
  const batch = readBatch(bytes, message);
  if (batch.kind === 'batch') throw new Error('Not refused.');
  return batch.violations.map(({ field, rule }) => `${field} ${Rule[rule]}`);
}

describe('a batch', () => {
  it('of a stream is read with its sequence and its reports in order', () => {
    const reports = ['a', 'b', 'c'].map((reportId) => reportOf({ ...good, reportId }));
    const request = create(StreamReportsRequestSchema, { batchSequence: 7n, reports });
    expect(read(toBinary(StreamReportsRequestSchema, request))).toEqual({
      kind: 'batch',
      batchSequence: 7,
      size: 3,
      entries: reports.map(entryOf),
    });
  });

  it('of one call is read without a sequence', () => {
    const request = create(SubmitReportsRequestSchema, { reports: [reportOf(good)] });
    expect(read(toBinary(SubmitReportsRequestSchema, request), 'SubmitReportsRequest')).toEqual({
      kind: 'batch',
      batchSequence: 0,
      size: 1,
      entries: [entryOf(reportOf(good))],
    });
  });

  it('may have 1,000 reports and the sequence 2^53-1', () => {
    const batch = read(streamOf(2n ** 53n - 1n, ...times(1000, goodBytes)));
    expect(batch.batchSequence).toBe(Number.MAX_SAFE_INTEGER);
    expect(batch.entries).toHaveLength(1000);
  });

  it('may tell its sequence after its reports', () => {
    const late = join(streamOf(0n, goodBytes), streamOf(9n));
    expect(read(late).batchSequence).toBe(9);
  });

  it.each([
    ['without a sequence', streamOf(0n, goodBytes), ['batch_sequence RANGE']],
    ['with the sequence 2^53', streamOf(2n ** 53n, goodBytes), ['batch_sequence RANGE']],
    ['with the sequence 2^64-1', streamOf(2n ** 64n - 1n, goodBytes), ['batch_sequence RANGE']],
    ['without reports', streamOf(1n), ['reports REQUIRED']],
    ['with nothing', bytesOf(), ['batch_sequence RANGE', 'reports REQUIRED']],
    ['with 1,001 reports', streamOf(1n, ...times(1001, bytesOf())), ['reports TOO_MANY']],
    ['with an unknown field', join(streamOf(1n, goodBytes), bytesOf(0x18, 1)), ['#3 UNKNOWN_FIELD']],
    ['that breaks off', streamOf(1n, goodBytes).subarray(0, 20), [' MALFORMED']],
    ['with a sequence of another wire type', join(bytesOf(0x0a, 0), streamOf(0n, goodBytes)), [' MALFORMED']],
    ['with a report of another wire type', join(streamOf(1n), bytesOf(0x10, 1)), [' MALFORMED']],
    ['with a varint that never ends', bytesOf(0x08, ...times(11, 0xff)), [' MALFORMED']],
    ['with a length beyond 32 bits', bytesOf(0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 1), [' MALFORMED']],
    ['with field number 0', bytesOf(0x00, 0x00), [' MALFORMED']],
    ['with a group', join(streamOf(1n, goodBytes), bytesOf(0x1b, 0x1c)), [' MALFORMED']],
  ])('%s is refused as a whole', (_, bytes, expected) => {
    expect(refusal(bytes)).toEqual(expected);
  });

  it('may tell a list of values in one piece or one by one', () => {
    const inOnePiece = bytesOf(0x62, 2, 2, 3);
    const oneByOne = bytesOf(0x60, 2, 0x60, 3);
    for (const report of [inOnePiece, oneByOne]) {
      expect(read(streamOf(1n, report)).entries).toMatchObject([
        { report: { additionalCategories: [2, 3] } },
      ]);
    }
  });

  it('that is refused still tells which one it was', () => {
    expect(readBatch(streamOf(5n), 'StreamReportsRequest')).toMatchObject({ batchSequence: 5 });
    expect(readBatch(streamOf(2n ** 60n), 'StreamReportsRequest')).toMatchObject({ batchSequence: 0 });
  });
});

describe('an unreadable report', () => {
  const location = (bytes: Uint8Array): Uint8Array => join(bytesOf(0xa2, 0x01, bytes.length), bytes);
  it.each([
    ['that breaks off', goodBytes.subarray(0, goodBytes.length - 1)],
    ['with text that is not UTF-8', bytesOf(0x0a, 2, 0xc3, 0x28)],
    ['with a surrogate in UTF-8', bytesOf(0x0a, 3, 0xed, 0xa0, 0x80)],
    ['with long text that is not UTF-8', join(bytesOf(0x8a, 0x02, 100), new Uint8Array(100).fill(0xff))],
    ['with a number where text belongs', bytesOf(0x08, 1)],
    ['with text where a number belongs', bytesOf(0x12, 1, 0x61)],
    ['with a location that is longer than the report', bytesOf(0xa2, 0x01, 100, 0x0a, 0)],
    ['with a URL that is longer than its location', location(bytesOf(0x0a, 5, 0x61))],
    ['with a negative length', bytesOf(0x0a, ...times(9, 0xff), 0x01)],
    ['with an open group', times(100, 0x1b)],
    ['with nested groups', [...times(500, 0x1b), ...times(500, 0x1c)]],
    ['with a list of values that breaks off', bytesOf(0x62, 2, 0x01, 0x80)],
    ['with field number 0', bytesOf(0x02, 0)],
  ])('%s is refused alone', (_, bytes) => {
    const bad = Uint8Array.from(bytes);
    const { entries } = read(streamOf(1n, goodBytes, bad, goodBytes));
    expect(entries).toMatchObject([
      { index: 0, report: { reportId: 'r-1' } },
      { index: 1, report: undefined, violations: [{ field: '', rule: Rule.MALFORMED, retryable: false }] },
      { index: 2, report: { reportId: 'r-1' } },
    ]);
  });

  it('never costs the others: of 500 with 3 unreadable ones, 497 are read', () => {
    const reports: Uint8Array[] = times(500, goodBytes);
    for (const index of [0, 250, 499]) reports[index] = bytesOf(0xff);
    const { entries } = read(streamOf(1n, ...reports));
    expect(entries.filter(({ report }) => report === undefined).map(({ index }) => index)).toEqual([
      0, 250, 499,
    ]);
    expect(entries.filter(({ report }) => report !== undefined)).toHaveLength(497);
  });

  it.each([
    ['items', 0xba, 'empty items'],
    ['locations', 0xa2, 'empty locations'],
  ])('of a million values is refused before they become objects: %s', (field, tag) => {
    const bomb = new Uint8Array(3_000_000);
    for (let i = 0; i < bomb.length; i += 3) bomb.set([tag, 0x01, 0], i);
    const { entries } = read(streamOf(1n, bomb));
    expect(entries).toMatchObject([
      { index: 0, report: undefined, violations: [{ field, rule: Rule.TOO_MANY }] },
    ]);
  });

  it('of a million unknown fields or packed values is refused in the same way', () => {
    const unknown = Uint8Array.from(times(500_000, [0xb8, 0x06, 0x01]).flat());
    const packed = new BinaryWriter()
      .tag(12, WireType.LengthDelimited)
      .bytes(new Uint8Array(1_000_000))
      .finish();
    const { entries } = read(streamOf(1n, unknown, packed));
    expect(entries).toMatchObject([
      { violations: [{ field: '#103', rule: Rule.TOO_MANY }] },
      { violations: [{ field: 'additional_categories', rule: Rule.TOO_MANY }] },
    ]);
  });
});

describe('whatever comes over the wire', () => {
  const messages: fc.Arbitrary<BatchMessage> = fc.constantFrom(
    'SubmitReportsRequest',
    'StreamReportsRequest',
  );

  it('is answered, and never by an exception: any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), messages, (bytes, message) => {
        readAll(bytes, message);
        readAll(streamOf(1n, bytes), 'StreamReportsRequest');
      }),
      { numRuns: 3000 },
    );
  });

  it('is answered, and never by an exception: good batches with damage', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        fc.array(goodReport, { minLength: 1, maxLength: 3 }),
        damage,
        fc.nat(),
        (inits, edits, cut) => {
          const bytes = streamOf(3n, ...inits.map((init) => toBinary(ReportSchema, reportOf(init))));
          for (const [position, value] of edits) bytes[position % bytes.length] = value;
          readAll(bytes, 'StreamReportsRequest');
          readAll(bytes.subarray(0, cut % bytes.length), 'StreamReportsRequest');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read as the protobuf library reads it, where it is good', () => {
    fc.assert(
      fc.property(fc.array(goodReport, { minLength: 1, maxLength: 4 }), (inits) => {
        const bytes = streamOf(3n, ...inits.map((init) => toBinary(ReportSchema, reportOf(init))));
        const { reports } = fromBinary(StreamReportsRequestSchema, bytes);
        expect(read(bytes).entries).toEqual(reports.map(entryOf));
      }),
      { numRuns: 100 },
    );
  });
});
