import { describe, expect, it } from 'vitest';
import type { EventParts } from '../../../takedown/create-event.js';
import { EVENT_TYPES, STATUSES, type EventType, type Status } from '../../../takedown/event-types.js';
import { events, fold, NOTICED, report, type Given } from './case-builder.js';
import { COLUMNS, LEADS_TO, REFUSED_AS, TABLE } from './transition-table.js';

const OWNED: Given = ['ASSIGNED', 0.5];
const REPORTED: readonly Given[] = [['REPORTED', 0], OWNED];
const ASSESSED: readonly Given[] = [...REPORTED, ['TRIAGED', 1], ['ASSESSED', 2]];
const NOTICE: readonly Given[] = [...NOTICED, OWNED];
const CLAIMED: readonly Given[] = [...NOTICE, ['ACKNOWLEDGED', 4], ['ACTION_CLAIMED', 5]];
const DOWN: readonly Given[] = [...CLAIMED, ['VERIFIED_DOWN', 6]];
const NOT_HERE: readonly Given[] = [...ASSESSED, ['CLOSED', 3, { closedAs: 'NOT_IN_JURISDICTION' }]];

/** How a case gets to each status, along the arrows of the diagram. */
const WAY: Readonly<Record<Status, readonly Given[]>> = {
  UNREPORTED: [],
  REPORTED,
  TRIAGED: [...REPORTED, ['TRIAGED', 1]],
  ASSESSED,
  SELF_ACTIONED: [['SELF_ACTIONED', 0], OWNED],
  REAPPEARED: [...DOWN, ['REAPPEARED', 7]],
  NOTICE_ISSUED: NOTICE,
  ACKNOWLEDGED: [...NOTICE, ['ACKNOWLEDGED', 4]],
  ACTION_CLAIMED: CLAIMED,
  VERIFIED_STILL_UP: [...CLAIMED, ['VERIFIED_STILL_UP', 6]],
  ESCALATED: [...NOTICE, ['ESCALATED', 72]],
  ALREADY_DOWN: [...ASSESSED, ['ALREADY_DOWN', 3]],
  VERIFIED_DOWN: DOWN,
  CLOSED_DOWN: [...DOWN, ['CLOSED', 7]],
  CLOSED_NOT_ILLEGAL: [
    ...REPORTED,
    ['TRIAGED', 1],
    ['ASSESSED', 2, { finding: 'NOT_ILLEGAL' }],
    ['CLOSED', 3, { closedAs: 'NOT_ILLEGAL' }],
  ],
  CLOSED_NOT_IN_JURISDICTION: NOT_HERE,
  CLOSED_NOT_RESOLVABLE: [...ASSESSED, ['CLOSED', 3, { closedAs: 'NOT_RESOLVABLE' }]],
  REFERRED: [...NOT_HERE, ['REFERRED', 4]],
  RETRACTED: [...REPORTED, ['RETRACTED', 1]],
  REINSTATED: [...NOTICE, ['APPEALED', 4], ['REINSTATED', 5]],
};

const EVENT: Partial<Record<EventType, Partial<EventParts>>> = {
  REPORTED: { report: report({ reportId: 'r-2', providerId: 'reporter-2' }) },
  SELF_ACTIONED: { report: report({ reportId: 'r-2', providerId: 'host-1' }) },
  ASSESSED: { finding: 'HARMFUL_NOT_ILLEGAL' },
  NOTICE_ISSUED: { addressee: 'host-2' },
  BLOCK_ORDERED: { addressee: 'isp-1' },
  BLOCK_CONFIRMED: { addressee: 'isp-1' },
  BLOCK_VERIFIED: { addressee: 'isp-1' },
  ASSIGNED: { stage: 'ESCALATION' },
  HANDED_OVER: { owner: 'op-2' },
  CLOSED: { closedAs: 'NOT_RESOLVABLE' },
};

const pairs = EVENT_TYPES.flatMap((type) => {
  const cells = TABLE[type].trim().split(/ +/);
  return COLUMNS.map((status, i) => ({ type, status, cell: cells[i] ?? 'missing' }));
});

function expected(status: Status, cell: string): { status: Status; effect: string; reason?: string } {
  if (cell === '=') return { status, effect: 'APPLIED' };
  if (cell === '0') return { status, effect: 'NO_OP' };
  const to = LEADS_TO[cell];
  if (to !== undefined) return { status: to, effect: 'APPLIED' };
  return { status, effect: 'REFUSED', reason: REFUSED_AS[cell] ?? `unknown cell ${cell}` };
}

describe('the table of all statuses and events', () => {
  it('names every pair once', () => {
    expect([...COLUMNS].sort()).toEqual([...STATUSES].sort());
    expect(pairs.filter(({ cell }) => cell === 'missing')).toEqual([]);
    expect(pairs).toHaveLength(STATUSES.length * EVENT_TYPES.length);
  });

  it.each(STATUSES)('reaches %s along the arrows of the diagram', (status) => {
    const { case: state, verdicts } = fold(events(...WAY[status]));
    expect(state.status).toBe(status);
    expect(verdicts.every(({ effect }) => effect === 'APPLIED')).toBe(true);
  });

  it.each(pairs)('$status × $type: $cell', ({ type, status, cell }) => {
    const last = events([type, 1000, EVENT[type]]);
    const { case: state, verdicts } = fold([...events(...WAY[status]), ...last]);
    const verdict = verdicts.at(-1);
    expect({ ...verdict, status: state.status }).toEqual({
      eventId: last[0]?.id,
      ...expected(status, cell),
    });
  });
});
