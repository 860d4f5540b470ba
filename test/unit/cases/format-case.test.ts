import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { Category, Precision, Urgency } from '@lachan/proto/report';
import { CaseSchema, CaseStage, TakedownEventType, type Case } from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import { caseJson, formatCase, formatCases, formatQueue } from '../../../cli/takedown/format-case.js';

const instant = (text: string): Timestamp => timestampFromDate(new Date(`${text}Z`));
const NOW = Date.parse('2026-11-24T05:00:00Z');
const key = (n: number): string => `00000000-0000-8000-8000-${String(n).padStart(12, '0')}`;

const caseOf = (init: MessageInitShape<typeof CaseSchema> = {}): Case =>
  create(CaseSchema, {
    locationKey: key(1),
    version: 3n,
    status: 'NOTICE_ISSUED',
    stage: CaseStage.NOTICE,
    owner: 'lan',
    category: Category.CSAM,
    urgency: Urgency.EXPEDITED,
    host: 'lachan-demo-1.vn',
    reports: 2,
    openedAt: instant('2026-11-23T20:00:00'),
    cycle: 1,
    deadlines: [{ addressee: 'demo-host', rule: 'law-6h@1', dueAt: instant('2026-11-24T08:20:00') }],
    ...init,
  });

describe('cases for people', () => {
  it('show the history with what became of every event, in the time of Vietnam', () => {
    const shown = formatCase(
      caseOf({
        events: [
          {
            eventId: 'a-1',
            type: TakedownEventType.ASSESSED,
            actorRole: 'OPERATOR',
            actor: 'lan',
            occurredAt: { instant: instant('2026-11-23T00:00:00'), precision: Precision.DAY },
            observedAt: instant('2026-11-24T01:02:03'),
            effect: 'APPLIED',
          },
          {
            eventId: 'e-1',
            type: TakedownEventType.ESCALATED,
            actorRole: 'OPERATOR',
            actor: 'minh',
            observedAt: instant('2026-11-24T01:02:04'),
            effect: 'REFUSED',
            refusal: 'NOT_BREACHED',
          },
          { eventId: 'n-2', type: TakedownEventType.NOTICE_ISSUED, effect: 'NO_OP', addressee: 'demo-host' },
        ],
      }),
      NOW,
    );
    expect(shown).toContain('NOTICE_ISSUED: đã yêu cầu gỡ / takedown requested');
    expect(shown).toMatch(/3 h 20 min +2026-11-24 15:20:00 +demo-host +law-6h@1/);
    expect(shown).toMatch(
      /2026-11-23 +2026-11-24 08:02:03 +ASSESSED: đánh giá \/ assessed +OPERATOR lan .*có hiệu lực \/ applied +a-1/,
    );
    expect(shown).toMatch(/refused: NOT_BREACHED \(chưa hết hạn nào \/ every deadline still runs\) +e-1/);
    expect(shown).toMatch(/đã làm từ trước \/ already done +n-2/);
    expect(shown).toContain('Asia/Ho_Chi_Minh (UTC+07:00)');
  });

  it('a case that is held says so, and its deadline stands still', () => {
    const shown = formatCase(
      caseOf({ held: true, deadlines: [{ addressee: 'demo-host', rule: 'law@1' }] }),
      NOW,
    );
    expect(shown).toMatch(/^held +yes/m);
    expect(shown).toMatch(/tạm dừng \/ held +demo-host +law@1/);
  });

  it('the queue marks what has passed its deadline, counts it, and keeps the order of the authority', () => {
    const due = (n: number, text: string): Case =>
      caseOf({ locationKey: key(n), deadlines: [{ addressee: 'a', rule: 'r@1', dueAt: instant(text) }] });
    const shown = formatQueue(
      [due(1, '2026-11-24T03:00:00'), due(2, '2026-11-24T04:59:59'), due(3, '2026-11-24T05:30:00')],
      NOW,
    );
    const lines = shown.split('\n');
    expect(lines.slice(2, 5).map((line) => line.slice(-36))).toEqual([key(1), key(2), key(3)]);
    expect(lines[2]).toMatch(/^!! +QUÁ HẠN \/ OVERDUE 2 h 00 min/);
    expect(lines[3]).toMatch(/^!! +QUÁ HẠN \/ OVERDUE 1 s/);
    expect(lines[4]).toMatch(/^ +30 min/);
    expect(shown).toContain('3 vụ việc / cases, 2 quá hạn / overdue.');
  });

  it('an empty list says that it is empty', () => {
    expect(formatCases([], NOW)).toMatch(/no cases/);
    expect(formatQueue([], NOW)).toMatch(/no deadline runs/);
  });

  it('as JSON they have every field of the contract, by its name there', () => {
    expect(caseJson(caseOf({ owner: '', hostNetwork: 0 }))).toMatchObject({
      location_key: key(1),
      version: '3',
      status: 'NOTICE_ISSUED',
      stage: 'CASE_STAGE_NOTICE',
      owner: '',
      host_network: 0,
      held: false,
      opened_at: '2026-11-23T20:00:00Z',
      deadlines: [{ addressee: 'demo-host', rule: 'law-6h@1', due_at: '2026-11-24T08:20:00Z' }],
      events: [],
    });
  });
});
