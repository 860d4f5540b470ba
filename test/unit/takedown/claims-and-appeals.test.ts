import { describe, expect, it } from 'vitest';
import { event, events, fold, hours, type Given, NOTICED } from './case-builder.js';

describe('claims, looks and appeals', () => {
  it('keeps what a provider states beside what we saw, and a claim never makes it verified', () => {
    const backDated = event('ACTION_CLAIMED', hours(30), {
      occurredAt: { instantMs: hours(4), precision: 'MINUTE' },
    });
    const { case: state } = fold([...events(...NOTICED), backDated]);
    expect(state.status).toBe('ACTION_CLAIMED');
    expect(state.cycles[0]).toMatchObject({
      firstSeenDownMs: null,
      claims: [{ observedAtMs: hours(30), statedAt: { instantMs: hours(4), precision: 'MINUTE' } }],
    });
  });

  it('disputes the claims that stand when the content is seen up', () => {
    const { case: state } = fold(
      events(...NOTICED, ['ACTION_CLAIMED', 4], ['VERIFIED_STILL_UP', 6], ['ACTION_CLAIMED', 8]),
    );
    expect(state.cycles[0]?.claims.map((c) => c.disputedAtMs)).toEqual([hours(6), null]);
    expect(state.status).toBe('ACTION_CLAIMED');
  });

  it('ends the matter when an appeal succeeds, and goes on when it fails', () => {
    const appealed = events(...NOTICED, ['APPEALED', 5]);
    expect(fold(appealed).case.isAppealed).toBe(true);
    const upheld = fold([...appealed, event('UPHELD', hours(6))]).case;
    expect(upheld).toMatchObject({ status: 'NOTICE_ISSUED', isAppealed: false });
    const reinstated = fold([...appealed, event('REINSTATED', hours(6))]).case;
    expect(reinstated).toMatchObject({ status: 'REINSTATED', stage: null });
    expect(reinstated.cycles[0]?.leavesCohort).toBe(true);
  });

  it('follows an order to block from order to proof', () => {
    const isp = { addressee: 'isp-1' };
    const { case: state } = fold(
      events(...NOTICED, ['BLOCK_ORDERED', 4, isp], ['BLOCK_CONFIRMED', 5, isp], ['BLOCK_VERIFIED', 6, isp]),
    );
    expect(state.cycles[0]?.blocks).toEqual([
      { addressee: 'isp-1', orderedAtMs: hours(4), confirmedAtMs: hours(5), verifiedAtMs: hours(6) },
    ]);
  });

  it('closes only as what it is', () => {
    const closed = (...given: Given[]) => fold(events(...given)).case.status;
    expect(closed(...NOTICED, ['CLOSED', 4, { closedAs: 'NOT_ILLEGAL' }])).toBe('CLOSED_NOT_ILLEGAL');
    expect(closed(...NOTICED, ['VERIFIED_DOWN', 4], ['CLOSED', 5, { closedAs: 'NOT_ILLEGAL' }])).toBe(
      'VERIFIED_DOWN',
    );
    expect(closed(...NOTICED, ['ACTION_CLAIMED', 4], ['CLOSED', 5])).toBe('ACTION_CLAIMED');
    const givenUp = ['CLOSED', 4, { closedAs: 'NOT_RESOLVABLE' }] as const;
    expect(closed(...NOTICED, givenUp, ['VERIFIED_DOWN', 9], ['CLOSED', 10])).toBe('CLOSED_DOWN');
  });
});
