import { describe, expect, it } from 'vitest';
import { judgeDeadline, judgeStay, type Verdict } from '../../../takedown/clocks.js';
import { openDeadlines } from '../../../takedown/next-bell.js';
import { DAY, event, events, EXAMPLE, fold, HOUR, hours, ms, report, NOTICED } from './case-builder.js';

describe('compliance with 24 hours', () => {
  it.each<[string, number, number | null, number, Verdict]>([
    ['the upper end is within', 0, 24, 100, 'MET'],
    ['the lower end is beyond', 25, 30, 100, 'MISSED'],
    ['last seen up at the limit itself', 24, 48, 100, 'MISSED'],
    ['the ends are on both sides', 20, 25, 100, 'UNDECIDABLE'],
    ['never seen down, not yet due', 5, null, 24, 'OPEN'],
    ['never seen down, due, no look since', 5, null, 25, 'UNDECIDABLE'],
    ['never seen down, seen up after it', 25, null, 26, 'MISSED'],
    ['known to the millisecond', 24, 24, 100, 'MET'],
  ])('%s', (_, lower, upper, open, verdict) => {
    const stay = {
      lowerMs: lower * HOUR,
      upperMs: upper === null ? null : upper * HOUR,
      openMs: open * HOUR,
    };
    expect(judgeStay(stay, DAY)).toBe(verdict);
  });

  const verdictsOf = (list: Parameters<typeof fold>[0], asOfMs: number) => {
    const { case: state } = fold(list);
    return state.cycles.flatMap((cycle) =>
      cycle.duties.flatMap((duty) =>
        duty.deadlines.map((deadline) => judgeDeadline(state, cycle, duty, deadline, asOfMs)),
      ),
    );
  };
  const noticed = events(...NOTICED);

  it('leaves open what a date cannot decide', () => {
    const onDate = event('VERIFIED_DOWN', hours(200), {
      occurredAt: { instantMs: hours(24), precision: 'DAY' },
    });
    expect(verdictsOf([...noticed, onDate], hours(300))).toEqual(['UNDECIDABLE', 'UNDECIDABLE']);
    const dayBefore = event('VERIFIED_DOWN', hours(200), {
      occurredAt: { instantMs: hours(3), precision: 'DAY' },
    });
    expect(verdictsOf([...noticed, dayBefore], hours(300))).toEqual(['MET', 'MET']);
  });

  it('does not count the time of a hold, and learns of it late', () => {
    const late = [...noticed, event('VERIFIED_STILL_UP', hours(30)), event('VERIFIED_DOWN', hours(40))];
    expect(verdictsOf(late, hours(300))).toEqual(['MISSED', 'MISSED']);
    const at = (hour: number) => ({
      occurredAt: { instantMs: hours(hour), precision: 'MS' as const },
      observedAtMs: hours(250),
    });
    const held = [...late, event('HOLD', hours(4), at(4)), event('HOLD_ENDED', hours(20), at(20))];
    expect(verdictsOf(held, hours(300))).toEqual(['MET', 'MET']);
  });

  it('shows the queue the first deadline to breach, held ones without a time', () => {
    const [first] = openDeadlines(fold(noticed).case, hours(10));
    expect(first).toMatchObject({ cycle: 1, addressee: 'host-1', dueMs: hours(27) });
    const held = fold([...noticed, event('HOLD', hours(5))]).case;
    expect(openDeadlines(held, hours(500)).map((each) => each.dueMs)).toEqual([null, null]);
    expect(openDeadlines(fold([...noticed, event('VERIFIED_DOWN', hours(5))]).case, hours(6))).toEqual([]);
  });
});

describe('which rules apply', () => {
  const deadlinesOf = (list: Parameters<typeof fold>[0]) =>
    fold(list, EXAMPLE).case.cycles[0]?.duties.map(({ trigger, addressee, deadlines }) => ({
      trigger,
      addressee,
      rules: deadlines.map(({ rule, limitMs }) => `${rule} ${limitMs / HOUR}h`),
    }));
  const noticeAt = (atMs: number, urgency: 'ROUTINE' | 'IMMINENT_RISK' | null = null) => [
    event('REPORTED', atMs - 3),
    event('TRIAGED', atMs - 2),
    event('ASSESSED', atMs - 1),
    event('NOTICE_ISSUED', atMs, { urgency }),
  ];

  it('is decided by the instant of the notice, in Vietnamese time', () => {
    const inForce = ms('2026-07-01T00:00:00+07:00');
    expect(deadlinesOf(noticeAt(inForce - 1))?.[0]?.rules).toEqual(['decree-147-2024-request@1 24h']);
    expect(deadlinesOf(noticeAt(inForce))?.[0]?.rules).toEqual([
      'law-116-2025-art-25-2@1 24h',
      'decree-147-2024-request@1 24h',
    ]);
    expect(deadlinesOf(noticeAt(inForce, 'IMMINENT_RISK'))?.[0]?.rules).toEqual([
      'law-116-2025-art-25-2-urgent@1 6h',
      'decree-147-2024-request@1 24h',
    ]);
    expect(deadlinesOf(noticeAt(ms('2019-02-01T00:00:00Z')))?.[0]?.rules).toEqual([]);
  });

  it('gives a well-founded complaint its own clock, from the assessment on', () => {
    const complaint = report({ source: 'USER_NOTICE', providerId: 'platform-1' });
    expect(deadlinesOf(events(['REPORTED', 0, { report: complaint }], ['ASSESSED', 2]))).toEqual([
      {
        trigger: 'COMPLAINT_FOUNDED',
        addressee: 'platform-1',
        rules: ['decree-147-2024-complaint@1 48h'],
      },
    ]);
    const unfounded = { finding: 'NOT_ILLEGAL' } as const;
    expect(deadlinesOf(events(['REPORTED', 0, { report: complaint }], ['ASSESSED', 2, unfounded]))).toEqual(
      [],
    );
  });
});
