import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ReportSchema } from '@lachan/proto/report';
import { StreamReportsRequestSchema } from '@lachan/proto/report-service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleBatch } from '../../sdk/assemble-batch.js';

const pending = (bytes: Uint8Array, ordinal: number) => ({
  reportId: '',
  bytes,
  ordinal,
  deadlineMs: 0,
  resolve: undefined,
});

describe('a batch assembled from encoded reports', () => {
  it('is the StreamReportsRequest that any protobuf library reads, at every size of number', () => {
    const sequence = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat()).filter((n) => n > 0);
    const texts = fc.array(fc.string({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(sequence, texts, (n, infos) => {
        const reports = infos.map((additionalInfo, i) =>
          create(ReportSchema, { reportId: `r-${i}`, additionalInfo }),
        );
        const batch = assembleBatch(
          n,
          reports.map((report, i) => pending(toBinary(ReportSchema, report), i)),
        );
        const expected = create(StreamReportsRequestSchema, { batchSequence: BigInt(n), reports });
        expect(fromBinary(StreamReportsRequestSchema, batch)).toEqual(expected);
        expect(batch).toEqual(toBinary(StreamReportsRequestSchema, expected));
      }),
    );
  });

  it('holds reports longer than 16 KiB', () => {
    const report = create(ReportSchema, { keywords: Array.from({ length: 32 }, () => 'x'.repeat(1_000)) });
    const batch = assembleBatch(1, [pending(toBinary(ReportSchema, report), 0)]);
    expect(fromBinary(StreamReportsRequestSchema, batch).reports).toEqual([report]);
  });
});
