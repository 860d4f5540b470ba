// Any workload, any schedule, any order of starts.
import fc from 'fast-check';
import { EVENTS, type Event } from './process.js';
import { SETTING } from './small-plan.js';
import { EVENT_CONTENT_COUNT, type EventItem } from './takedown-workload.js';
import { CONTENT_COUNT, type Item } from './workload.js';
import type { Plan, Setting } from './world.js';

const DAY_MS = 86_400_000;

// Few ids and contents, so that they meet.
const item: fc.Arbitrary<Item> = fc.record({
  report: fc.oneof(
    { arbitrary: fc.nat(5), weight: 8 },
    { arbitrary: fc.constantFrom<Item['report']>('unreadable', 'of an unknown version'), weight: 1 },
  ),
  content: fc.nat(CONTENT_COUNT - 1),
  revision: fc.constantFrom(0, 0, 0, 1),
  month: fc.nat(2),
});

const event: fc.Arbitrary<EventItem> = fc.record({
  event: fc.oneof(
    { arbitrary: fc.nat(5), weight: 8 },
    { arbitrary: fc.constant('unreadable' as const), weight: 1 },
  ),
  content: fc.nat(EVENT_CONTENT_COUNT - 1),
  place: fc.nat(1),
  seen: fc.option(fc.nat(4)),
});

const setting: fc.Arbitrary<Setting> = fc.record({
  limits: fc.record({
    maxRecords: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.constantFrom(600, 1_000_000),
    maxWaitMs: fc.integer({ min: 1, max: 40 }),
  }),
  mostAtOnce: fc.integer({ min: 1, max: 8 }),
  maxExactKeys: fc.constantFrom(2, 4, 1_000),
  maxDeadLettersInARow: fc.constantFrom(1, 2, 1_000),
  lookups: fc.nat(1),
  clockJumpMs: fc.constantFrom(0, DAY_MS, -DAY_MS, 100 * DAY_MS, -100 * DAY_MS),
});

/** Each so many moments after the one before. */
const events: fc.Arbitrary<ReadonlyMap<number, Event>> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(...EVENTS)), { maxLength: 8 })
  .map((gaps) => {
    let at = -1;
    return new Map(gaps.map(([gap, event]) => [(at += gap), event]));
  });

export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .record({
    chunks: fc.array(fc.array(item, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
    dataKeys: fc.nat(3),
    takedowns: fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 2 }),
    partitions: fc.integer({ min: 1, max: 3 }),
    firstOffset: fc.constantFrom(0, 0, 7),
    // The last process is one that accepts every flood of dead letters.
    settings: fc.array(setting, { maxLength: 4 }).map((some) => [...some, { ...SETTING, clockJumpMs: 1 }]),
    events,
    learnsAfterMs: fc.constantFrom(0, 50, 400),
    viewsFirst: fc.boolean(),
    latencySeed: fc.nat(),
  })
  .map(({ latencySeed, ...plan }) => ({ ...plan, delaysMs: () => latencies(latencySeed) }));

/** Up to 40 ms for each call, mostly little; the same for the same seed. */
function latencies(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const share = state / 2 ** 32;
    return Math.floor(share ** 4 * 40);
  };
}
