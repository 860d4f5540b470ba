// What the benchmark's figures rest on: its reports are good ones, its journal is exact, and a difference is found.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ReceiptStatus,
  StreamReportsRequestSchema,
  StreamReportsResponseSchema,
} from '@lachan/proto/report-service';
import { describe, expect, it } from 'vitest';
import { compare } from '../bench/compare-journal.js';
import { Journal, NumberPlan } from '../bench/number-plan.js';
import { readAnswer } from '../bench/read-answer.js';
import { reportIdOf, TypicalReports } from '../bench/typical-reports.js';
import { check, RECEIVED_AT_MS } from '../support/reports.js';

describe('the reports of the benchmark', () => {
  const typical = new TypicalReports(RECEIVED_AT_MS);
  const batchOf = (...numbers: number[]) =>
    fromBinary(StreamReportsRequestSchema, typical.batch(7, Float64Array.from(numbers)));

  it('are good reports of about 250 bytes, under the ids of their numbers', () => {
    const batch = batchOf(0, 1, 999, 1_000, 123_456_789_012);
    expect(batch.batchSequence).toBe(7n);
    expect(batch.reports.map(({ reportId }) => reportId)).toEqual([
      'bench-000000000000',
      'bench-000000000001',
      'bench-000000000999',
      'bench-000000001000',
      'bench-123456789012',
    ]);
    expect(batch.reports.flatMap((report) => check(report))).toEqual([]);
    expect(typical.meanBytes).toBeGreaterThan(225);
    expect(typical.meanBytes).toBeLessThan(275);
  });

  it('differ in address and fingerprint, and are the same for the same number', () => {
    const [one, other, again] = batchOf(5, 1_005, 5).reports;
    expect(other?.locations[0]?.url).not.toBe(one?.locations[0]?.url);
    expect(other?.items[0]?.fingerprints[0]?.value).not.toBe(one?.items[0]?.fingerprints[0]?.value);
    expect(again).toEqual(one);
    expect(one?.reportId).toBe(reportIdOf(5));
  });
});

describe('the plan of the benchmark', () => {
  it('hands out every number once, and repeats a share of them', () => {
    const plan = new NumberPlan(0.1, 1);
    const numbers = Array.from({ length: 100 }, () => [...plan.take(500)]).flat();
    expect(new Set(numbers)).toEqual(new Set(Array.from({ length: plan.distinct }, (_, number) => number)));
    expect(numbers.length - plan.distinct).toBeGreaterThan(4_000);
    expect(numbers.length - plan.distinct).toBeLessThan(6_000);
  });
});

describe('an answer of the gateway', () => {
  const accepted = new Uint8Array(1_000);
  const read = (init: Parameters<typeof create<typeof StreamReportsResponseSchema>>[1]) =>
    readAnswer(toBinary(StreamReportsResponseSchema, create(StreamReportsResponseSchema, init)), accepted);

  it('is read with the verdict on each report', () => {
    const receipt = (index: number, status: ReceiptStatus) => ({
      index,
      status,
      reportId: reportIdOf(index),
      authorityReportId: 'b0000000-0000-8000-8000-000000000000',
      receivedAt: timestampFromMs(RECEIVED_AT_MS),
      missingFields: ['severities'],
    });
    const receipts = [
      receipt(0, ReceiptStatus.ACCEPTED),
      receipt(1, ReceiptStatus.REJECTED),
      receipt(2, ReceiptStatus.ACCEPTED),
    ];
    expect(read({ batchSequence: 300n, receipts, credit: 9_000 })).toEqual({
      batchSequence: 300,
      receipts: 3,
      credit: 9_000,
      retryAfterMs: undefined,
      refused: false,
    });
    expect([...accepted.subarray(0, 3)]).toEqual([1, 0, 1]);
  });

  it('is read when it asks to wait', () => {
    const throttle = { retryDelay: durationFromMs(1_250), message: 'later' };
    expect(read({ batchSequence: 2n, throttle, credit: 100 })).toMatchObject({
      batchSequence: 2,
      receipts: 0,
      retryAfterMs: 1_250,
    });
  });

  it('is read when it refuses a whole batch', () => {
    expect(read({ batchSequence: 2n, violations: [{ field: 'reports' }] }).refused).toBe(true);
  });
});

describe('the comparison with the store', () => {
  const journal = new Journal(3_000_000);
  for (const number of [0, 1, 2, 2, 2_500_000]) journal.accept(number);
  const promised = { acceptances: journal.acceptances, journal: journal.ranges() };
  const exact = {
    reports: 4,
    duplicates: 1,
    others: 0,
    ranges: [
      { rows: 3, distinct: 3, sum: 3 },
      { rows: 1, distinct: 1, sum: 2_500_000 },
    ],
  };
  const [first, second] = exact.ranges;

  it.each([
    ['nothing when every accepted report stands once', exact, { lost: 0, doubled: 0 }],
    [
      'a lost report',
      { ...exact, reports: 3, ranges: [first!, { rows: 0, distinct: 0, sum: 0 }] },
      { lost: 1, doubled: 0 },
    ],
    [
      'a report that stands twice',
      { ...exact, reports: 5, ranges: [{ rows: 4, distinct: 3, sum: 5 }, second!] },
      { lost: 0, doubled: 1 },
    ],
    ['a lost repeat', { ...exact, duplicates: 0 }, { lost: 1, doubled: 0 }],
    ['a repeat too many', { ...exact, duplicates: 2 }, { lost: 0, doubled: 1 }],
    ['a conflict that nobody sent', { ...exact, others: 1 }, { lost: 0, doubled: 1 }],
    [
      'another report in the place of one',
      { ...exact, ranges: [{ rows: 3, distinct: 3, sum: 4 }, second!] },
      { lost: 1, doubled: 1 },
    ],
    ['a report outside of what was sent', { ...exact, reports: 5 }, { lost: 0, doubled: 1 }],
  ])('finds %s', (_, stored, difference) => {
    expect(compare(promised, stored)).toEqual(difference);
  });
});
