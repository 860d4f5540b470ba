// Instants and spans of time as an operator in Vietnam reads them.

const ZONE = 'Asia/Ho_Chi_Minh';
/** How tables name the zone of their times. */
export const ZONE_NAME = `${ZONE} (UTC+07:00)`;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// Swedish writes dates as ISO 8601 does.
const DATE = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short' });
const MINUTES = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'short' });
const SECONDS = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' });

/** How exactly an instant is known. */
export type ShownPrecision = 'SECOND' | 'MINUTE' | 'DAY';

/** `2026-11-24 11:45:03` in Vietnam's time, no more exact than it is known. `ms`: since 1970 (UTC). */
export function showTime(ms: number, precision: ShownPrecision = 'SECOND'): string {
  switch (precision) {
    case 'DAY':
      return DATE.format(ms);
    case 'MINUTE':
      return MINUTES.format(ms);
    case 'SECOND':
      return SECONDS.format(ms);
  }
}

/** `3 d 4 h`, `4 h 05 min`, `5 min`, `40 s`: the two largest units, rounded down. */
export function showSpan(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  const [days, hours, minutes] = [
    whole / DAY_MS,
    (whole % DAY_MS) / HOUR_MS,
    (whole % HOUR_MS) / MINUTE_MS,
  ].map(Math.floor);
  if (days) return `${days} d ${hours ?? 0} h`;
  if (hours) return `${hours} h ${String(minutes ?? 0).padStart(2, '0')} min`;
  if (minutes) return `${minutes} min`;
  return `${Math.floor(whole / SECOND_MS)} s`;
}

/** What is left until `dueMs`, or how long ago that was; undefined: the clock is held. */
export function showTimeLeft(dueMs: number | undefined, nowMs: number): string {
  if (dueMs === undefined) return 'tạm dừng / held';
  return dueMs < nowMs ? `QUÁ HẠN / OVERDUE ${showSpan(nowMs - dueMs)}` : showSpan(dueMs - nowMs);
}
