// The events of cases that the simulation accepts into the log, and what has to become of them by the specification: the
// first copy lands as EVENT, the same again as DUPLICATE, another content as CONFLICT, what cannot be read as DEAD_LETTER;
// and who names another version of the case than the acts before it is outdated, and makes none.
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import { locationKeyOf, takedownRecordOf } from '../support/takedown-records.js';

/** One record of the topic of takedowns. Small numbers, so that ids and cases meet. */
export interface EventItem {
  readonly event: number | 'unreadable';
  readonly content: number;
  readonly place: number;
  /** The version of the case that the actor names. */
  readonly seen: number | null;
}

const TYPES = ['TRIAGED', 'ESCALATED'];
export const EVENT_CONTENT_COUNT = TYPES.length;

const encoded = new Map<string, Uint8Array>();

export function eventValueOf(item: EventItem): Uint8Array {
  const name = JSON.stringify(item);
  let value = encoded.get(name);
  if (value === undefined) {
    const { event, content, place, seen } = item;
    value =
      event === 'unreadable'
        ? Buffer.from('nothing that was ever an event')
        : takedownRecordCodec.encode(
            takedownRecordOf({
              eventId: `e-${event}`,
              type: TYPES[content]!,
              locationKey: locationKeyOf(placeOf(place)),
              seenVersion: seen,
            }),
          );
    encoded.set(name, value);
  }
  return value;
}

const placeOf = (place: number): string => `lachan-demo-${place}.vn`;

export interface ExpectedEvents {
  /** What has to land, a line for each record, in the order of the log. */
  readonly lines: readonly string[];
  /** Of each case that somebody has acted on. */
  readonly cases: readonly string[];
}

export function expectedEvents(first: number, items: readonly EventItem[]): ExpectedEvents {
  const contents = new Map<string, number>();
  const cases = new Map<number, { events: number; acts: number }>();
  const lines = items.map(({ event, content, place, seen }, index) => {
    const at = `0/${first + index}`;
    if (event === 'unreadable') return eventLine(at, 'DEAD_LETTER', 'UNDECODABLE', false);
    const key = `${place} ${event}`;
    const id = `e-${event}`;
    const before = contents.get(key);
    if (before !== undefined) return eventLine(at, before === content ? 'DUPLICATE' : 'CONFLICT', id, false);
    contents.set(key, content);
    const found = cases.get(place) ?? { events: 0, acts: 0 };
    const isOutdated = seen !== null && seen !== found.acts;
    cases.set(place, { events: found.events + 1, acts: found.acts + Number(!isOutdated) });
    return eventLine(at, 'EVENT', id, isOutdated);
  });
  return {
    lines,
    cases: [...cases].map(([place, { events, acts }]) =>
      caseLine(Buffer.from(locationKeyOf(placeOf(place))).toString('hex'), events, acts),
    ),
  };
}

/** `what`: id of an event, or the reason of a dead letter. */
export function eventLine(place: string, outcome: string, what: string, isOutdated: boolean): string {
  return [place, outcome, what, ...(isOutdated ? ['outdated'] : [])].join(' ');
}

export function caseLine(key: string, events: number, acts: number): string {
  return `case ${key} of ${events} events, ${acts} acts`;
}
