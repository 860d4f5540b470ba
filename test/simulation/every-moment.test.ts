import { describe, expect, it } from 'vitest';

import { tryEveryMoment, tryEveryPair, type Enumeration } from './enumerate.js';
import { EVENTS, type Event } from './process.js';
import { SETTING, SMALL_PLAN, SMALLEST_PLAN, TAKEDOWN_PLAN } from './small-plan.js';
import { simulate, type Plan } from './world.js';

/** Pairs of the kinds that leave most behind; the others as well when more runs are asked for. */
const PAIRS: readonly (readonly [Event, Event])[] =
  process.env['LACHAN_SIMULATION_RUNS'] === undefined
    ? [
        ['crash', 'crash'],
        ['crash', 'fault'],
        ['fault', 'crash'],
        ['fault', 'fault'],
        ['freeze', 'wake'],
      ]
    : EVENTS.flatMap((first) => EVENTS.map((second) => [first, second] as const));

/** What a process that takes over may find changed: options, lookups, a day in the future or in the past. */
const CHANGED: Plan = {
  ...SMALL_PLAN,
  settings: [
    SETTING,
    {
      ...SETTING,
      limits: { maxRecords: 3, maxBytes: 1_000_000, maxWaitMs: 5 },
      mostAtOnce: 2,
      maxExactKeys: 2,
      lookups: 1,
      clockJumpMs: 400 * 86_400_000,
    },
    {
      ...SETTING,
      limits: { maxRecords: 9, maxBytes: 1_000_000, maxWaitMs: 30 },
      clockJumpMs: -800 * 86_400_000,
    },
  ],
};

const VARIANTS: readonly (readonly [string, Plan])[] = [
  ['a process that knows at once what it has lost', SMALL_PLAN],
  ['a process that learns late what it has lost', { ...SMALL_PLAN, learnsAfterMs: 50 }],
  ['views that land before their table', { ...SMALL_PLAN, viewsFirst: true }],
  ['other limits, lookups and times at each start', CHANGED],
  ['two partitions', { ...SMALL_PLAN, partitions: 2, learnsAfterMs: 50 }],
  ['events of cases', TAKEDOWN_PLAN],
  [
    'events of cases, and other limits, lookups and times at each start',
    { ...CHANGED, ...TAKEDOWN_PLAN, settings: CHANGED.settings, learnsAfterMs: 50 },
  ],
];

/** Shows with the results how much was tried. */
function report({ tried, failures }: Enumeration, what: string, least: number): void {
  process.stdout.write(`${tried} ${what}\n`);
  expect(failures).toEqual([]);
  expect(tried).toBeGreaterThanOrEqual(least);
}

describe('what landed is what was accepted, in rows and totals', () => {
  it.each(VARIANTS)('when nothing happens: %s', async (_, plan) => {
    const { violations, moments } = await simulate(plan);
    expect(violations).toEqual([]);
    expect(moments.length).toBeGreaterThan(60);
  });

  it.each(VARIANTS)('whatever happens at any one moment: %s', async (_, plan) => {
    report(await tryEveryMoment(plan, EVENTS), 'single events at every moment', 500);
  });

  it.each(PAIRS)('after a %s at any moment and a %s at any later one', async (first, second) => {
    const plan = { ...SMALLEST_PLAN, settings: CHANGED.settings };
    report(await tryEveryPair(plan, [first, second]), `pairs of ${first} and ${second}`, 1_000);
  });
});
