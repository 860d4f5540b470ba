import { describe, expect, it } from 'vitest';
import { deadlinesFor } from '../../../takedown/rule.js';
import { readRules } from '../../../takedown/read-rules.js';
import { VIETNAM_EXAMPLE } from '../../../takedown/rules/vietnam-example.js';
import { succeedRules } from '../../../takedown/succeed-rules.js';
import { whatIf } from '../../../takedown/what-if.js';
import { DAY, event, events, EXAMPLE, fold, HOUR, hours, KEY, ms, NOTICED, rulesOf } from './case-builder.js';

const BASE = {
  id: 'a',
  version: 1,
  article: 'Article 1',
  note: '',
  validFrom: '2026-01-01T00:00:00+07:00',
  validTo: null,
  trigger: 'NOTICE_ISSUED',
  categories: null,
  urgencies: null,
  hosts: null,
  limitHours: 24,
  pausedBy: ['HOLD'],
};
const DOWN_TO_12 = { ...BASE, version: 2, validFrom: '2026-08-02T00:00:00+07:00', limitHours: 12 };
const UNTIL_THEN = { ...BASE, validTo: '2026-08-02T00:00:00+07:00' };

describe('rules as data', () => {
  it('ship the clocks of the mission, marked as an example to be confirmed by a lawyer', () => {
    expect(EXAMPLE.map(({ id, limitMs, note }) => [id, limitMs / HOUR, /lawyer/.test(note)])).toEqual([
      ['law-116-2025-art-25-2', 24, true],
      ['law-116-2025-art-25-2-urgent', 6, true],
      ['decree-147-2024-request', 24, true],
      ['decree-147-2024-complaint', 48, true],
    ]);
  });

  it.each<[string, unknown, string]>([
    ['no list', {}, 'the rules are not a list'],
    ['no object', [null], 'rule 1: is not an object'],
    ['a field of another name', [{ ...BASE, hours: 3 }], 'rule 1: hours is not a field of a rule'],
    [
      'a date without a time zone',
      [{ ...BASE, validFrom: '2026-01-01' }],
      'rule 1: validFrom must be an instant with its offset',
    ],
    [
      'a day that does not exist',
      [{ ...BASE, validFrom: '2026-02-29T00:00:00Z' }],
      'rule 1: validFrom must be an instant with its offset',
    ],
    [
      'an end before its beginning',
      [{ ...BASE, validTo: BASE.validFrom }],
      'rule 1: validTo must be after validFrom',
    ],
    ['no hours', [{ ...BASE, limitHours: 0 }], 'rule 1: limitHours must be whole hours from 1 on'],
    [
      'an unknown category',
      [{ ...BASE, categories: ['SPAM'] }],
      'rule 1: categories must be null or a list of categories',
    ],
    [
      'a condition that nothing meets',
      [{ ...BASE, urgencies: [] }],
      'rule 1: urgencies must be null or a list of urgencies',
    ],
    ['two versions at once', [BASE, DOWN_TO_12], 'a: version 2 begins before version 1 ends'],
    ['one version twice', [BASE, BASE], 'a: version 1 occurs twice'],
  ])('are refused with %s', (_, value, fault) => {
    expect(readRules(value)).toEqual({ faults: [fault] });
  });

  it('tell all their faults at once', () => {
    const read = readRules([
      { ...BASE, id: '', trigger: 'X' },
      { ...BASE, pausedBy: null },
    ]);
    expect('faults' in read && read.faults).toHaveLength(3);
  });

  it.each([
    [['VN_DOMAIN'], { isVnDomain: true, country: 'NL' }, 1],
    [['VN_ADDRESS'], { isVnDomain: true, country: 'NL' }, 0],
    [['VN_ADDRESS', 'ABROAD'], { isVnDomain: true, country: 'NL' }, 1],
    [['VN_ADDRESS', 'ABROAD'], { isVnDomain: false, country: '' }, 0],
  ])('apply to hosts of kind %s: %o → %d', (hosts, host, count) => {
    const context = { category: 'CSAM', urgency: 'ROUTINE', host: { network: '', ...host } } as const;
    const rules = rulesOf([{ ...BASE, hosts }]);
    expect(deadlinesFor(rules, 'NOTICE_ISSUED', ms('2026-08-01T00:00:00Z'), context)).toHaveLength(count);
  });

  it('apply to categories and urgencies that they name', () => {
    const host = { isVnDomain: false, country: '', network: '' };
    const rules = rulesOf([{ ...BASE, categories: ['CSAM'], urgencies: ['EXPEDITED'] }]);
    const count = (category: 'CSAM' | 'GROOMING', urgency: 'EXPEDITED' | 'ROUTINE') =>
      deadlinesFor(rules, 'NOTICE_ISSUED', hours(0), { category, urgency, host }).length;
    expect([count('CSAM', 'EXPEDITED'), count('CSAM', 'ROUTINE'), count('GROOMING', 'EXPEDITED')]).toEqual([
      1, 0, 0,
    ]);
  });
});

describe('a change of rules', () => {
  const before = rulesOf([BASE]);
  const after = rulesOf([UNTIL_THEN, DOWN_TO_12]);
  const dutyUnder = (rules: typeof before, list: ReturnType<typeof events>) =>
    fold(list, rules).case.cycles[0]?.duties[0]?.deadlines.map(({ rule, limitMs }) => [rule, limitMs / HOUR]);

  it('in the middle of a case leaves its deadline as it was', () => {
    // The notice is of 1 August 15:00, the rule changes at midnight, the content goes down at 11:00.
    const given = [...events(...NOTICED), event('VERIFIED_DOWN', hours(23))];
    expect(dutyUnder(before, given)).toEqual([['a@1', 24]]);
    expect(fold(given, after)).toEqual(fold(given, before));
  });

  it('counts for what is triggered from then on', () => {
    const given = events(...NOTICED.slice(0, 3), ['NOTICE_ISSUED', 12]);
    expect(dutyUnder(after, given)).toEqual([['a@2', 12]]);
  });

  it.each<[string, unknown[], string[]]>([
    ['ends the old one and adds the next', [UNTIL_THEN, DOWN_TO_12], []],
    ['adds another rule', [BASE, { ...BASE, id: 'b', validFrom: '2026-07-20T00:00:00+07:00' }], []],
    ['drops a rule', [{ ...DOWN_TO_12 }], ['a@1 is missing: cases were decided under it']],
    [
      'changes hours under the same version',
      [{ ...BASE, limitHours: 48 }],
      ['a@1 was changed: give the change a new version'],
    ],
    [
      'ends a rule in the past',
      [{ ...BASE, validTo: '2026-07-01T00:00:00+07:00' }],
      ['a@1: its end may be moved only where neither the old nor the new one has passed'],
    ],
    ['begins in the past', [BASE, { ...BASE, id: 'b' }], ['b@1 is new and begins in the past']],
  ])('%s: %j', (_, next, faults) => {
    expect(succeedRules(before, rulesOf(next), ms('2026-07-15T00:00:00+07:00'))).toEqual(faults);
  });

  it('can be tried on history without touching it', () => {
    const histories = [10, 20, 30].map((downAfter, i) => ({
      key: { ...KEY, locationKey: `${i}`.repeat(32) },
      events: [...events(...NOTICED), event('VERIFIED_DOWN', hours(3 + downAfter))],
    }));
    const open = { key: { ...KEY, locationKey: 'f'.repeat(32) }, events: events(...NOTICED) };
    const asOfMs = hours(3 + 18);
    const counts = (limitHours: number, asOf: number) =>
      whatIf([...histories, open], rulesOf([{ ...BASE, limitHours }]), asOf).get('a@1');
    expect(counts(24, hours(3) + 9 * DAY)).toEqual({ MET: 2, MISSED: 0, OPEN: 0, UNDECIDABLE: 2 });
    expect(counts(12, hours(3) + 9 * DAY)).toEqual({ MET: 1, MISSED: 0, OPEN: 0, UNDECIDABLE: 3 });
    expect(counts(24, asOfMs)).toEqual({ MET: 1, MISSED: 0, OPEN: 3, UNDECIDABLE: 0 });
    expect(whatIf(histories, rulesOf(VIETNAM_EXAMPLE), hours(2)).size).toBe(0);
  });
});
