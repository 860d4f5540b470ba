import { describe, expect, it } from 'vitest';
import { showSpan, showTime, showTimeLeft, ZONE_NAME } from '../../../cli/takedown/show-time.js';

const utc = (text: string): number => Date.parse(`${text}Z`);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('times as operators read them', () => {
  it('are those of Vietnam, seven hours ahead of UTC all year, whatever zone the machine is in', () => {
    expect(showTime(utc('2026-11-24T04:45:03'))).toBe('2026-11-24 11:45:03');
    expect(showTime(utc('2026-07-01T16:59:59'))).toBe('2026-07-01 23:59:59');
    expect(showTime(utc('2026-06-30T17:00:00'))).toBe('2026-07-01 00:00:00');
    expect(showTime(utc('2028-02-28T17:00:00'))).toBe('2028-02-29 00:00:00');
    expect(ZONE_NAME).toBe('Asia/Ho_Chi_Minh (UTC+07:00)');
  });

  it('are shown no more exactly than they are known', () => {
    const ms = utc('2026-11-24T04:45:03');
    expect(showTime(ms, 'MINUTE')).toBe('2026-11-24 11:45');
    expect(showTime(ms, 'DAY')).toBe('2026-11-24');
  });

  it('spans name their two largest units, rounded down', () => {
    const shown: readonly (readonly [ms: number, text: string])[] = [
      [0, '0 s'],
      [999, '0 s'],
      [59_999, '59 s'],
      [MINUTE, '1 min'],
      [59 * MINUTE + 59_999, '59 min'],
      [HOUR, '1 h 00 min'],
      [4 * HOUR + 5 * MINUTE, '4 h 05 min'],
      [DAY - 1, '23 h 59 min'],
      [DAY, '1 d 0 h'],
      [45 * DAY + 23 * HOUR + 59 * MINUTE, '45 d 23 h'],
    ];
    for (const [ms, text] of shown) expect(showSpan(ms)).toBe(text);
  });

  it('time left says how much, that the deadline has passed and since when, or that the clock is held', () => {
    expect(showTimeLeft(1_000 + 3 * HOUR, 1_000)).toBe('3 h 00 min');
    expect(showTimeLeft(5_000, 5_000)).toBe('0 s');
    expect(showTimeLeft(1_000, 1_000 + 130 * MINUTE)).toBe('QUÁ HẠN / OVERDUE 2 h 10 min');
    expect(showTimeLeft(undefined, 1_000)).toBe('tạm dừng / held');
  });
});
