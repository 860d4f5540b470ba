import { at, Precision } from '@lachan/sdk';
import { describe, expect, it } from 'vitest';
import { encodeAction, type ActionOptions, type ActionTarget } from '../../sdk/action.js';

const NOW_MS = 1_790_000_000_000;
const CASE = { locationKey: '0b0e7a52-3c1d-4f6a-9b8e-0123456789ab' };
const DONE_AT = new Date(1_789_999_000_000);

function claimOf(target: ActionTarget, options: ActionOptions = {}, nowMs = NOW_MS) {
  const encoded = encodeAction('ACTION_CLAIMED', target, options, nowMs);
  if (!encoded.ok) throw new Error('refused');
  return encoded.event;
}

function violationsOf(target: object, options: object = {}) {
  // As an untyped caller would.
  const encoded = encodeAction('ACTION_CLAIMED', target as ActionTarget, options, NOW_MS);
  return encoded.ok ? [] : encoded.receipt.violations;
}

describe('an action', () => {
  it('happened now, unless it says when', () => {
    expect(claimOf(CASE).occurredAt).toMatchObject(at(NOW_MS));
    expect(claimOf(CASE, { occurredAt: DONE_AT }).occurredAt).toMatchObject(at(DONE_AT));
    const day = at(DONE_AT, Precision.DAY);
    expect(claimOf(CASE, { occurredAt: day }).occurredAt).toMatchObject(day);
  });

  it('is the same event whoever says it again, whenever and however', () => {
    const { eventId } = claimOf(CASE, { occurredAt: DONE_AT });
    const notice = { ...CASE, noticeId: 'n-7', cycle: 2 };
    expect(claimOf(notice, { occurredAt: DONE_AT }, NOW_MS + 60_000).eventId).toBe(eventId);
    expect(eventId).toMatch(/^[A-Za-z0-9_.:-]{1,128}$/);
  });

  it('is another event where it is about another case, another time or another thing', () => {
    const other = { locationKey: '0b0e7a52-3c1d-4f6a-9b8e-0123456789ac' };
    const acknowledged = encodeAction('ACKNOWLEDGED', CASE, { occurredAt: DONE_AT }, NOW_MS);
    const ids = [
      claimOf(CASE, { occurredAt: DONE_AT }).eventId,
      claimOf(other, { occurredAt: DONE_AT }).eventId,
      claimOf(CASE, { occurredAt: new Date(DONE_AT.getTime() + 1) }).eventId,
      acknowledged.ok ? acknowledged.event.eventId : '',
      // Taken down again after it was found up: never swallowed as a repeat of the first claim.
      claimOf(CASE).eventId,
      claimOf(CASE, {}, NOW_MS + 1).eventId,
    ];
    expect(new Set(ids).size).toBe(6);
  });

  it('never carries an address in its id, not even as a digest', () => {
    const target = { url: 'https://lachan-demo-1.vn/x' };
    const ids = [1, 2].map(() => claimOf(target, { occurredAt: DONE_AT }).eventId);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('keeps the id that the host gives', () => {
    expect(claimOf(CASE, { eventId: 'own-1' }).eventId).toBe('own-1');
  });

  it.each<[string, object, object, string, string]>([
    ['without a target', {}, {}, 'location', 'REQUIRED'],
    [
      'with a misspelt option, which would make it happen now',
      CASE,
      { occuredAt: DONE_AT },
      '',
      'UNKNOWN_FIELD',
    ],
    ['with a note that is no text', CASE, { note: 7 }, 'note', 'MALFORMED'],
    ['with a target that is no text', { locationKey: 7 }, {}, 'location_key', 'MALFORMED'],
    ['with a note beyond all measure', CASE, { note: 'x'.repeat(70_000) }, '', 'LENGTH'],
  ])('%s is refused here', (_, target, options, field, rule) => {
    expect(violationsOf(target, options)).toMatchObject([{ field, rule }]);
  });

  it('of no target, or with no options, at all does not throw', () => {
    const none: unknown = undefined;
    expect(violationsOf(none as object)).toMatchObject([{ rule: 'MALFORMED' }]);
    expect(violationsOf(CASE, null as unknown as object)).toMatchObject([{ rule: 'MALFORMED' }]);
  });
});
