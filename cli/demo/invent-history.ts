// An invented history of takedowns, as another system would have kept it. It accuses nobody: hosts under .example and
// invented .vn names.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Category, EventTimeSchema, Precision, Source, Urgency, type EventTime } from '@lachan/proto/report';
import { TakedownEventSchema, TakedownEventType, type TakedownEvent } from '@lachan/proto/takedown';
import type { Distributions } from './distributions.js';
import { weighted, type Random } from './random.js';
import type { AddresseeKind, TakedownDraws } from './takedown-times.js';

/** Who answers for locations of the history. */
export interface Addressee {
  readonly providerId: string;
  readonly kind: AddresseeKind;
}

export interface HistoryOptions {
  readonly cases: number;
  readonly addressees: readonly Addressee[];
  readonly distributions: Pick<Distributions, 'categories'>;
  readonly draws: TakedownDraws;
  readonly random: Random;
  /** Nothing happens after it: what had not come down by then is open. */
  readonly nowMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SPAN_DAYS = 60;
/** One case in so many was opened within the last 40 hours, so that deadlines still run. */
const RECENT_EVERY = 10;
const RECENT_HOURS = 40;
const NOT_ILLEGAL_SHARE = 0.04;
const ALREADY_DOWN_SHARE = 0.03;
const FALSE_CLAIM_SHARE = 0.05;
const URGENT_SHARE = 0.1;
const MOST_CYCLES = 3;
const LEGAL_BASIS = 'Demonstration: no real order';

/** Case after case, each in the order in which it happened. */
export function* inventHistory(options: HistoryOptions): Generator<TakedownEvent> {
  for (let number = 1; number <= options.cases; number += 1) yield* inventCase(options, number);
}

function* inventCase(options: HistoryOptions, number: number): Generator<TakedownEvent> {
  const { addressees, distributions, draws, random, nowMs } = options;
  const addressee = addressees[Math.floor(random() * addressees.length)];
  if (addressee === undefined) return;
  const url = urlOf(addressee.kind, number);
  let step = 0;
  /** Nothing once the present is reached. */
  const event = (
    type: TakedownEventType,
    atMs: number,
    more: Partial<Omit<TakedownEvent, '$typeName' | '$unknown' | 'location'>> = {},
  ): TakedownEvent[] => {
    step += 1;
    if (atMs >= nowMs) return [];
    const observedAt = timestampFromMs(Math.floor(atMs));
    const said = { occurredAt: timeOf(atMs, Precision.SECOND), observedAt, location: { url } };
    return [create(TakedownEventSchema, { eventId: `history-${number}-${step}`, type, ...said, ...more })];
  };

  const ageMs = number % RECENT_EVERY === 0 ? RECENT_HOURS * HOUR_MS : SPAN_DAYS * DAY_MS;
  const reportedMs = nowMs - (0.02 + 0.98 * random()) * ageMs;
  const drawCategory = weighted(distributions.categories.map(({ weight }) => weight));
  const urgency = random() < URGENT_SHARE ? Urgency.EXPEDITED : Urgency.ROUTINE;
  yield* event(TakedownEventType.REPORTED, reportedMs, {
    reporter: addressees[Math.floor(random() * addressees.length)]?.providerId ?? '',
    category: distributions.categories[drawCategory(random)]?.category ?? Category.OTHER,
    urgency,
    source: Source.OWN_INITIATIVE,
    contentCreatedAt: timeOf(dayOf(reportedMs - random() * 20 * DAY_MS), Precision.DAY),
  });
  const assessedMs = reportedMs + (0.2 + 5 * random() ** 2) * HOUR_MS;
  if (random() < ALREADY_DOWN_SHARE) {
    yield* event(TakedownEventType.ALREADY_DOWN, assessedMs);
    return;
  }
  if (random() < NOT_ILLEGAL_SHARE) {
    yield* event(TakedownEventType.ASSESSED, assessedMs, { reason: 'NOT_ILLEGAL' });
    yield* event(TakedownEventType.CLOSED, assessedMs + MINUTE_MS, { reason: 'NOT_ILLEGAL' });
    return;
  }
  yield* event(TakedownEventType.ASSESSED, assessedMs, { reason: 'ILLEGAL' });

  let noticeMs = assessedMs + 10 * MINUTE_MS;
  for (let cycle = 1; cycle <= MOST_CYCLES; cycle += 1) {
    const to = { addressee: addressee.providerId };
    yield* event(TakedownEventType.NOTICE_ISSUED, noticeMs, { ...to, urgency, legalBasis: LEGAL_BASIS });
    const goneMs = noticeMs + draws.takedownMs(addressee.kind, random);
    yield* looks(goneMs, noticeMs);
    const seenDownMs = goneMs + (0.1 + 3 * random()) * HOUR_MS;
    yield* event(TakedownEventType.ACTION_CLAIMED, goneMs + 5 * MINUTE_MS * random(), to);
    yield* event(TakedownEventType.VERIFIED_DOWN, seenDownMs);
    const backMs = draws.reappearsAfterMs(addressee.kind, random);
    if (backMs === null) {
      yield* event(TakedownEventType.CLOSED, seenDownMs + HOUR_MS, { reason: 'DOWN' });
      return;
    }
    yield* event(TakedownEventType.REAPPEARED, seenDownMs + backMs);
    noticeMs = seenDownMs + backMs + HOUR_MS;
  }

  /** What was seen up while it was: a look a day after the notice, and one after a claim that was not true. */
  function* looks(goneMs: number, fromMs: number): Generator<TakedownEvent> {
    const claimMs = fromMs + 2 * HOUR_MS;
    if (random() < FALSE_CLAIM_SHARE && claimMs + HOUR_MS < goneMs) {
      yield* event(TakedownEventType.ACTION_CLAIMED, claimMs, { addressee: addressee?.providerId ?? '' });
      yield* event(TakedownEventType.VERIFIED_STILL_UP, claimMs + HOUR_MS);
    }
    if (fromMs + DAY_MS < goneMs) yield* event(TakedownEventType.VERIFIED_STILL_UP, fromMs + DAY_MS);
  }
}

function urlOf(kind: AddresseeKind, number: number): string {
  const host = kind === 'VN_PLATFORM' ? `lachan-demo-${number % 40}.vn` : `host-${number % 40}.example`;
  return `https://${host}/history/${number}`;
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function timeOf(ms: number, precision: Precision): EventTime {
  return create(EventTimeSchema, { instant: timestampFromMs(Math.floor(ms)), precision });
}
