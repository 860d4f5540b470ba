// The same event sent again counts once; the same id with other content is told apart, as seen first.
import type { TakedownEvent } from './event.js';
import { compareText } from './instants.js';

export interface UniqueEvents {
  readonly unique: TakedownEvent[];
  /** The event id of each other content under an id, sorted. */
  readonly conflicting: readonly string[];
}

export function uniqueEvents(events: Iterable<TakedownEvent>): UniqueEvents {
  const first = new Map<string, TakedownEvent>();
  const copies = new Map<string, TakedownEvent[]>();
  for (const event of events) {
    const known = first.get(event.id);
    if (known === undefined) {
      first.set(event.id, event);
      continue;
    }
    const all = copies.get(event.id);
    if (all === undefined) copies.set(event.id, [known, event]);
    else all.push(event);
  }
  const conflicting: string[] = [];
  for (const [id, all] of copies) {
    all.sort(seenFirst);
    const [kept] = all;
    if (kept !== undefined) first.set(id, kept);
    const contents = new Set(all.map(contentOf));
    for (let other = 1; other < contents.size; other++) conflicting.push(id);
  }
  return { unique: [...first.values()], conflicting: conflicting.sort(compareText) };
}

function seenFirst(a: TakedownEvent, b: TakedownEvent): number {
  if (a.observedAtMs !== b.observedAtMs) return a.observedAtMs - b.observedAtMs;
  return compareText(`${contentOf(a)} ${String(a.isOutdated)}`, `${contentOf(b)} ${String(b.isOutdated)}`);
}

/** Without what we added when it came; of a history the time of observation is content. */
function contentOf(event: TakedownEvent): string {
  return canonical({ ...event, isOutdated: false, observedAtMs: event.isHistory ? event.observedAtMs : 0 });
}

/** JSON with the keys in order. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
