// The way of a batch of events through the gateway. Reads downwards: admit, validate, resolve, identify, seal, publish,
// answer.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ReceiptStatus } from '@lachan/proto/report-service';
import {
  EventReceiptSchema,
  TakedownEventType,
  type EventReceipt,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { LogFault, type Log } from '../../log/log.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { selectCases } from '../../store/queries/cases.js';
import type { Select } from '../../store/queries/select.js';
import type { Admission } from '../admission.js';
import type { DataKeys } from '../data-keys.js';
import type { KeyedHash } from '../keyed-hash.js';
import type { Refreshed } from '../refreshed.js';
import { ToldViolations } from '../reject.js';
import { uuidText } from '../uuid-text.js';
import type { Violation } from '../violation.js';
import type { Actor } from './actor.js';
import { locateEvent, type Located } from './locate-event.js';
import type { EventBatch } from './read-events.js';
import type { Addressees } from './resolve-addressee.js';
import { validateEvent } from './validate-event.js';
import { writeEvent, type GoodEvent } from './write-event.js';

export interface ReceiveEventsDependencies {
  readonly log: Pick<Log, 'append'>;
  readonly keyed: KeyedHash;
  readonly dataKeys: Pick<DataKeys, 'current'>;
  readonly admission: Admission;
  readonly addressees: Pick<Refreshed<Addressees>, 'current'>;
  readonly select: Select;
  readonly nowMs: () => number;
  /** Told what was decided, in numbers only. */
  readonly onReceived: (counts: ReceivedEvents) => void;
}

export interface ReceivedEvents {
  readonly accepted: number;
  readonly rejected: number;
  /** Notices for whose location nobody is known to answer. */
  readonly unaddressed: number;
}

/** What becomes of a batch: a receipt for each event, in order, or why there are none. */
export type EventsAnswer =
  | { readonly kind: 'receipts'; readonly receipts: EventReceipt[] }
  | { readonly kind: 'wait' | 'unavailable'; readonly retryAfterMs: number; readonly message: string }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] };

const WAIT_FOR_LOG_MS = 1_000;
const USABLE_EVENT_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Answers one batch of one actor. Rejects with the store's fault, and with faults of our own. */
export async function receiveEvents(
  batch: EventBatch,
  actor: Actor,
  dependencies: ReceiveEventsDependencies,
): Promise<EventsAnswer> {
  const { admission, addressees, dataKeys, keyed, log, nowMs, onReceived, select } = dependencies;
  if (batch.kind === 'refused') return { kind: 'invalid', violations: batch.violations };

  const ticket = admission.admit(batch.bytes);
  if (!('release' in ticket)) return { kind: 'wait', ...ticket };
  try {
    const receivedAtMs = nowMs();
    const told = new ToldViolations();
    const good: GoodEvent[] = [];
    const receipts = batch.entries.map((entry, index) => {
      if (entry.event === undefined) return rejection(index, undefined, undefined, told.of(entry.violations));
      const { event } = entry;
      const located = locateEvent(event, actor, keyed);
      const violations = validateEvent(event, actor, receivedAtMs, located);
      const { url, key } = located;
      if (violations.length > 0 || key === undefined) {
        return rejection(index, event, located, told.of(violations));
      }
      good.push({ event, located: { url, key } });
      return acceptance(index, event, key, receivedAtMs);
    });

    const context = {
      actor,
      receivedAtMs,
      keyed,
      sealer: dataKeys.current(),
      addressees: addressees.current(),
    };
    const answering = await addresseesOf(good, actor, context.addressees, select);
    const records = good.map((one, i) => writeEvent(one, answering[i] ?? '', context));

    if (records.length > 0) await log.append(TAKEDOWNS_TOPIC, records);

    // Of a history nobody is told.
    const isLive = ({ observedAt }: TakedownEvent): boolean => observedAt === undefined;
    const unaddressed = good.filter(
      ({ event }, i) => isNotice(event) && isLive(event) && answering[i] === '',
    ).length;
    onReceived({ accepted: records.length, rejected: receipts.length - records.length, unaddressed });
    return { kind: 'receipts', receipts };
  } catch (error) {
    if (!(error instanceof LogFault) || !error.retryable) throw error;
    return {
      kind: error.code === 'UNAVAILABLE' ? 'unavailable' : 'wait',
      retryAfterMs: WAIT_FOR_LOG_MS,
      message: 'The log of events cannot take more at the moment; please send again later.',
    };
  } finally {
    ticket.release();
  }
}

/** Types in which a provider speaks of what it has to do. */
const ANSWERS: ReadonlySet<TakedownEventType> = new Set([
  TakedownEventType.ACKNOWLEDGED,
  TakedownEventType.ACTION_CLAIMED,
  TakedownEventType.BLOCK_CONFIRMED,
]);

/** Beside each event its addressee; the store is asked at most once, about notices that say too little. */
async function addresseesOf(
  good: readonly GoodEvent[],
  actor: Actor,
  addressees: Addressees,
  select: Select,
): Promise<readonly string[]> {
  const found = good.map(({ event, located }) => {
    if (actor.role === 'PROVIDER') return ANSWERS.has(event.type) ? actor.id : '';
    if (event.addressee !== '' || !isNotice(event)) return event.addressee;
    const { url } = located;
    // Whose id it is, the location itself says.
    if (event.location !== undefined && event.location.contentId !== '') return event.location.providerId;
    const host = url?.kind === 'canonical' ? url.host : '';
    return addressees.of({ host, hostIp: event.location?.hostIp ?? '', asn: 0 });
  });
  const unknown = good.filter(({ event }, i) => isNotice(event) && found[i] === '');
  if (unknown.length === 0) return found;
  const keys = [...new Set(unknown.map(({ located }) => uuidText(located.key)))];
  const cases = await selectCases(select, [actor.environment], keys);
  return good.map(({ event, located }, i) => {
    const known = isNotice(event) && found[i] === '' ? cases.get(uuidText(located.key)) : undefined;
    if (known === undefined) return found[i] ?? '';
    return addressees.of({ host: known.host, hostIp: '', asn: known.asn });
  });
}

function isNotice({ type }: TakedownEvent): boolean {
  return type === TakedownEventType.NOTICE_ISSUED;
}

function acceptance(
  index: number,
  { eventId }: TakedownEvent,
  key: Buffer,
  receivedAtMs: number,
): EventReceipt {
  return create(EventReceiptSchema, {
    index,
    eventId,
    locationKey: uuidText(key),
    status: ReceiptStatus.ACCEPTED,
    receivedAt: timestampFromMs(receivedAtMs),
  });
}

function rejection(
  index: number,
  event: TakedownEvent | undefined,
  located: Located | undefined,
  violations: readonly Violation[],
): EventReceipt {
  const eventId = event !== undefined && USABLE_EVENT_ID.test(event.eventId) ? event.eventId : '';
  return create(EventReceiptSchema, {
    index,
    eventId,
    locationKey: located?.key === undefined ? '' : uuidText(located.key),
    status: ReceiptStatus.REJECTED,
    violations: violations.map(({ field, rule, message, retryable }) => ({
      field,
      rule,
      message,
      retryable,
    })),
  });
}
