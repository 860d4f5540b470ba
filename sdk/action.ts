// From what the host says it did to the event that is sent, and its receipt.
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { hash, randomUUID } from 'node:crypto';
import type { EventTimeSchema } from '@lachan/proto/report';
import { ReceiptStatus } from '@lachan/proto/report-service';
import {
  type CaseLocationSchema,
  TakedownEventSchema,
  TakedownEventType,
  type EventReceipt,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { violation } from './check-shape.js';
import { initCheck } from './encode-report.js';
import { at } from './event-time.js';
import { toDate, toViolation, type UnsentReason, type Violation } from './receipt.js';

/** Which case: a notice, or its key, or where the content is. */
export type ActionTarget =
  | { readonly locationKey: string }
  | { readonly url: string }
  | { readonly contentId: string; readonly serviceName?: string };

export interface ActionOptions {
  /** When it was done (default: now), as a Date or by `at()`. */
  readonly occurredAt?: Date | MessageInitShape<typeof EventTimeSchema>;
  /**
   * The platform's own key of this action, 1 to 128 of [A-Za-z0-9_.:-]. By default it follows from what was done, the
   * case's key and `occurredAt`, so that the same said again is the same action; of a URL or content id it is drawn.
   */
  readonly eventId?: string;
  /** For whoever works on the case, at most 3,000 characters; sealed. */
  readonly note?: string;
}

export type ActionReceipt = ActionAccepted | ActionRejected | ActionUnsent;

/** Durable at the authority. Whether it changes the case is judged when it lands. */
export interface ActionAccepted {
  readonly status: 'ACCEPTED';
  readonly eventId: string;
  readonly locationKey: string;
  readonly receivedAt: Date;
}

/** Not taken: the same will be refused again unless a violation says it is retryable. */
export interface ActionRejected {
  readonly status: 'REJECTED';
  readonly eventId: string;
  /** Empty when the action was refused before it could be derived. */
  readonly locationKey: string;
  readonly violations: readonly Violation[];
}

/** No verdict. */
export interface ActionUnsent {
  readonly status: 'UNSENT';
  readonly eventId: string;
  readonly reason: Extract<UnsentReason, 'BUFFER_FULL' | 'DEADLINE' | 'CLOSED' | 'REFUSED'>;
  readonly message: string;
}

/** What a platform may say. */
export type ActionType = 'ACKNOWLEDGED' | 'ACTION_CLAIMED' | 'BLOCK_CONFIRMED' | 'APPEALED';

interface Where {
  readonly locationKey?: string;
  readonly location?: MessageInitShape<typeof CaseLocationSchema>;
}

export type EncodedAction =
  | { readonly ok: true; readonly event: TakedownEvent; readonly size: number }
  | { readonly ok: false; readonly receipt: ActionRejected };

/** Far above what the contract takes: an address of 8,192 bytes and a note of 3,000 characters. */
const MAX_ACTION_BYTES = 65_536;
const TOO_LONG = `is longer than ${MAX_ACTION_BYTES} bytes`;
const KNOWN_OPTIONS: ReadonlySet<string> = new Set(['occurredAt', 'eventId', 'note']);

/** Never throws: what cannot be encoded is a rejection. `nowMs` becomes `occurred_at` where that is absent. */
export function encodeAction(
  type: ActionType,
  target: ActionTarget,
  options: ActionOptions,
  nowMs: number,
): EncodedAction {
  try {
    // A slip here would say that it was done now.
    if (!Object.keys(options).every((key) => KNOWN_OPTIONS.has(key))) {
      return refuse(options, [violation('', 'UNKNOWN_FIELD', 'there is no such option')]);
    }
    const where = toWhere(target);
    if (where === undefined) return refuse(options, [violation('location', 'REQUIRED', 'must be given')]);
    const { occurredAt = new Date(nowMs), note = '', eventId = '' } = options;
    const time = occurredAt instanceof Date ? at(occurredAt) : occurredAt;
    const init = { type: TakedownEventType[type], ...where, occurredAt: time, note, eventId };
    const wrong = initCheck.violations(TakedownEventSchema, init);
    if (wrong !== undefined) return refuse(options, wrong);
    const event = create(TakedownEventSchema, init);
    if (options.eventId === undefined) event.eventId = eventIdOf(event);
    const size = toBinary(TakedownEventSchema, event).length;
    if (size > MAX_ACTION_BYTES) return refuse(options, [violation('', 'LENGTH', TOO_LONG)]);
    return { ok: true, event, size };
  } catch {
    // The encoder's own words may repeat the value.
    return refuse(options, [violation('', 'MALFORMED', 'the action cannot be encoded')]);
  }
}

/** The receipt of the wire for the host; undefined when it breaks the contract. */
export function toActionReceipt(
  wire: EventReceipt,
  eventId: string,
): ActionAccepted | ActionRejected | undefined {
  const { locationKey } = wire;
  if (wire.status === ReceiptStatus.REJECTED) {
    return { status: 'REJECTED', eventId, locationKey, violations: wire.violations.map(toViolation) };
  }
  const receivedAt = toDate(wire.receivedAt);
  if (wire.status !== ReceiptStatus.ACCEPTED || receivedAt === undefined) return undefined;
  return { status: 'ACCEPTED', eventId, locationKey, receivedAt };
}

function toWhere(target: ActionTarget): Where | undefined {
  if ('locationKey' in target) return { locationKey: target.locationKey };
  if ('url' in target) return { location: { url: target.url } };
  if ('contentId' in target) {
    return { location: { contentId: target.contentId, serviceName: target.serviceName ?? '' } };
  }
  return undefined;
}

/** An id is kept in the open, and a plain digest of an address could be found by trying addresses. */
function eventIdOf({ type, locationKey, occurredAt }: TakedownEvent): string {
  if (locationKey === '') return randomUUID();
  const { seconds = 0n, nanos = 0 } = occurredAt?.instant ?? {};
  const text = [type, locationKey, seconds, nanos, occurredAt?.precision ?? 0].join(' ');
  return hash('sha256', text, 'base64url');
}

function refuse(options: unknown, violations: readonly Violation[]): EncodedAction {
  const isGiven = typeof options === 'object' && options !== null && 'eventId' in options;
  const eventId = isGiven && typeof options.eventId === 'string' ? options.eventId : '';
  return { ok: false, receipt: { status: 'REJECTED', eventId, locationKey: '', violations } };
}
