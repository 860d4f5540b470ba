import { describe, expect, it } from 'vitest';

import { decodeEvents } from '../../consumers/takedown/decode-event.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { REPORTED, takedownRecordOf } from '../support/takedown-records.js';

const bytesOf = (change: object = {}): Buffer => {
  // What a later version, or a broken one, may write.
  const record: TakedownRecord = { ...takedownRecordOf(), ...change };
  return takedownRecordCodec.encode(record);
};
const fateOf = (change: object): string => {
  const [decoded] = decodeEvents([{ offset: 7, value: bytesOf(change) }]);
  return decoded?.outcome === 'DEAD_LETTER' ? decoded.reason : decoded!.outcome;
};
const at = (instantMs: number, precision = 'MS'): object => ({ instantMs, precision });
const report = (change: object): object => ({ ...REPORTED, report: { ...REPORTED.report, ...change } });

describe('decoding events', () => {
  it('makes one entry of every record, in order, and dead letters of those that are no events', () => {
    const good = bytesOf();
    const unknown = Buffer.from(good);
    unknown.fill(0, 2, 10);
    const values = [
      good,
      Buffer.alloc(0),
      good.subarray(0, -1),
      unknown,
      bytesOf({ type: 'VANISHED' }),
      good,
    ];
    const decoded = decodeEvents(values.map((value, n) => ({ offset: 40 + n, value })));
    expect(
      decoded.map((one) => [one.offset, one.outcome === 'DEAD_LETTER' ? one.reason : one.record.eventId]),
    ).toEqual([
      [40, 'e-1'],
      [41, 'UNDECODABLE'],
      [42, 'UNDECODABLE'],
      [43, 'UNKNOWN_SCHEMA'],
      [44, 'UNKNOWN_WORD'],
      [45, 'e-1'],
    ]);
    const originals = decoded.map((one) =>
      one.outcome === 'DEAD_LETTER' ? Buffer.from(one.original) : undefined,
    );
    expect(originals).toEqual([undefined, ...values.slice(1, 5), undefined]);
  });

  it('names an event and its case by their keys in hexadecimal', () => {
    const [decoded] = decodeEvents([
      {
        offset: 0,
        value: bytesOf({
          eventKey: Buffer.alloc(16, 0xe1),
          locationKey: Buffer.alloc(16, 0x1c),
          digest: Buffer.alloc(8, 0xd1),
        }),
      },
    ]);
    expect(decoded).toMatchObject({
      eventKey: 'e1'.repeat(16),
      locationKey: '1c'.repeat(16),
      digest: 'd1'.repeat(8),
    });
  });

  it.each([
    ['TRIAGED', true],
    ['RETRACTED', true],
    ['REPORTED', false],
    ['SELF_ACTIONED', false],
    ['BREACHED', false],
    ['NOTICE_REPEATED', false],
    ['BREACH_WITHDRAWN', false],
  ])('knows of %s whether somebody acted: %s', (type, isAct) => {
    const rule = type === 'NOTICE_REPEATED' ? '' : 'rule@1';
    const value = bytesOf({ ...REPORTED, type, reportId: 'ab'.repeat(16), cycle: 1, n: 1, rule });
    expect(decodeEvents([{ offset: 0, value }])).toMatchObject([{ outcome: 'READ', isAct }]);
  });

  it.each([
    ['environment', { environment: 'STAGING' }],
    ['type', { type: '' }],
    ['role', { actorRole: 'ROBOT' }],
    ['precision', { occurredAt: at(0, 'CENTURY') }],
    ['finding', { finding: 'MAYBE' }],
    ['category', { category: 'NEW_CATEGORY' }],
    ['urgency', { urgency: 'TOMORROW' }],
    ['reason', { closedAs: 'BORED' }],
    ['relation', { relation: 'COUSIN' }],
    ['stage', { stage: 'LUNCH' }],
    ['category of a report', report({ category: '' })],
    ['urgency of a report', report({ urgency: 'TOMORROW' })],
    ['source of a report', report({ source: 'RUMOUR' })],
    ['precision of a report', report({ contentCreatedAt: at(0, 'CENTURY') })],
  ])('gives up an event whose %s is a word it does not know', (_, change) => {
    expect(fateOf(change)).toBe('UNKNOWN_WORD');
  });

  it.each([
    ['REPORTED without a report', { type: 'REPORTED' }],
    ['RETRACTED without its report', { type: 'RETRACTED' }],
    ['ASSESSED without a finding', { type: 'ASSESSED' }],
    ['ACTION_CLAIMED by nobody', { type: 'ACTION_CLAIMED' }],
    ['ASSIGNED to nobody', { type: 'ASSIGNED', stage: 'NOTICE' }],
    ['BREACHED of no rule', { type: 'BREACHED', cycle: 1, n: 1 }],
  ])('gives up %s', (_, change) => {
    expect(fateOf(change)).toBe('INCOMPLETE');
  });

  // The columns: UInt32, UInt64, DateTime64 (to the year 9999), and a month of receipt of its own (to 2106).
  it.each([
    ['a version beyond what counts', { seenVersion: -1 }],
    ['a receipt after 2106', { receivedAtMs: 0xffff_ffff * 1_000 + 1_000 }],
    ['a receipt before 1970', { receivedAtMs: -1 }],
    ['an instant before 1970', { occurredAt: at(-1) }],
    ['an instant after the year 9999', { occurredAt: at(253_402_300_800_000) }],
    ['an observation after the year 9999', { observedAtMs: 253_402_300_800_000 }],
    ['content from before 1970', report({ contentCreatedAt: at(-1) })],
    ['a cycle that no column holds', { cycle: 0x1_0000_0000 }],
    ['a notification that no column holds', { n: -1 }],
  ])('gives up %s, which the store could not hold', (_, change) => {
    expect(fateOf(change)).toBe('UNDECODABLE');
  });

  it.each([
    ['the highest version', { seenVersion: Number.MAX_SAFE_INTEGER }],
    ['a receipt in 1970', { receivedAtMs: 0 }],
    ['an instant at the end of 9999', { occurredAt: at(253_402_300_799_999) }],
    ['a report of a history', REPORTED],
  ])('reads %s', (_, change) => {
    expect(fateOf(change)).toBe('READ');
  });
});
