import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decode, type Decoded } from '../../consumers/decode.js';
import type { Judged } from '../../consumers/deduplicate.js';
import { encodeRows } from '../../consumers/encode-row.js';
import { isUnreadable, replayedRecordCodec, reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { anyRecord } from '../support/arbitrary-record.js';
import { readNative, type NativeRow } from '../support/read-native.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';

const bytesOf = (change: Partial<ReportRecord> = {}): Buffer => reportRecordCodec.encode(recordOf(change));
const outcomeOf = (change: Partial<ReportRecord>): string =>
  decode([{ offset: 0, value: bytesOf(change) }])[0]!.outcome;
const keyOf = (decoded: Decoded): string | undefined =>
  decoded.outcome === 'READ' ? Buffer.from(decoded.record.recordKey).toString('hex') : undefined;
const KEY = Buffer.from(recordOf().recordKey).toString('hex');
const at = (instantMs: number) => ({ instantMs, precision: 'MS' }) as const;

describe('decoding', () => {
  it('makes one entry of every record, in order, and dead letters of those it cannot read', () => {
    const good = bytesOf();
    const unknown = Buffer.from(good);
    unknown.fill(0, 2, 10);
    const values = [good, Buffer.alloc(0), good.subarray(0, -1), unknown, Buffer.from('random bytes'), good];
    const decoded = decode(values.map((value, offset) => ({ offset: 40 + offset, value })));
    expect(
      decoded.map((one) => [one.offset, one.outcome === 'DEAD_LETTER' ? one.reason : keyOf(one)]),
    ).toEqual([
      [40, KEY],
      [41, 'UNDECODABLE'],
      [42, 'UNDECODABLE'],
      [43, 'UNKNOWN_SCHEMA'],
      [44, 'UNDECODABLE'],
      [45, KEY],
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

describe('reading bytes that may be anything', () => {
  const readable = (value: Uint8Array): boolean => decode([{ offset: 0, value }])[0]!.outcome === 'READ';

  it('gives every record its row, and takes nothing for one that the codec refuses', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.constantFrom(0, 0, 1, 7) });
    fc.assert(
      fc.property(anyRecord, change, (record, { at: place, byte, cut }) => {
        const good = reportRecordCodec.encode(record);
        expect(readable(good)).toBe(true);
        const changed = Buffer.from(good.subarray(0, good.length - cut));
        changed[10 + (place % (changed.length - 10))] = byte;
        if (!readable(changed)) return;
        const read = reportRecordCodec.decode(changed);
        expect(isUnreadable(read)).toBe(false);
        expect(rowOf(changed)).toEqual(rowOf(reportRecordCodec.encode(read as ReportRecord)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds text that is no UTF-8, wherever it stands', () => {
    const mark = 'X'.repeat(9);
    const places: Partial<ReportRecord>[] = [
      { reportId: mark },
      { annotations: ['a', mark] },
      { locations: [locationOf(mark)] },
      { sealed: [{ field: mark, token: Buffer.alloc(16), box: Buffer.alloc(1) }] },
    ];
    for (const place of places) {
      const bytes = bytesOf(place);
      expect(readable(bytes)).toBe(true);
      bytes[bytes.indexOf(mark) + 4] = 0xff;
      expect(readable(bytes)).toBe(false);
    }
  });

  it('takes no number that its two readers would read differently', () => {
    const item = {
      contentTypes: [],
      sizeBytes: 2 ** 52,
      uploadedAt: null,
      publiclyAvailable: null,
      viewedByProvider: null,
      annotations: [],
      fingerprints: [],
    };
    const bytes = bytesOf({ items: [item] });
    expect(readable(bytes)).toBe(true);
    // 2^53 as a variable-length integer is 2^52 in zigzag; one more is -2^52 - 1, which avsc reads as 2^52.
    const at = bytes.indexOf(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]));
    bytes[at] = 0x81;
    expect(readable(bytes)).toBe(false);
  });

  it('takes no time for a few bytes that announce very many', () => {
    const bytes = bytesOf({ locations: [], annotations: [], items: [], severities: [] });
    const huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    let refused = 0;
    for (let place = 10; place < bytes.length; place += 1) {
      const bomb = Buffer.concat([bytes.subarray(0, place), Buffer.from(huge), bytes.subarray(place + 1)]);
      if (readable(bomb)) expect(isUnreadable(reportRecordCodec.decode(bomb))).toBe(false);
      else refused += 1;
    }
    // Within keys, digests and texts it is content like any other, if only of another length.
    expect(refused).toBeGreaterThan(bytes.length / 2);
  });

  function rowOf(value: Uint8Array): NativeRow | undefined {
    const judged = decode([{ offset: 0, value }]).map((one): Judged => {
      if (one.outcome !== 'READ') throw new Error('cannot be read');
      return { ...one, outcome: 'REPORT', conflictFields: [] };
    });
    const enrichLocation = () => ({ country: '', asn: 0 });
    const context = { epoch: 1, partition: 0, landedAtMs: 0, enrichLocation, lookupVersions: '' };
    return readNative(encodeRows(judged, context)).rows[0];
  }
});

describe('decoding a replay', () => {
  const position = { epoch: 2, partition: 0, offset: 41 };
  const replayOf = (original: Buffer, change: Partial<typeof position> = {}): Buffer =>
    replayedRecordCodec.encode({ ...position, ...change, original });
  const decoded = (value: Buffer): Decoded => decode([{ offset: 50, value }])[0]!;

  it('reads the report in it and remembers the dead letter it is a replay of', () => {
    const replayed = decoded(replayOf(bytesOf()));
    expect(replayed).toMatchObject({ outcome: 'READ', offset: 50, replayOf: '2:0:41' });
    expect(keyOf(replayed)).toBe(KEY);
  });

  it('makes a dead letter of bytes that still cannot be read: as they stood at first, pointing to the first', () => {
    const original = Buffer.from('still no record');
    const again = decoded(replayOf(original));
    expect(again).toMatchObject({ outcome: 'DEAD_LETTER', reason: 'UNDECODABLE', replayOf: '2:0:41' });
    if (again.outcome === 'DEAD_LETTER') expect(Buffer.from(again.original)).toEqual(original);
    expect(decoded(replayOf(bytesOf({ revision: -1 })))).toMatchObject({
      outcome: 'DEAD_LETTER',
      replayOf: '2:0:41',
    });
  });

  it('refuses a replay within a replay', () => {
    const inner = replayOf(bytesOf());
    const outer = decoded(replayOf(inner, { offset: 42 }));
    expect(outer).toMatchObject({ outcome: 'DEAD_LETTER', reason: 'UNKNOWN_SCHEMA', replayOf: '2:0:42' });
    if (outer.outcome === 'DEAD_LETTER') expect(Buffer.from(outer.original)).toEqual(inner);
  });

  it('takes no envelope for a replay that it cannot read to its end, and keeps all its bytes', () => {
    const whole = replayOf(bytesOf());
    const cuts = Array.from({ length: whole.length - 1 }, (_, n) => whole.subarray(0, n + 1));
    for (const value of [...cuts, Buffer.concat([whole, Buffer.from('x')])]) {
      expect(decoded(value)).toEqual({
        outcome: 'DEAD_LETTER',
        offset: 50,
        reason: 'UNDECODABLE',
        stage: 'decode',
        original: value,
        replayOf: '',
      });
    }
  });

  it.each<[string, Partial<typeof position>]>([
    ['no epoch', { epoch: 0 }],
    ['an epoch below nothing', { epoch: -1 }],
    ['an epoch of more than 32 bits', { epoch: 2 ** 32 }],
    ['a partition below nothing', { partition: -1 }],
    ['a partition of more than 32 bits', { partition: 2 ** 32 }],
    ['an offset below nothing', { offset: -1 }],
  ])('takes no envelope for a replay that names a place with %s', (_, change) => {
    const value = replayOf(bytesOf(), change);
    expect(decoded(value)).toMatchObject({ outcome: 'DEAD_LETTER', original: value, replayOf: '' });
  });
});
