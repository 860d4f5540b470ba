import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answeredMark,
  findFrame,
  frameLength,
  putFrame,
  readAnswered,
  type KeptReport,
} from '../../sdk/spool-frame.js';

const SALT = 0x51a7_51a7;

const report: fc.Arbitrary<KeptReport> = fc.record({
  atMs: fc.nat({ max: 2 ** 45 }),
  reportId: fc.string({ unit: 'grapheme', maxLength: 12 }),
  bytes: fc.uint8Array({ maxLength: 40 }),
});
const reports = fc.array(report, { minLength: 1, maxLength: 6 });

function file(kept: readonly KeptReport[], salt = SALT): Buffer {
  const bytes = Buffer.alloc(kept.reduce((length, one) => length + frameLength(one), 0));
  let end = 0;
  for (const one of kept) end = putFrame(bytes, end, one, salt);
  return bytes;
}

function readAll(bytes: Buffer, salt = SALT): KeptReport[] {
  const found: KeptReport[] = [];
  for (let next = findFrame(bytes, 0, salt); next !== undefined; next = findFrame(bytes, next.end, salt)) {
    found.push(next.report);
  }
  return found;
}

describe('the file of kept reports', () => {
  it('gives back what was written, in order', () => {
    fc.assert(
      fc.property(reports, (kept) => {
        expect(readAll(file(kept))).toEqual(kept);
      }),
    );
  });

  it('loses one report, and no other, to any byte that is flipped', () => {
    fc.assert(
      fc.property(reports, fc.nat(), fc.integer({ min: 1, max: 255 }), (kept, place, flip) => {
        const bytes = file(kept);
        const at = place % bytes.length;
        let end = 0;
        const hit = kept.findIndex((one) => (end += frameLength(one)) > at);
        bytes[at]! ^= flip;
        expect(readAll(bytes)).toEqual(kept.toSpliced(hit, 1));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives back every whole report before a torn end', () => {
    fc.assert(
      fc.property(reports, fc.nat(), (kept, place) => {
        const bytes = file(kept);
        const length = place % bytes.length;
        let end = 0;
        const whole = kept.filter((one) => (end += frameLength(one)) <= length);
        expect(readAll(bytes.subarray(0, length))).toEqual(whole);
      }),
    );
  });

  it('does not take the text of a damaged report for a report', () => {
    const forged = file([{ atMs: 1, reportId: 'forged', bytes: new Uint8Array([1]) }], SALT + 1);
    const bytes = file([{ atMs: 1, reportId: 'r-1', bytes: forged }]);
    bytes[5]! ^= 1;
    expect(readAll(bytes)).toEqual([]);
  });

  it('reads any bytes at all without fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(readAll(Buffer.from(noise))).toEqual([]);
      }),
    );
  });
});

describe('the marks beside it', () => {
  const marks = (): Buffer => Buffer.concat([answeredMark(100, SALT), answeredMark(250, SALT)]);

  it('say how far reports have receipts', () => {
    expect(readAnswered(marks(), SALT)).toBe(250);
    expect(readAnswered(Buffer.alloc(0), SALT)).toBe(0);
  });

  it('never say more than was so, whatever byte is flipped', () => {
    fc.assert(
      fc.property(fc.nat({ max: 15 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const flipped = marks();
        flipped[at]! ^= flip;
        expect(readAnswered(flipped, SALT)).toBe(at < 8 ? 250 : 100);
      }),
    );
  });
});
