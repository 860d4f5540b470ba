import { beforeEach, describe, expect, it } from 'vitest';
import { ReportBuffer } from '../../sdk/buffer.js';
import { unsent, type Receipt } from '../../sdk/receipt.js';

const LATE = unsent('', 'DEADLINE', 'late');
const ids = (reports: readonly { readonly reportId: string }[]): string =>
  reports.map((r) => r.reportId).join('');

describe('the buffer of reports', () => {
  let buffer: ReportBuffer;
  let receipts: Receipt[];
  const add = (reportId: string, size = 10, deadlineMs = 100): void =>
    buffer.add(reportId, new Uint8Array(size), deadlineMs, (receipt) => receipts.push(receipt));

  beforeEach(() => {
    buffer = new ReportBuffer({ maxBufferedReports: 4, maxBufferedBytes: 1_000 });
    receipts = [];
  });

  it('hands out batches in order of reporting, limited by reports and by bytes', () => {
    for (const id of ['a', 'b', 'c', 'd']) add(id);
    expect(ids(buffer.take(2, 1_000))).toBe('ab');
    expect(ids(buffer.take(9, 15))).toBe('c');
    expect(buffer.waiting).toBe(1);
    expect(buffer.waitingBytes).toBe(10);
  });

  it('hands out a report that is larger than a batch by itself', () => {
    add('a', 900);
    add('b');
    expect(ids(buffer.take(9, 500))).toBe('a');
  });

  it('has room until reports or bytes without a receipt reach their limit, sent or not', () => {
    for (const id of ['a', 'b', 'c']) add(id);
    expect(buffer.hasRoom).toBe(true);
    add('d');
    buffer.take(4, 1_000);
    expect(buffer.hasRoom).toBe(false);

    buffer = new ReportBuffer({ maxBufferedReports: 4, maxBufferedBytes: 1_000 });
    add('e', 999);
    expect(buffer.hasRoom).toBe(true);
    add('f', 500);
    expect(buffer.hasRoom).toBe(false);
  });

  it('tells everybody who waits when there is room again', async () => {
    for (const id of ['a', 'b', 'c', 'd']) add(id);
    const [first] = buffer.take(1, 1_000);
    const waiting = Promise.all([buffer.room(), buffer.room()]);
    buffer.settle(first!, LATE);
    await waiting;
    expect(buffer.hasRoom).toBe(true);
  });

  it('gives each report one receipt only, and counts it once', () => {
    add('a');
    const [report] = buffer.take(1, 1_000);
    buffer.settle(report!, LATE);
    buffer.settle(report!, unsent('', 'CLOSED', 'later'));
    expect(receipts).toEqual([LATE]);
    expect(buffer.unanswered).toBe(0);
    expect(buffer.tally).toEqual({ accepted: 0, rejected: 0, unsent: 1 });
  });

  it('puts reports back in front of those that came later, without the settled ones', () => {
    for (const id of ['a', 'b', 'c', 'd']) add(id);
    const first = buffer.take(1, 1_000);
    const second = buffer.take(2, 1_000);
    buffer.settle(second[0]!, LATE);
    expect(buffer.putBack(second)).toBe(1);
    expect(buffer.putBack(first)).toBe(1);
    expect(buffer.waitingBytes).toBe(30);
    expect(ids(buffer.take(9, 1_000))).toBe('acd');
  });

  it('gives up the reports whose time is over and keeps the others', () => {
    add('a', 10, 100);
    add('b', 10, 200);
    expect(buffer.firstDeadlineMs).toBe(100);
    expect(ids(buffer.takeExpired(99))).toBe('');
    expect(ids(buffer.takeExpired(100))).toBe('a');
    expect(buffer.firstDeadlineMs).toBe(200);
    expect(buffer.waitingBytes).toBe(10);
  });
});
