// Splits a batch into its events and decodes each by itself, so that one unreadable event is refused alone.
import { fromBinary } from '@bufbuild/protobuf';
import { Rule } from '@lachan/proto/report-service';
import { TakedownEventSchema, type TakedownEvent } from '@lachan/proto/takedown';
import { fault, Findings, violation, type Violation } from '../violation.js';
import { LENGTH_DELIMITED, UNREADABLE, WireReader } from '../wire-reader.js';

/** The messages of `lachan.v1` that carry events. */
export type EventBatchMessage = 'SubmitActionsRequest' | 'RecordEventsRequest';

const MAX_EVENTS = 1_000;
/** Field number of `events` in both. */
const EVENTS = 1;

/** One event of a batch: decoded, or refused because it cannot be. */
export type EventEntry =
  | { readonly event: TakedownEvent }
  | { readonly event: undefined; readonly violations: readonly Violation[] };

export type EventBatch =
  | { readonly kind: 'batch'; readonly bytes: number; readonly entries: readonly EventEntry[] }
  | { readonly kind: 'refused'; readonly violations: readonly Violation[] };

const noEvents = fault(Rule.REQUIRED, `1 to ${MAX_EVENTS} events.`);
const tooManyEvents = fault(Rule.TOO_MANY, `1 to ${MAX_EVENTS} events: send the others in another batch.`);
const notAnEvent = violation(
  '',
  fault(Rule.MALFORMED, 'The bytes are not a lachan.v1.TakedownEvent, or a text is not UTF-8.'),
);

/** Never throws, whatever the bytes. */
export function readEvents(bytes: Uint8Array, message: EventBatchMessage): EventBatch {
  const reader = new WireReader(bytes);
  const found = new Findings();
  const bounds: (readonly [start: number, end: number])[] = [];
  let count = 0;
  let readable = true;
  while (readable && reader.at < bytes.length) {
    const tag = reader.uint32(bytes.length);
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === EVENTS && wireType === LENGTH_DELIMITED) {
      const end = reader.endOfBytes(bytes.length);
      readable = end !== UNREADABLE;
      count += 1;
      if (readable && count <= MAX_EVENTS) bounds.push([reader.at, end]);
      if (readable) reader.at = end;
    } else {
      readable = number !== 0 && number !== EVENTS && reader.skip(wireType, bytes.length);
      if (readable) found.addUnknown('', [{ no: number }]);
    }
  }
  if (!readable) found.add('', '', fault(Rule.MALFORMED, `The bytes are not a lachan.v1.${message}.`));
  else if (count === 0) found.add('', 'events', noEvents);
  if (count > MAX_EVENTS) found.add('', 'events', tooManyEvents);
  const violations = found.result();
  if (violations.length > 0) return { kind: 'refused', violations };
  const entries = bounds.map(([start, end]) => readEvent(bytes.subarray(start, end)));
  return { kind: 'batch', bytes: bytes.length, entries };
}

function readEvent(bytes: Uint8Array): EventEntry {
  try {
    return { event: fromBinary(TakedownEventSchema, bytes) };
  } catch {
    return { event: undefined, violations: [notAnEvent] };
  }
}
