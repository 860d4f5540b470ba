// Random histories of cases: a procedure that goes well, with anything thrown in, in hours that often coincide.
import fc from 'fast-check';
import type { TakedownEvent } from '../../takedown/event.js';
import { EVENT_TYPES } from '../../takedown/event-types.js';
import { readRules } from '../../takedown/read-rules.js';
import type { Rule } from '../../takedown/rule.js';
import { VIETNAM_EXAMPLE } from '../../takedown/rules/vietnam-example.js';
import { event, HOUR, hours, NOTICED, report, START } from '../unit/takedown/case-builder.js';

/** Those of the example, and three that differ in what pauses them. */
export const RULES: readonly Rule[] = [
  ...rulesOf(VIETNAM_EXAMPLE),
  ...[[], ['APPEAL'], ['HOLD', 'APPEAL']].flatMap((pausedBy, i) =>
    rulesOf([
      {
        id: `rule-${i}`,
        version: 2,
        article: 'article',
        note: '',
        validFrom: '2026-01-01T00:00:00+07:00',
        validTo: null,
        trigger: i === 0 ? 'COMPLAINT_FOUNDED' : 'NOTICE_ISSUED',
        categories: null,
        urgencies: null,
        hosts: null,
        limitHours: 6 * (i + 1),
        pausedBy,
      },
    ]),
  ),
];

function rulesOf(value: unknown): readonly Rule[] {
  const read = readRules(value);
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.rules;
}

/** Types that make holds, appeals, looks and returns frequent. */
const LIKELY = [
  'HOLD',
  'HOLD_ENDED',
  'APPEALED',
  'UPHELD',
  'REINSTATED',
  'VERIFIED_STILL_UP',
  'VERIFIED_DOWN',
  'VERIFIED_DOWN',
  'REAPPEARED',
  'ACTION_CLAIMED',
  'CLOSED',
  'RETRACTED',
] as const;

const anyEvent = fc
  .record({
    type: fc.oneof(fc.constantFrom(...EVENT_TYPES), fc.constantFrom(...LIKELY)),
    minute: fc.oneof(
      fc.integer({ min: 0, max: 90 }).map((hour) => hour * 60),
      fc.integer({ min: 0, max: 90 * 60_000 }).map((thousandth) => thousandth / 1000),
      fc.integer({ min: 0, max: 60 }).map((day) => day * 24 * 60),
    ),
    lateHours: fc.constantFrom(0, 0, 0, -5, 3, 40),
    id: fc.integer({ min: 0, max: 100_000 }),
    who: fc.constantFrom('host-1', 'host-2'),
    finding: fc.constantFrom('ILLEGAL' as const, 'ILLEGAL' as const, 'NOT_ILLEGAL' as const),
    closedAs: fc.constantFrom('DOWN' as const, 'NOT_ILLEGAL' as const, 'NOT_RESOLVABLE' as const),
    precision: fc.constantFrom('MS' as const, 'MINUTE' as const, 'DAY' as const),
    isHistory: fc.boolean(),
    createdHoursBefore: fc.option(fc.integer({ min: 0, max: 5000 })),
    facts: fc.record({
      reportId: fc.constantFrom('r-1', 'r-2'),
      source: fc.constantFrom('USER_NOTICE' as const, 'OWN_INITIATIVE' as const),
      category: fc.constantFrom('CSAM' as const, 'GROOMING' as const),
      urgency: fc.constantFrom('ROUTINE' as const, 'IMMINENT_RISK' as const),
    }),
  })
  .map(({ type, minute, lateHours, id, who, precision, facts, createdHoursBefore, ...rest }) => {
    const atMs = START + Math.round(minute * 60_000);
    const contentCreatedAt =
      createdHoursBefore === null ? null : { instantMs: START - createdHoursBefore * HOUR, precision };
    return event(type, atMs, {
      ...rest,
      id: String(id),
      occurredAt: { instantMs: atMs, precision },
      observedAtMs: atMs + lateHours * HOUR,
      addressee: who,
      reportId: facts.reportId,
      report: report({ ...facts, providerId: who, contentCreatedAt }),
    });
  });

/** Events of one case, in any order. */
export const arbitraryCase: fc.Arbitrary<readonly TakedownEvent[]> = fc
  .tuple(
    fc.subarray(NOTICED.slice(), { minLength: 2 }),
    fc.array(anyEvent, { maxLength: 14 }),
    fc.constantFrom(...RULES.keys()),
  )
  .map(([steps, others, spread]) => [
    ...steps.map(([type, after, over]) =>
      event(type, hours(after + spread), { ...over, report: report({ source: 'USER_NOTICE' }) }),
    ),
    ...others,
  ]);
