import { describe, expect, it } from 'vitest';
import { bellsAt } from '../../consumers/takedown/bells-at.js';
import type { TakedownEvent } from '../../takedown/event.js';
import { event, events, EXAMPLE, fold, hours, NOTICED } from './takedown/case-builder.js';

/** Noticed at hour 3, with deadlines that pass at hour 27. */
const noticed = events(...NOTICED);
const RUNG_AT = hours(27) + 5_000;

/** All bells that are due, as they land a few seconds later. */
function rung(list: readonly TakedownEvent[]): TakedownEvent[] {
  return bellsAt(fold(list).case, RUNG_AT).map(({ id, type, cycle, addressee, rule, n, atMs }) =>
    event(type, RUNG_AT, {
      ...{ id, cycle, addressee, rule, n },
      occurredAt: { instantMs: atMs, precision: 'MS' },
    }),
  );
}

const typesAt = (list: readonly TakedownEvent[], atMs: number): string[] =>
  bellsAt(fold(list).case, atMs).map(({ type }) => type);

describe('bells', () => {
  it('ring when a deadline has passed, and not a second time', () => {
    expect(EXAMPLE.length).toBeGreaterThan(0);
    expect(typesAt(noticed, hours(27))).not.toContain('BREACHED');
    expect(typesAt(noticed, RUNG_AT)).toContain('BREACHED');
    expect(typesAt([...noticed, ...rung(noticed)], RUNG_AT + 1)).toEqual([]);
  });

  it('are not withdrawn by a clock that is behind the one that rang them', () => {
    const told = [...noticed, ...rung(noticed)];
    for (const behindMs of [1, 90_000, 3_600_000]) expect(typesAt(told, RUNG_AT - behindMs)).toEqual([]);
  });

  it('are withdrawn for a proof that came late, by any clock', () => {
    const told = [...noticed, ...rung(noticed)];
    const proof = event('VERIFIED_DOWN', hours(20), { observedAtMs: hours(40) });
    const breaches = told.filter(({ type }) => type === 'BREACHED').map(() => 'BREACH_WITHDRAWN');
    expect(breaches.length).toBeGreaterThan(0);
    for (const atMs of [hours(41), hours(40) - 90_000])
      expect(typesAt([...told, proof], atMs)).toEqual(breaches);
  });
});
