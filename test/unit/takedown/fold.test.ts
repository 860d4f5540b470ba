import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../takedown/create-event.js';
import { eventParts } from '../../../takedown/event-parts.js';
import { isOutdated } from '../../../takedown/fold.js';
import { event, events, fold, HOUR, hours, report, START, NOTICED } from './case-builder.js';

const last = <T>(list: readonly T[]): T | undefined => list.at(-1);

describe('a case', () => {
  it('is the same when a step arrives late', () => {
    const [reported, triaged, assessed, noticed] = events(...NOTICED);
    const early = fold([noticed!, assessed!, triaged!]);
    expect(early.case.status).toBe('UNREPORTED');
    expect(early.verdicts.map((v) => v.effect)).toEqual(['REFUSED', 'REFUSED', 'REFUSED']);
    expect(fold([noticed!, assessed!, triaged!, reported!]).case.status).toBe('NOTICE_ISSUED');
  });

  it('counts each event once and keeps the copy that was seen first', () => {
    const first = event('ACTION_CLAIMED', hours(4));
    const resent = { ...first, observedAtMs: hours(50) };
    const both = [...events(...NOTICED), resent, first, resent];
    expect(fold(both)).toEqual(fold([...events(...NOTICED), first]));
  });

  it('refuses an event id that comes again with other content', () => {
    const notice = event('NOTICE_ISSUED', hours(3), { id: 'n' });
    const other = event('NOTICE_ISSUED', hours(3), { id: 'n', addressee: 'host-2', observedAtMs: hours(4) });
    const folded = fold([other, ...events(...NOTICED.slice(0, 3)), notice]);
    expect(folded.case.cycles[0]?.duties.map((d) => d.addressee)).toEqual(['host-1']);
    expect(last(folded.verdicts)).toEqual({
      eventId: 'n',
      effect: 'REFUSED',
      reason: 'SAME_ID_OTHER_CONTENT',
    });
  });

  it('has a version that counts acts, not notifications and reports', () => {
    const acts = events(...NOTICED);
    const noise = events(
      ['REPORTED', 5, { report: report({ reportId: 'r-2' }) }],
      ['NOTICE_REPEATED', 27],
      ['BREACHED', 28],
    );
    const { case: state } = fold([...acts, ...noise]);
    expect(state).toMatchObject({ version: 3, eventCount: 7, reportCount: 2 });
    expect(isOutdated(state, 3)).toBe(false);
    expect(isOutdated(state, 2)).toBe(true);
    expect(isOutdated(state, null)).toBe(false);
    const reported = fold(events(['REPORTED', 0], ['SELF_ACTIONED', 1])).case;
    expect(reported.version).toBe(0);
    expect(isOutdated(reported, 0)).toBe(false);
  });

  it('takes from an amendment what no report has said: a higher urgency, and since when there is the content', () => {
    const createdAt = { instantMs: START - 5 * HOUR, precision: 'SECOND' } as const;
    const amended = (change: Parameters<typeof report>[0], after = 1) =>
      fold(events(['REPORTED', 0], ['REPORTED', after, { report: report(change) }]));
    expect(amended({}).verdicts.map(({ effect }) => effect)).toEqual(['APPLIED', 'NO_OP']);
    const urgent = amended({ urgency: 'IMMINENT_RISK' });
    expect(urgent.case).toMatchObject({ urgency: 'IMMINENT_RISK', reportCount: 1, status: 'REPORTED' });
    expect(urgent.verdicts.map(({ effect }) => effect)).toEqual(['APPLIED', 'APPLIED']);
    expect(amended({ contentCreatedAt: createdAt }).case.contentCreatedAt).toEqual(createdAt);
    const retracted = events(['REPORTED', 0], ['RETRACTED', 1]);
    const late = events(['REPORTED', 2, { report: report({ urgency: 'EXPEDITED' }) }]);
    expect(fold([...retracted, ...late]).case).toMatchObject({ status: 'RETRACTED', urgency: 'EXPEDITED' });
  });

  it('tells an actor who saw an older version so, unless it was done already', () => {
    const given = events(...NOTICED);
    const again = event('NOTICE_ISSUED', hours(4), { isOutdated: true });
    const other = event('HOLD', hours(5), { isOutdated: true });
    const { verdicts, case: state } = fold([...given, again, other]);
    expect(verdicts.slice(-2)).toEqual([
      { eventId: again.id, effect: 'NO_OP' },
      { eventId: other.id, effect: 'REFUSED', reason: 'OUTDATED' },
    ]);
    expect(state.isHeld).toBe(false);
    expect(state.version).toBe(3);
  });

  it('puts events of one day in the order of the procedure, whatever their ids', () => {
    const onDay = { occurredAt: { instantMs: START, precision: 'DAY' }, observedAtMs: START } as const;
    const given = (['VERIFIED_DOWN', 'NOTICE_ISSUED', 'ASSESSED', 'REPORTED'] as const).map((type, i) =>
      event(type, START, { ...onDay, id: `${i}` }),
    );
    expect(fold(given).case.status).toBe('VERIFIED_DOWN');
  });

  it('never counts an event before or beyond what we saw', () => {
    const future = event('NOTICE_ISSUED', hours(3), {
      occurredAt: { instantMs: hours(9000), precision: 'MS' },
    });
    const { case: state } = fold([...events(...NOTICED.slice(0, 3)), future]);
    expect(state.cycles[0]?.duties[0]?.start).toEqual({ earliestMs: hours(3), latestMs: hours(3) });
  });
});

describe('a history from elsewhere', () => {
  it('may lack the steps that nobody recorded', () => {
    const old = { isHistory: true };
    const { case: state, verdicts } = fold(
      events(['NOTICE_ISSUED', 0, old], ['VERIFIED_DOWN', 20, old], ['CLOSED', 30, old]),
    );
    expect(verdicts.map((v) => v.effect)).toEqual(['APPLIED', 'APPLIED', 'APPLIED']);
    expect(state).toMatchObject({ status: 'CLOSED_DOWN', liveFromMs: null });
  });
});

describe('the flat parts of an event', () => {
  it('name the field that is missing', () => {
    const parts = eventParts(event('TRIAGED', START));
    expect(createEvent({ ...parts, id: '' })).toEqual({ fault: { field: 'id' } });
    expect(createEvent({ ...parts, type: 'REPORTED' })).toEqual({ fault: { field: 'report' } });
    expect(createEvent({ ...parts, type: 'CLOSED' })).toEqual({ fault: { field: 'closedAs' } });
    expect(createEvent({ ...parts, observedAtMs: Number.NaN })).toEqual({ fault: { field: 'observedAtMs' } });
  });
});
