// A notice as its addressee is told it.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { NoticeSchema, type Notice } from '@lachan/proto/takedown-service';
import { TakedownEventType, type RunningDeadline } from '@lachan/proto/takedown';
import type { StoredCase, StoredDuty } from '../../store/queries/cases.js';
import type { NoticeRow } from '../../store/queries/notices.js';
import { dueMs } from '../../takedown/clocks.js';
import { categoryOf, deadlineMessage, urgencyOf } from '../takedown/case-message.js';

export interface NoticeContext {
  /** Undefined where its case is not known. */
  readonly of: StoredCase | undefined;
  /** All notices that were ever issued to the addressee for the location. */
  readonly issued: readonly NoticeRow[];
  readonly reportIds: readonly string[];
}

export function noticeMessage(row: NoticeRow, { of, issued, reportIds }: NoticeContext): Notice {
  const duties = dutiesOf(row, of);
  const noticed = duties.find(({ trigger }) => trigger === 'NOTICE_ISSUED');
  const isNotification = row.cycle > 0;
  // What rings later says again what was issued then.
  const original = isNotification ? issued.find(({ atMs }) => atMs === noticed?.fromMs) : row;
  return create(NoticeSchema, {
    noticeId: row.type === 'NOTICE_REPEATED' ? (original ?? row).eventKey : row.eventKey,
    locationKey: row.locationKey,
    cycle: cycleOf(row, of),
    type: TakedownEventType[row.type],
    repeat: row.type === 'NOTICE_REPEATED' ? row.n : 0,
    issuedAt: timestampFromMs(row.atMs),
    legalBasis: original?.legalBasis ?? '',
    category: categoryOf(of?.category ?? ''),
    urgency: urgencyOf(of?.urgency ?? ''),
    host: of?.host ?? '',
    reportIds: [...reportIds],
    sealedLocation: original?.noticeBox ?? new Uint8Array(),
    deadlines: deadlinesOf(row, duties, of),
  });
}

/** The cycle it counts in. */
function cycleOf(row: NoticeRow, of: StoredCase | undefined): number {
  if (row.cycle > 0) return row.cycle;
  const noticed = dutyOfNotice(row, of);
  if (noticed !== undefined) return noticed.cycle;
  return 1 + Math.max(0, of?.cycles.findLastIndex(({ openedMs }) => openedMs <= row.atMs) ?? 0);
}

function dutyOfNotice(row: NoticeRow, of: StoredCase | undefined): StoredDuty | undefined {
  if (row.type !== 'NOTICE_ISSUED') return undefined;
  return of?.duties.find(
    ({ trigger, addressee, fromMs }) =>
      trigger === 'NOTICE_ISSUED' && addressee === row.addressee && fromMs === row.atMs,
  );
}

function dutiesOf(row: NoticeRow, of: StoredCase | undefined): readonly StoredDuty[] {
  if (row.type === 'BLOCK_ORDERED') return [];
  const number = cycleOf(row, of);
  return (of?.duties ?? []).filter(({ cycle, addressee }) => cycle === number && addressee === row.addressee);
}

/** Those that passed, too: whoever hears of it late must see it. */
function deadlinesOf(
  row: NoticeRow,
  duties: readonly StoredDuty[],
  of: StoredCase | undefined,
): RunningDeadline[] {
  return duties
    .flatMap(({ addressee, toMs, deadlines }) =>
      deadlines
        .filter(({ rule }) => row.rule === '' || rule === row.rule)
        .map((deadline) => ({
          addressee,
          rule: deadline.rule,
          due: dueMs(toMs, deadline, of?.pauses ?? []),
        })),
    )
    .sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity))
    .map(({ addressee, rule, due }) => deadlineMessage(addressee, rule, due));
}
