import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../takedown/create-event.js';
import { judgeDeadline } from '../../../takedown/clocks.js';
import { eventParts } from '../../../takedown/event-parts.js';
import { EVENT_TYPES } from '../../../takedown/event-types.js';
import { spellsOf } from '../../../takedown/figures/clocks-of-case.js';
import { DAY, event, events, fold, HOUR, hours, NOTICED, report } from './case-builder.js';

/** Anything at all, in hours that often coincide, so that order of equal times matters. */
const anyEvent = fc
  .record({
    type: fc.constantFrom(...EVENT_TYPES),
    hour: fc.integer({ min: 0, max: 60 }),
    lateHours: fc.integer({ min: -5, max: 40 }),
    id: fc.integer({ min: 0, max: 1000 }),
    who: fc.constantFrom('host-1', 'host-2'),
    finding: fc.constantFrom('ILLEGAL' as const, 'NOT_ILLEGAL' as const),
    precision: fc.constantFrom('MS' as const, 'DAY' as const),
    flags: fc.record({
      isHistory: fc.boolean(),
      isOutdated: fc.integer({ min: 0, max: 9 }).map((i) => i === 0),
    }),
    reportId: fc.constantFrom('r-1', 'r-2'),
  })
  .map(({ type, hour, lateHours, id, who, finding, precision, flags, reportId }) =>
    event(type, hours(hour), {
      ...flags,
      id: `${id}`,
      occurredAt: { instantMs: hours(hour), precision },
      observedAtMs: hours(hour + lateHours),
      addressee: who,
      finding,
      reportId,
      report: report({ reportId, providerId: who, source: 'USER_NOTICE' }),
    }),
  );
/** A procedure that goes well, with anything thrown in. */
const anyCase = fc
  .tuple(fc.subarray(NOTICED.slice()), fc.array(anyEvent, { maxLength: 25 }))
  .map(([steps, others]) => [...events(...steps), ...others]);

describe('whatever happens to a case', () => {
  it('it is the same in any order and with any copies', () => {
    fc.assert(
      fc.property(
        anyCase.chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray(list, { minLength: list.length }),
            fc.subarray(list),
          ),
        ),
        ([list, shuffled, copies]) => {
          const expected = fold(list);
          expect(fold([...copies, ...shuffled])).toEqual(expected);
          expect(fold([...shuffled.slice().reverse(), ...copies, ...copies])).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('every event gets one verdict, and the version never falls when more is known', () => {
    fc.assert(
      fc.property(anyCase, anyEvent, (list, more) => {
        const before = fold(list);
        const after = fold([...list, more]);
        expect(before.case.eventCount).toBe(new Set(list.map(({ id }) => id)).size);
        expect(before.verdicts.length).toBeGreaterThanOrEqual(before.case.eventCount);
        const isCopy = list.some(({ id }) => id === more.id);
        if (!isCopy) expect(after.case.version).toBeGreaterThanOrEqual(before.case.version);
        expect(after.case.eventCount).toBe(before.case.eventCount + (isCopy ? 0 : 1));
      }),
      { numRuns: 500 },
    );
  });

  it('only a look that is not the provider’s own makes it down', () => {
    fc.assert(
      fc.property(anyCase, (list) => {
        const looks = list.filter(({ type }) => type !== 'VERIFIED_DOWN' && type !== 'ALREADY_DOWN');
        expect(fold(looks).case.cycles.every((cycle) => cycle.firstSeenDownMs === null)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('claims, back-dated or not, change no compliance and no time to verified down', () => {
    const asOfMs = hours(200);
    const proofs = (list: Parameters<typeof fold>[0]) => {
      const { case: state } = fold(list);
      const spells = spellsOf(state, 'notice_to_verified', asOfMs);
      const verdicts = state.cycles.flatMap((cycle) =>
        cycle.duties.flatMap((duty) =>
          duty.deadlines.map((deadline) => judgeDeadline(state, cycle, duty, deadline, asOfMs)),
        ),
      );
      return { spells, verdicts };
    };
    const claim = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: -2000, max: 60 }));
    const looks = fc.array(
      fc.tuple(
        fc.constantFrom('VERIFIED_STILL_UP' as const, 'VERIFIED_DOWN' as const),
        fc.integer({ min: 4, max: 60 }),
      ),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(looks, fc.array(claim, { maxLength: 6 }), (seen, claims) => {
        const given = [...events(...NOTICED), ...events(...seen)];
        const claimed = claims.map(([at, stated]) =>
          event('ACTION_CLAIMED', hours(at), { occurredAt: { instantMs: hours(stated), precision: 'MS' } }),
        );
        expect(proofs([...given, ...claimed])).toEqual(proofs(given));
      }),
      { numRuns: 500 },
    );
  });

  it('an event survives being taken apart and constructed again', () => {
    fc.assert(
      fc.property(anyEvent, (given) => {
        expect(createEvent(eventParts(given))).toEqual({ event: given });
      }),
    );
  });
});

describe('twenty thousand events in random order, some twice', () => {
  it('give the same cases and the same stays as in order', () => {
    const count = 2000;
    const list = Array.from({ length: count }, (_, i) => {
      const at = (hour: number): number => hours(hour) + i * DAY;
      const id = (name: string): { id: string } => ({ id: `${name}-${i}` });
      return [
        event('REPORTED', at(0), id('report')),
        event('TRIAGED', at(1), id('triage')),
        event('ASSESSED', at(2), id('assess')),
        event('NOTICE_ISSUED', at(3), id('notice')),
        event('ACKNOWLEDGED', at(4), id('ack')),
        event('ACTION_CLAIMED', at(5), id('claim')),
        event('VERIFIED_STILL_UP', at(6), id('up')),
        event('VERIFIED_DOWN', at(7 + (i % 50)), id('down')),
        event('CLOSED', at(60), id('closed')),
        event('REAPPEARED', at(61), id('again')),
      ];
    });
    // A fixed walk through all places: 7919 and 20,000 have no common factor.
    const all = list.flat();
    const mixed = all.map((_, i) => all[(i * 7919) % all.length]!);
    const arrived = new Map<string, typeof all>();
    for (const each of [...mixed, ...mixed.slice(0, 3000)]) {
      const caseId = each.id.split('-')[1]!;
      arrived.set(caseId, [...(arrived.get(caseId) ?? []), each]);
    }
    const asOfMs = hours(0) + count * DAY + 10 * HOUR;
    for (let i = 0; i < count; i++) {
      const inOrder = fold(list[i]!).case;
      const asArrived = fold(arrived.get(`${i}`)!).case;
      expect(asArrived).toEqual(inOrder);
      expect(spellsOf(asArrived, 'report_to_verified', asOfMs)).toEqual(
        spellsOf(inOrder, 'report_to_verified', asOfMs),
      );
    }
  });
});
