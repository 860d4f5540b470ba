import { describe, expect, it } from 'vitest';
import { relate } from '../../../takedown/relate.js';
import { events, fold, hours, KEY, OTHER_LOCATION, report, NOTICED } from './case-builder.js';

describe('content that comes back', () => {
  const down = [...NOTICED, ['VERIFIED_DOWN', 6] as const];
  const moved = { isVnDomain: true, country: 'NL', network: '64511' };

  it.each([
    ['REAPPEARED', 'SAME_LOCATION', null],
    ['REAPPEARED', 'MOVED_HOST', moved],
    ['REAPPEARED', 'MOVED_COUNTRY', moved],
    ['VERIFIED_STILL_UP', 'SAME_LOCATION', null],
  ] as const)('opens a cycle of its own: %s %s', (type, relation, host) => {
    const { case: state } = fold(events(...down, [type, 100, { relation, host }]));
    expect(state.cycles).toHaveLength(2);
    expect(state.cycles[0]).toMatchObject({ status: 'VERIFIED_DOWN', firstSeenDownMs: hours(6) });
    expect(state.cycles[1]).toMatchObject({
      number: 2,
      status: 'REAPPEARED',
      opened: { earliestMs: hours(100) },
      linkedTo: { locationKey: KEY.locationKey, relation },
      finding: 'ILLEGAL',
      firstSeenDownMs: null,
    });
    expect(state.stage).toBe('NOTICE');
    if (host !== null) expect(state.host).toEqual(host);
  });

  it('is noted on the old case and links the new one when it is found elsewhere', () => {
    const relation = 'OTHER_PROVIDER';
    const elsewhere = fold(events(...down, ['REAPPEARED', 100, { relation, toLocationKey: OTHER_LOCATION }]));
    expect(elsewhere.case.status).toBe('VERIFIED_DOWN');
    expect(elsewhere.case.foundElsewhere).toMatchObject([
      { locationKey: OTHER_LOCATION, relation, cycle: 1 },
    ]);
    const here = fold(
      events(['REPORTED', 0], ['REAPPEARED', 1, { relation, fromLocationKey: OTHER_LOCATION }]),
    );
    expect(here.case.status).toBe('REPORTED');
    expect(here.case.cycles[0]?.linkedTo).toEqual({ locationKey: OTHER_LOCATION, relation });
  });

  it('makes reports since it was down visible until somebody looks', () => {
    const again = ['REPORTED', 50, { report: report({ reportId: 'r-2' }) }] as const;
    expect(fold(events(...down, again)).case.reportsSinceDown).toBe(1);
    expect(fold(events(...down, again, ['VERIFIED_STILL_UP', 51])).case.reportsSinceDown).toBe(0);
  });

  it.each([
    ['SAME_LOCATION', {}, {}],
    ['MOVED_HOST', {}, { network: '64511' }],
    ['MOVED_COUNTRY', {}, { country: 'NL', network: '64511' }],
    ['SAME_LOCATION', {}, { country: '', network: '' }],
    ['SAME_PROVIDER', { locationKey: OTHER_LOCATION }, { country: 'NL' }],
    ['OTHER_PROVIDER', { locationKey: OTHER_LOCATION, provider: 'host-2' }, {}],
  ] as const)('is called %s (%o, host %o)', (relation, place, host) => {
    const before = { locationKey: KEY.locationKey, provider: 'host-1', host: report().host };
    expect(relate(before, { ...before, ...place, host: { ...before.host, ...host } })).toBe(relation);
  });
});
