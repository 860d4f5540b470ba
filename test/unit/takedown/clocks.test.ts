import { describe, expect, it } from 'vitest';
import { dueMs, runningMs } from '../../../takedown/clocks.js';
import { readInstant } from '../../../takedown/instants.js';
import { DAY, HOUR, ms } from './case-builder.js';

const LIMIT_24 = { limitMs: DAY, pausedBy: ['HOLD'] } as const;
const hold = (fromMs: number, toMs: number | null) => ({ kind: 'HOLD', fromMs, toMs }) as const;

describe('instants', () => {
  it.each([
    ['2026-07-01T00:00:00+07:00', '2026-06-30T17:00:00Z'],
    ['2026-07-01T00:00:00-03:30', '2026-07-01T03:30:00Z'],
    ['2028-02-29T23:59:59.5Z', '2028-03-01T06:59:59.500+07:00'],
    ['2027-01-01T06:59+07:00', '2026-12-31T23:59Z'],
  ])('%s is the instant %s', (a, b) => {
    expect(ms(a)).toBe(ms(b));
  });

  it.each([
    '2026-07-01',
    '2026-07-01T00:00:00',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    'tomorrow',
    '',
  ])('%s is none: no time zone, or not in the calendar', (text) => {
    expect(readInstant(text)).toBeUndefined();
  });

  it('are as precise as they are written', () => {
    const precision = (text: string) => readInstant(text)?.precision;
    expect(precision('2026-07-01T00:00Z')).toBe('MINUTE');
    expect(precision('2026-07-01T00:00:00Z')).toBe('SECOND');
    expect(precision('2026-07-01T00:00:00.000Z')).toBe('MS');
  });
});

describe('a deadline', () => {
  it.each([
    ['over a leap day', '2028-02-28T23:30:00+07:00', '2028-02-29T23:30:00+07:00'],
    ['where there is no leap day', '2027-02-28T23:30:00+07:00', '2027-03-01T23:30:00+07:00'],
    ['over the turn of the year', '2026-12-31T20:00:00-08:00', '2027-01-02T11:00:00+07:00'],
    // Clocks in Berlin went back by an hour that night; 24 hours are 24 hours.
    ['over the end of summer time', '2026-10-24T18:00:00+02:00', '2026-10-25T17:00:00+01:00'],
  ])('of 24 hours %s: %s → %s', (_, from, to) => {
    expect(dueMs(ms(from), LIMIT_24, [])).toBe(ms(to));
  });

  it.each<[string, Parameters<typeof dueMs>[2], number | null]>([
    ['before it begins', [hold(-10, -5)], DAY],
    ['that is on when it begins', [hold(-10, 5 * HOUR)], DAY + 5 * HOUR],
    ['in its middle', [hold(HOUR, 11 * HOUR)], DAY + 10 * HOUR],
    ['twice', [hold(HOUR, 2 * HOUR), hold(20 * HOUR, 40 * HOUR)], DAY + 21 * HOUR],
    ['after it has passed', [hold(DAY, null)], DAY],
    ['without an end', [hold(DAY - 1, null)], null],
    ['of another kind', [{ kind: 'APPEAL', fromMs: 0, toMs: null }], DAY],
  ])('waits for a hold %s', (_, pauses, due) => {
    expect(dueMs(0, LIMIT_24, pauses)).toBe(due);
  });

  it('counts a time that two pauses share once', () => {
    const pauses = [hold(HOUR, 5 * HOUR), { kind: 'APPEAL', fromMs: 2 * HOUR, toMs: 8 * HOUR } as const];
    expect(runningMs(0, 10 * HOUR, pauses, ['HOLD', 'APPEAL'])).toBe(3 * HOUR);
    expect(runningMs(0, 10 * HOUR, pauses, ['HOLD'])).toBe(6 * HOUR);
    expect(runningMs(0, 3 * HOUR, pauses, ['HOLD', 'APPEAL'])).toBe(HOUR);
    expect(runningMs(3 * HOUR, 2 * HOUR, pauses, ['HOLD'])).toBe(0);
  });
});
