import { describe, expect, it } from 'vitest';
import type { TakedownEvent } from '../../../takedown/event.js';
import { nextBellMs } from '../../../takedown/next-bell.js';
import { dueNotifications } from '../../../takedown/notify.js';
import { DAY, event, events, fold, hours, NOTICED } from './case-builder.js';

const noticed = events(...NOTICED);
const BREACH_AT = hours(27);

const bells = (list: readonly TakedownEvent[], asOfMs: number): string[] =>
  dueNotifications(fold(list).case, asOfMs)
    .map(({ type, n, rule }) => `${type} ${n} ${rule}`.trim())
    .sort();
const LAW = 'law-116-2025-art-25-2@1';
const DECREE = 'decree-147-2024-request@1';

/** What was due, recorded as the landing would. */
function ring(list: readonly TakedownEvent[], asOfMs: number): TakedownEvent[] {
  return dueNotifications(fold(list).case, asOfMs).map((bell) =>
    event(bell.type, bell.atMs, {
      id: bell.id,
      cycle: bell.cycle,
      addressee: bell.addressee,
      rule: bell.rule,
      n: bell.n,
      observedAtMs: asOfMs,
    }),
  );
}

describe('the bells of a case', () => {
  it('ring once the deadline has passed, and each day until the notice is answered', () => {
    expect(bells(noticed, BREACH_AT - 1)).toEqual([]);
    expect(bells(noticed, BREACH_AT)).toEqual(['NOTICE_REPEATED 1']);
    expect(bells(noticed, BREACH_AT + 1)).toEqual([
      `BREACHED 1 ${DECREE}`,
      `BREACHED 1 ${LAW}`,
      'NOTICE_REPEATED 1',
    ]);
    expect(bells(noticed, BREACH_AT + 2 * DAY).filter((b) => b.startsWith('NOTICE'))).toEqual([
      'NOTICE_REPEATED 1',
      'NOTICE_REPEATED 2',
      'NOTICE_REPEATED 3',
    ]);
  });

  it('have the same id whenever and wherever they are looked for', () => {
    const at = (asOfMs: number) => dueNotifications(fold(noticed).case, asOfMs).map(({ id }) => id);
    const early = at(BREACH_AT + 1);
    expect(new Set(early).size).toBe(3);
    expect(at(BREACH_AT + 90_000)).toEqual(early);
    const otherCase = dueNotifications({ ...fold(noticed).case, locationKey: 'c'.repeat(32) }, BREACH_AT + 1);
    expect(otherCase.map(({ id }) => id).filter((id) => early.includes(id))).toEqual([]);
  });

  it('do not ring again once recorded', () => {
    const recorded = [...noticed, ...ring(noticed, BREACH_AT + 1)];
    expect(bells(recorded, BREACH_AT + 2)).toEqual([]);
    expect(bells(recorded, BREACH_AT + DAY)).toEqual(['NOTICE_REPEATED 2']);
  });

  it('withdraw a breach when proof comes late, and only then', () => {
    const recorded = [...noticed, ...ring(noticed, hours(30))];
    const seenInTime = event('VERIFIED_DOWN', hours(26), { observedAtMs: hours(40) });
    expect(bells([...recorded, seenInTime], hours(41))).toEqual([
      `BREACH_WITHDRAWN 1 ${DECREE}`,
      `BREACH_WITHDRAWN 1 ${LAW}`,
    ]);
    const seenLate = event('VERIFIED_DOWN', hours(40));
    expect(bells([...recorded, seenLate], hours(41))).toEqual([]);
    const backDated = event('ACTION_CLAIMED', hours(40), {
      occurredAt: { instantMs: hours(4), precision: 'MS' },
    });
    expect(bells([...recorded, backDated], hours(41))).toEqual([]);
    const withdrawn = [...recorded, seenInTime];
    expect(bells([...withdrawn, ...ring(withdrawn, hours(41))], hours(50))).toEqual([]);
  });

  it('ring again, under another number, when what withdrew a breach proves wrong', () => {
    const held = [event('HOLD', hours(4), { id: 'hold', observedAtMs: hours(40) })];
    let list = [...noticed, ...ring(noticed, hours(28))];
    list = [...list, ...held];
    list = [...list, ...ring(list, hours(41))];
    expect(fold(list).case.notifications.map(({ type }) => type)).toEqual([
      'NOTICE_REPEATED',
      'BREACHED',
      'BREACHED',
      'BREACH_WITHDRAWN',
      'BREACH_WITHDRAWN',
    ]);
    list = [...list, event('HOLD_ENDED', hours(42))];
    expect(bells(list, hours(42 + 23) + 1).filter((b) => b.startsWith('BREACHED'))).toEqual([
      `BREACHED 2 ${DECREE}`,
      `BREACHED 2 ${LAW}`,
    ]);
  });

  it('wait while an undisputed claim made in time stands, until a look disputes it', () => {
    const claimed = [...noticed, event('ACTION_CLAIMED', hours(4))];
    expect(bells(claimed, hours(500))).toEqual([]);
    const disputed = [...claimed, event('VERIFIED_STILL_UP', hours(60))];
    const breaches = dueNotifications(fold(disputed).case, hours(61)).filter((b) => b.type === 'BREACHED');
    expect(breaches.map(({ atMs }) => atMs)).toEqual([hours(60), hours(60)]);
    expect(bells(disputed, hours(76)).filter((b) => b.startsWith('NOTICE'))).toEqual(['NOTICE_REPEATED 3']);
  });

  it('stay silent during a hold and for what was closed before it was due', () => {
    expect(bells([...noticed, event('HOLD', hours(5))], hours(500))).toEqual([]);
    const closed = event('CLOSED', hours(5), { closedAs: 'NOT_RESOLVABLE' });
    expect(bells([...noticed, closed], hours(500))).toEqual([]);
    expect(bells([...noticed, closed, event('VERIFIED_DOWN', hours(400))], hours(500))).toEqual([]);
  });

  it('never ring for a history, nor for instants before a case became live', () => {
    const old = events(
      ...NOTICED.map(([type, at]) => [type, at - 3 * 365 * 24, { isHistory: true }] as const),
    );
    expect(bells(old, hours(0))).toEqual([]);
    const live = [...old, event('ASSIGNED', hours(0.5))];
    expect(bells(live, hours(1))).toEqual([]);
    expect(bells(live, hours(4))).toEqual(['NOTICE_REPEATED 1095']);
  });

  it('tell when to look next', () => {
    const { case: state } = fold(noticed);
    expect(nextBellMs(state, hours(4))).toBe(BREACH_AT);
    expect(nextBellMs(state, BREACH_AT)).toBe(BREACH_AT + 1);
    expect(nextBellMs(state, BREACH_AT + 1)).toBe(BREACH_AT + DAY);
    expect(nextBellMs(fold([...noticed, event('HOLD', hours(5))]).case, hours(6))).toBeNull();
    expect(nextBellMs(fold([...noticed, event('VERIFIED_DOWN', hours(5))]).case, hours(6))).toBeNull();
  });
});
