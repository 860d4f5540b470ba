// Instants with precision, and the one order in which the events of a case count.
import type { EventTime } from '../schemas/report-record.js';
import type { Precision } from '../schemas/vocabulary.js';
import { EVENT_TYPES, STATEMENTS, type EventType } from './event-types.js';
import type { TakedownEvent } from './event.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const WIDTH_MS: Readonly<Record<Precision, number>> = { MS: 1, SECOND: 1000, MINUTE: 60_000, DAY: DAY_MS };

/** Between which instants something happened, both ends included, in ms since 1970 (UTC). */
export interface Span {
  readonly earliestMs: number;
  readonly latestMs: number;
}

/** A day begins at its instant, in whatever time zone that is midnight. */
export function spanOfTime({ instantMs, precision }: EventTime): Span {
  return { earliestMs: instantMs, latestMs: instantMs + WIDTH_MS[precision] - 1 };
}

/** When an event counts, in ms: a statement of a provider when we saw it; nothing later than we saw it. */
export function effectiveMs(event: TakedownEvent): number {
  return STATEMENTS.has(event.type)
    ? event.observedAtMs
    : Math.min(event.occurredAt.instantMs, event.observedAtMs);
}

/** The instants at which an event can have happened, as far as we believe it. */
export function spanOf(event: TakedownEvent): Span {
  const earliestMs = effectiveMs(event);
  if (STATEMENTS.has(event.type)) return { earliestMs, latestMs: earliestMs };
  return { earliestMs, latestMs: Math.min(spanOfTime(event.occurredAt).latestMs, event.observedAtMs) };
}

const RANK = new Map<EventType, number>(EVENT_TYPES.map((type, i) => [type, i]));
const rank = (type: EventType): number => RANK.get(type) ?? EVENT_TYPES.length;

/** By effective time, then the step of the procedure, then event id. Total over events of different ids. */
export function compareEvents(a: TakedownEvent, b: TakedownEvent): number {
  const time = effectiveMs(a) - effectiveMs(b);
  if (time !== 0) return time;
  const step = rank(a.type) - rank(b.type);
  if (step !== 0) return step;
  return compareText(a.id, b.id);
}

/** By code units: the same on every machine, in every language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * An instant of ISO 8601 with its offset from UTC; its precision is that of the text (minute, second,
 * ms). Undefined for anything else: dates without a time zone, days that the calendar does not have.
 */
export function readInstant(text: string): EventTime | undefined {
  const parts = INSTANT.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(parts[i] ?? 0));
  const atUtcMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  const offsetHours = Number(parts[9] ?? 0);
  const offsetMinutes = Number(parts[10] ?? 0);
  const date = new Date(atUtcMs);
  // Date.UTC carries 30 February over into March, and 24:00 into the next day.
  const sameMonth = date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month;
  const sameDay = sameMonth && date.getUTCDate() === day;
  const sameTime = date.getUTCHours() === hour && date.getUTCMinutes() === minute;
  if (!sameDay || !sameTime || date.getUTCSeconds() !== second || offsetHours > 14 || offsetMinutes > 59) {
    return undefined;
  }
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (parts[8] === '-' ? -1 : 1);
  const fractionMs = Number((parts[7] ?? '').padEnd(3, '0'));
  const precision = parts[7] === undefined ? (parts[6] === undefined ? 'MINUTE' : 'SECOND') : 'MS';
  return { instantMs: atUtcMs + fractionMs - offsetMs, precision };
}
