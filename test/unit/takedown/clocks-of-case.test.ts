import { describe, expect, it } from 'vitest';
import type { TakedownEvent } from '../../../takedown/event.js';
import { CLOCKS, leftCohort, spellsOf, type ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { event, events, fold, HOUR, hours, NOTICED, report, START, type Given } from './case-builder.js';

const NOW = hours(500);

/** [lower, upper, open] in hours. */
function stays(list: readonly TakedownEvent[], clock: ClockName, asOfMs = NOW): (number | null)[][] {
  return spellsOf(fold(list).case, clock, asOfMs).map(({ lowerMs, upperMs, openMs }) => [
    lowerMs / HOUR,
    upperMs === null ? null : upperMs / HOUR,
    openMs / HOUR,
  ]);
}

const whole: readonly Given[] = [
  [
    'REPORTED',
    0,
    { report: report({ contentCreatedAt: { instantMs: START - 10 * HOUR, precision: 'MS' } }) },
  ],
  ...NOTICED.slice(1),
  ['ACTION_CLAIMED', 5],
  ['VERIFIED_STILL_UP', 9],
  ['VERIFIED_DOWN', 13],
  ['REAPPEARED', 113],
];

describe('the clocks of a case', () => {
  it.each<[ClockName, (number | null)[][]]>([
    ['exposure', [[19, 23, 510]]],
    ['report_to_assessed', [[2, 2, 500]]],
    ['notice_to_claimed', [[2, 2, 497]]],
    ['notice_to_verified', [[6, 10, 497]]],
    [
      'report_to_verified',
      [
        [9, 13, 500],
        [0, null, 387],
      ],
    ],
    ['claim_to_verified', [[4, 8, 495]]],
    ['verified_to_reappeared', [[100, 100, 487]]],
  ])('%s', (clock, expected) => {
    expect(stays(events(...whole), clock)).toEqual(expected);
  });

  it('show what was seen up to the date of the figure, and nothing that began later', () => {
    expect(stays(events(...whole), 'notice_to_verified', hours(10))).toEqual([[6, null, 7]]);
    expect(stays(events(...whole), 'notice_to_verified', hours(6))).toEqual([[3, null, 3]]);
    expect(stays(events(...whole), 'notice_to_verified', hours(2))).toEqual([]);
    expect(stays(events(...whole), 'verified_to_reappeared', hours(50))).toEqual([[37, null, 37]]);
  });

  it('stand still during a hold, but for exposure', () => {
    const held = events(...whole, ['HOLD', 4], ['HOLD_ENDED', 7]);
    expect(stays(held, 'notice_to_verified')).toEqual([[3, 7, 494]]);
    expect(stays(held, 'exposure')).toEqual([[19, 23, 510]]);
  });

  it('widen by how exactly an instant is known', () => {
    const onDate = { occurredAt: { instantMs: START + 13 * HOUR, precision: 'DAY' as const } };
    const seen = event('VERIFIED_DOWN', hours(100), onDate);
    const [spell] = spellsOf(fold([...events(...whole.slice(0, 6)), seen]).case, 'notice_to_verified', NOW);
    expect(spell).toMatchObject({ lowerMs: 6 * HOUR, upperMs: 34 * HOUR - 1 });
  });
});

describe('who counts', () => {
  it('nothing that no report has opened', () => {
    expect(CLOCKS.flatMap((clock) => stays(events(['VERIFIED_DOWN', 5]), clock))).toEqual([]);
  });

  const noticed = events(...NOTICED);
  const one = (list: readonly TakedownEvent[]) => ({
    left: leftCohort(fold(list).case, NOW),
    spells: stays(list, 'notice_to_verified'),
  });

  it('not the not illegal, the retracted and the reinstated, who are counted apart', () => {
    const closed = event('CLOSED', hours(10), { closedAs: 'NOT_ILLEGAL' });
    expect(one([...noticed, closed])).toEqual({ left: 1, spells: [] });
    expect(one([...noticed, event('RETRACTED', hours(10))])).toEqual({ left: 1, spells: [] });
    const reinstated = events(['APPEALED', 5], ['REINSTATED', 10]);
    expect(one([...noticed, ...reinstated])).toEqual({ left: 1, spells: [] });
    expect(stays([...noticed, closed], 'notice_to_verified', hours(9))).toEqual([[0, null, 6]]);
  });

  it.each(['NOT_RESOLVABLE', 'NOT_IN_JURISDICTION'] as const)(
    '%s, open up to the date of the figure',
    (closedAs) => {
      const list = [...noticed, event('CLOSED', hours(10), { closedAs }), event('REFERRED', hours(11))];
      expect(one(list)).toEqual({ left: 0, spells: [[0, null, 497]] });
    },
  );

  it('a provider that claims within the hour and is never verified: open for ever, like one that never answers', () => {
    const silent = noticed;
    const claims = [...noticed, event('ACTION_CLAIMED', hours(3.5))];
    for (const clock of CLOCKS.filter(
      (name) => name.endsWith('_to_verified') && name !== 'claim_to_verified',
    )) {
      expect(stays(claims, clock)).toEqual(stays(silent, clock));
      expect(stays(silent, clock)[0]?.[1]).toBeNull();
    }
  });

  it('a back-dated claim from when we saw it', () => {
    const backDated = event('ACTION_CLAIMED', hours(53), {
      occurredAt: { instantMs: hours(4), precision: 'MS' },
    });
    expect(stays([...noticed, backDated], 'notice_to_claimed')).toEqual([[50, 50, 497]]);
  });

  it('what its provider removed by itself outside of notice-to-takedown, and open until seen down', () => {
    const own = events(['SELF_ACTIONED', 0]);
    expect(stays(own, 'notice_to_verified')).toEqual([]);
    expect(stays(own, 'report_to_verified')).toEqual([[0, null, 500]]);
    expect(stays([...own, event('VERIFIED_DOWN', hours(4))], 'claim_to_verified')).toEqual([[0, 4, 500]]);
  });

  it('each addressee of a case by its own notice', () => {
    const two = [...noticed, event('NOTICE_ISSUED', hours(53), { addressee: 'host-2' })];
    const state = fold([...two, event('VERIFIED_DOWN', hours(63))]).case;
    expect(
      spellsOf(state, 'notice_to_verified', NOW).map(({ addressee, upperMs }) => [addressee, upperMs]),
    ).toEqual([
      ['host-1', 60 * HOUR],
      ['host-2', 10 * HOUR],
    ]);
  });
});
