import { describe, expect, it } from 'vitest';
import { event, events, fold, hours, OTHER_LOCATION, report, NOTICED } from './case-builder.js';

const last = <T>(list: readonly T[]): T | undefined => list.at(-1);

describe('who may say what', () => {
  const by = (role: 'PROVIDER' | 'OPERATOR' | 'VERIFIER' | 'SYSTEM', id: string) => ({
    actorRole: role,
    actorId: id,
  });

  it.each([
    ['VERIFIED_DOWN', by('PROVIDER', 'host-1'), 'NOT_INDEPENDENT'],
    ['VERIFIED_STILL_UP', by('PROVIDER', 'host-1'), 'NOT_INDEPENDENT'],
    ['NOTICE_ISSUED', by('PROVIDER', 'host-1'), 'NOT_ENTITLED'],
    ['ACTION_CLAIMED', by('PROVIDER', 'host-2'), 'NOT_ENTITLED'],
    ['ACTION_CLAIMED', { ...by('PROVIDER', 'host-2'), addressee: 'host-2' }, 'NOT_ADDRESSED'],
    ['RETRACTED', by('PROVIDER', 'reporter-2'), 'NOT_ENTITLED'],
    ['RETRACTED', { reportId: 'r-9' }, 'UNKNOWN_REPORT'],
    ['BREACHED', by('OPERATOR', 'op-1'), 'NOT_ENTITLED'],
    ['CLOSED', by('VERIFIER', 'probe'), 'NOT_ENTITLED'],
    ['CLOSED', by('OPERATOR', 'op-1'), 'NOT_SEEN_DOWN'],
    ['HANDED_OVER', { previousOwner: 'op-9' }, 'NOT_THE_OWNER'],
    ['REAPPEARED', { fromLocationKey: OTHER_LOCATION, toLocationKey: OTHER_LOCATION }, 'OTHER_LOCATION'],
    ['ESCALATED', {}, 'NOT_BREACHED'],
  ] as const)('%s is refused (%o): %s', (type, over, reason) => {
    const { verdicts } = fold([...events(...NOTICED), event(type, hours(4), over)]);
    expect(last(verdicts)).toMatchObject({ effect: 'REFUSED', reason });
  });

  it('gives each stage one owner, who alone hands over', () => {
    const { case: state, verdicts } = fold(
      events(
        ['REPORTED', 0],
        ['ASSIGNED', 1],
        ['ASSIGNED', 2],
        ['ASSIGNED', 3, { owner: 'op-2' }],
        ['HANDED_OVER', 4, { owner: 'op-3' }],
      ),
    );
    expect(verdicts.map((v) => ('reason' in v ? v.reason : v.effect))).toEqual([
      'APPLIED',
      'APPLIED',
      'NO_OP',
      'ALREADY_ASSIGNED',
      'APPLIED',
    ]);
    expect(state.owners.NOTICE).toBe('op-3');
  });

  it('lets nobody who has to act end the duty by taking the report back', () => {
    const own = { report: report({ providerId: 'host-1' }) };
    const { case: state } = fold(
      events(['REPORTED', 0, own], ...NOTICED.slice(1), ['RETRACTED', 4, { actorId: 'host-1' }]),
    );
    expect(state).toMatchObject({ status: 'NOTICE_ISSUED', retractedCount: 1 });
    expect(state.cycles[0]?.leavesCohort).toBe(false);
  });

  it('ends a case only with the last of its reports', () => {
    const second = { report: report({ reportId: 'r-2' }) };
    const given = events(['REPORTED', 0], ['REPORTED', 1, second], ['RETRACTED', 2]);
    expect(fold(given).case.status).toBe('REPORTED');
    const all = [...given, event('RETRACTED', hours(3), { reportId: 'r-2' })];
    expect(fold(all).case.status).toBe('RETRACTED');
  });
});
