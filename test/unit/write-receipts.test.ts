import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ReceiptSchema,
  ReceiptStatus,
  Rule,
  StreamReportsResponseSchema,
  SubmitReportsResponseSchema,
  type Receipt,
} from '@lachan/proto/report-service';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingFields } from '../../gateway/missing-fields.js';
import { uuidText } from '../../gateway/uuid-text.js';
import { ReceiptWriter } from '../../gateway/write-receipts.js';
import { goodReport } from '../support/arbitrary-report.js';
import { reportOf } from '../support/reports.js';

const id = fc.uint8Array({ minLength: 16, maxLength: 16 });
const accepted = fc.record({ init: goodReport, id });
const rejected = fc.record({
  reportId: fc.string({ maxLength: 200 }),
  message: fc.string({ maxLength: 400 }),
});
const receivedAtMs = fc.integer({ min: 0, max: 253_402_300_799_999 });
/** Behind so many others, so that its index takes more than one byte. */
const before = fc.constantFrom(0, 1, 126, 127, 128, 900);

describe('the receipts of a batch', () => {
  it('are byte for byte what protobuf-es writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(accepted, rejected), { minLength: 1, maxLength: 6 }),
        receivedAtMs,
        before,
        (list, atMs, first) => {
          const writer = new ReceiptWriter(SubmitReportsResponseSchema.field.receipts.number, atMs, 1);
          const receipts = list.map((one, i): Receipt => {
            const index = first + i;
            if ('init' in one) {
              const report = reportOf(one.init);
              writer.accept(index, report, one.id);
              return create(ReceiptSchema, {
                index,
                reportId: report.reportId,
                authorityReportId: uuidText(one.id),
                status: ReceiptStatus.ACCEPTED,
                receivedAt: timestampFromMs(atMs),
                missingFields: missingFields(report),
              });
            }
            const { reportId, message } = one;
            const violations = [{ field: 'f', rule: Rule.FORMAT, message, retryable: true }];
            const receipt = create(ReceiptSchema, {
              index,
              reportId,
              status: ReceiptStatus.REJECTED,
              violations,
            });
            writer.reject(receipt);
            return receipt;
          });
          const expected = toBinary(
            SubmitReportsResponseSchema,
            create(SubmitReportsResponseSchema, { receipts }),
          );
          expect(writer.end().toString('hex')).toBe(Buffer.from(expected).toString('hex'));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stand under the number that they have in the response', () => {
    const { number } = StreamReportsResponseSchema.field.receipts;
    const receipt = create(ReceiptSchema, { index: 3, status: ReceiptStatus.REJECTED });
    const writer = new ReceiptWriter(number, 0, 1);
    writer.reject(receipt);
    const expected = create(StreamReportsResponseSchema, { receipts: [receipt] });
    expect(new Uint8Array(writer.end())).toEqual(toBinary(StreamReportsResponseSchema, expected));
  });
});
