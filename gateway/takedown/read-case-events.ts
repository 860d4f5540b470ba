// What has happened to a case, and what each event did to it.
import { Buffer } from 'node:buffer';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EventTimeSchema, Precision } from '@lachan/proto/report';
import { CaseEventSchema, TakedownEventType, type CaseEvent } from '@lachan/proto/takedown';
import { PRECISIONS, type Environment } from '../../schemas/vocabulary.js';
import { selectShownEvents, type ShownEvent } from '../../store/queries/case-concerns.js';
import { selectProgress, selectVerdicts } from '../../store/queries/kept-cases.js';
import type { Select } from '../../store/queries/select.js';
import { EVENT_TYPES, STATEMENTS } from '../../takedown/event-types.js';
import { compareText } from '../../takedown/instants.js';
import { uuidText } from '../uuid-text.js';

const MOST = { reports: 100, others: 900 };

/** In the order in which they count. `key`: a UUID as text. */
export async function readCaseEvents(
  select: Select,
  environment: Environment,
  key: string,
): Promise<CaseEvent[]> {
  // In this order: what is folded by the time progress is read has its verdict by the time verdicts are.
  const events = await selectShownEvents(select, environment, key, [...STATEMENTS], MOST);
  const progress = new Map<number, ReadonlyMap<number, number>>();
  for (const epoch of new Set(events.filter(({ isReport }) => !isReport).map((event) => event.epoch))) {
    progress.set(epoch, await selectProgress(select, 'takedowns', epoch));
  }
  const hexKey = key.replaceAll('-', '');
  const verdicts = (await selectVerdicts(select, environment, [hexKey])).get(hexKey);
  const isFolded = ({ isReport, epoch, partition, offset }: ShownEvent): boolean =>
    isReport || offset <= (progress.get(epoch)?.get(partition) ?? -1);
  return [...events].sort(inOrder).map((event) => {
    const verdict = verdicts?.get(event.eventKey);
    const effect = isFolded(event) ? (verdict?.effect ?? 'APPLIED') : '';
    return messageOf(event, effect, effect === 'REFUSED' ? (verdict?.reason ?? '') : '');
  });
}

function messageOf(event: ShownEvent, effect: string, refusal: string): CaseEvent {
  const type = EVENT_TYPES.find((known) => known === event.type);
  const precision = PRECISIONS.find((known) => known === event.precision);
  return create(CaseEventSchema, {
    eventId: event.eventId,
    type: type === undefined ? TakedownEventType.UNSPECIFIED : TakedownEventType[type],
    actorRole: event.actorRole,
    actor: event.actorId,
    occurredAt: create(EventTimeSchema, {
      instant: timestampFromMs(event.occurredMs),
      precision: precision === undefined ? Precision.UNSPECIFIED : Precision[precision],
    }),
    observedAt: timestampFromMs(event.observedMs),
    effect,
    refusal,
    addressee: event.addressee,
    authorityReportId: uuidOf(event.authorityReportId),
  });
}

function uuidOf(hex: string): string {
  return hex === '' ? '' : uuidText(Buffer.from(hex, 'hex'));
}

/** As `compareEvents`. */
function inOrder(a: ShownEvent, b: ShownEvent): number {
  if (a.effectiveMs !== b.effectiveMs) return a.effectiveMs - b.effectiveMs;
  return rank(a) - rank(b) || compareText(a.eventKey, b.eventKey);
}

function rank({ type }: ShownEvent): number {
  return EVENT_TYPES.findIndex((known) => known === type);
}
