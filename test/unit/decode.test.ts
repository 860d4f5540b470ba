import { describe, expect, it } from 'vitest';

import { decode, type Decoded } from '../../consumers/decode.js';
import { FloodGuard } from '../../consumers/flood-guard.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { RECEIVED_AT_MS, recordOf } from '../support/records.js';

const bytesOf = (change: Partial<ReportRecord> = {}): Buffer => reportRecordCodec.encode(recordOf(change));
const outcomeOf = (change: Partial<ReportRecord>): string =>
  decode([{ offset: 0, value: bytesOf(change) }])[0]!.outcome;
const at = (instantMs: number) => ({ instantMs, precision: 'MS' }) as const;

describe('decoding', () => {
  it('makes one entry of every record, in order, and dead letters of those it cannot read', () => {
    const good = bytesOf();
    const unknown = Buffer.from(good);
    unknown.fill(0, 2, 10);
    const values = [good, Buffer.alloc(0), good.subarray(0, -1), unknown, Buffer.from('random bytes'), good];
    const decoded = decode(values.map((value, offset) => ({ offset: 40 + offset, value })));
    expect(
      decoded.map((one) => [one.offset, one.outcome === 'DEAD_LETTER' ? one.reason : one.record.reportId]),
    ).toEqual([
      [40, 'r-1'],
      [41, 'UNDECODABLE'],
      [42, 'UNDECODABLE'],
      [43, 'UNKNOWN_SCHEMA'],
      [44, 'UNDECODABLE'],
      [45, 'r-1'],
    ]);
    const originals = decoded.map((one) =>
      one.outcome === 'DEAD_LETTER' ? Buffer.from(one.original) : undefined,
    );
    expect(originals).toEqual([undefined, ...values.slice(1, 5), undefined]);
  });

  // The columns: UInt32, UInt64, DateTime in the views (to 2106), DateTime64 (to the year 9999), a share of one.
  it.each<[string, Partial<ReportRecord>]>([
    ['the highest revision', { revision: 0xffff_ffff }],
    ['the longest stream', { streamSequence: Number.MAX_SAFE_INTEGER }],
    ['a receipt in 1970', { receivedAtMs: 0 }],
    ['a receipt in 2106', { receivedAtMs: 0xffff_ffff * 1_000 }],
    ['an instant in 1970', { incidentAt: at(0) }],
    ['an instant at the end of 9999', { incidentAt: at(253_402_300_799_999) }],
    ['no confidence', { confidence: null }],
    ['the least confidence', { confidence: 0 }],
    ['the highest confidence', { confidence: 1 }],
    ['the largest bundle', { bundle: { id: 'b', incidentCount: 0xffff_ffff } }],
  ])('reads %s', (_, change) => {
    expect(outcomeOf(change)).toBe('READ');
  });

  it.each<[string, Partial<ReportRecord>]>([
    ['a revision below nothing', { revision: -1 }],
    ['a revision of more than 32 bits', { revision: 2 ** 32 }],
    ['a stream sequence below nothing', { streamSequence: -1 }],
    ['a receipt before 1970', { receivedAtMs: -1 }],
    ['a receipt after 2106', { receivedAtMs: 2 ** 32 * 1_000 }],
    ['an instant before 1970', { contentCreatedAt: at(-1) }],
    ['an instant before 1970', { detectedAt: at(-1) }],
    ['an instant before 1970', { decidedAt: at(-RECEIVED_AT_MS) }],
    ['an instant after 9999', { incidentAt: at(253_402_300_800_000) }],
    ['an instant after 9999', { reportedAt: at(Number.MAX_SAFE_INTEGER) }],
    ['a confidence below nothing', { confidence: -0.1 }],
    ['a confidence above one', { confidence: 1.1 }],
    ['a confidence that is no number', { confidence: NaN }],
    ['a confidence without end', { confidence: Infinity }],
    ['a bundle of less than nothing', { bundle: { id: 'b', incidentCount: -1 } }],
    ['a bundle of more than 32 bits', { bundle: { id: 'b', incidentCount: 2 ** 32 } }],
    ['a key that no hash gives', { recordKey: Buffer.alloc(16) }],
  ])('makes a dead letter of what has no place in a row: %s', (_, change) => {
    expect(outcomeOf(change)).toBe('DEAD_LETTER');
  });
});

describe('a flood of dead letters', () => {
  const batch = (outcomes: string): Decoded[] =>
    Array.from(outcomes, (outcome, offset) =>
      outcome === 'x'
        ? {
            outcome: 'DEAD_LETTER',
            offset,
            reason: 'UNDECODABLE',
            stage: 'decode',
            original: Buffer.alloc(0),
          }
        : { outcome: 'READ', offset, record: recordOf() },
    );

  it('stops the partition, also when it goes over several batches', () => {
    const guard = new FloodGuard(4);
    guard.watch(batch('.xx'));
    guard.watch(batch('xx'));
    expect(() => {
      guard.watch(batch('x.'));
    }).toThrow(/more than 4 records in a row cannot be read/);
  });

  it('is not what single ones make among good records, however many', () => {
    const guard = new FloodGuard(4);
    for (let n = 0; n < 100; n += 1) guard.watch(batch('xxxx.'));
  });
});
