// A few of the locations that were just reported, worked on as operators and providers would: through the gateway.
import { create } from '@bufbuild/protobuf';
import { AuthorityService } from '@lachan/proto/authority-service';
import { Urgency } from '@lachan/sdk';
import { ReceiptStatus } from '@lachan/proto/report-service';
import {
  CaseStage,
  TakedownEventSchema,
  TakedownEventType,
  type EventReceipt,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { TakedownService } from '@lachan/proto/takedown-service';
import type { AuthorityClient } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';

/** A location that was reported, and who has to act on it. */
export interface LiveCase {
  readonly url: string;
  readonly providerId: string;
}

export interface LiveActors {
  readonly operator: AuthorityClient;
  readonly operatorId: string;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, AuthorityClient>;
}

const LEGAL_BASIS = 'Demonstration: no real order';
/** Case after case comes as far as the next of these. */
const FATES = [
  'NEW',
  'NOTICE',
  'URGENT',
  'ACKNOWLEDGED',
  'CLAIMED',
  'DISPUTED',
  'DOWN',
  'HELD',
  'NOT_ILLEGAL',
] as const;
type Fate = (typeof FATES)[number];

/** How many events were sent. Rejects with `CommandFault` when one was not taken. */
export async function workOnCases(cases: readonly LiveCase[], actors: LiveActors): Promise<number> {
  const { operator, operatorId, providers } = actors;
  const worked = cases.map((live, i) => ({ ...live, id: `live-${i + 1}`, fate: fateOf(i) }));
  let sent = 0;
  const record = async (events: readonly TakedownEvent[]): Promise<void> => {
    const { receipts } = await operator.call(AuthorityService.method.recordEvents, { events: [...events] });
    sent += accepted(receipts);
  };
  await record(worked.flatMap((one) => noticed(one, operatorId)));
  for (const [providerId, provider] of providers) {
    const events = worked.filter((one) => one.providerId === providerId).flatMap(answered);
    if (events.length === 0) continue;
    const { receipts } = await provider.call(TakedownService.method.submitActions, { events });
    sent += accepted(receipts);
  }
  await record(worked.flatMap(verified));
  return sent;
}

interface Worked extends LiveCase {
  readonly id: string;
  readonly fate: Fate;
}

function noticed({ id, url, fate, providerId }: Worked, owner: string): readonly TakedownEvent[] {
  const { TRIAGED, ASSIGNED, ASSESSED, NOTICE_ISSUED, HOLD } = TakedownEventType;
  const begun = [
    eventOf(id, url, TRIAGED),
    eventOf(id, url, ASSIGNED, { stage: CaseStage.ASSESSMENT, owner }),
  ];
  if (fate === 'NEW') return begun;
  if (fate === 'NOT_ILLEGAL') return [...begun, eventOf(id, url, ASSESSED, { reason: 'NOT_ILLEGAL' })];
  const urgency = fate === 'URGENT' ? Urgency.IMMINENT_RISK : Urgency.ROUTINE;
  const notice = { addressee: providerId, legalBasis: LEGAL_BASIS, urgency };
  return [
    ...begun,
    eventOf(id, url, ASSESSED, { reason: 'ILLEGAL' }),
    eventOf(id, url, NOTICE_ISSUED, notice),
    ...(fate === 'HELD' ? [eventOf(id, url, HOLD)] : []),
  ];
}

function answered({ id, url, fate }: Worked): TakedownEvent[] {
  const { ACKNOWLEDGED, ACTION_CLAIMED } = TakedownEventType;
  switch (fate) {
    case 'ACKNOWLEDGED':
      return [eventOf(id, url, ACKNOWLEDGED)];
    case 'CLAIMED':
    case 'DISPUTED':
    case 'DOWN':
      return [eventOf(id, url, ACKNOWLEDGED), eventOf(id, url, ACTION_CLAIMED)];
    default:
      return [];
  }
}

function verified({ id, url, fate }: Worked): readonly TakedownEvent[] {
  const { VERIFIED_STILL_UP, VERIFIED_DOWN, CLOSED } = TakedownEventType;
  switch (fate) {
    case 'DISPUTED':
      return [eventOf(id, url, VERIFIED_STILL_UP)];
    case 'DOWN':
      return [eventOf(id, url, VERIFIED_DOWN)];
    case 'NOT_ILLEGAL':
      return [eventOf(id, url, CLOSED, { reason: 'NOT_ILLEGAL' })];
    default:
      return [];
  }
}

function fateOf(i: number): Fate {
  return FATES[i % FATES.length] ?? 'NEW';
}

function eventOf(
  id: string,
  url: string,
  type: TakedownEventType,
  more: Partial<Omit<TakedownEvent, '$typeName' | '$unknown' | 'location'>> = {},
): TakedownEvent {
  const eventId = `${id}-${TakedownEventType[type]}`;
  return create(TakedownEventSchema, { eventId, type, location: { url }, ...more });
}

function accepted(receipts: readonly EventReceipt[]): number {
  const [refused] = receipts.filter(({ status }) => status !== ReceiptStatus.ACCEPTED);
  if (refused !== undefined) {
    const why = refused.violations.map(({ field, message }) => `${field}: ${message}`).join('; ');
    throw new CommandFault(`an event of the demonstration was not taken: ${why}`);
  }
  return receipts.length;
}
