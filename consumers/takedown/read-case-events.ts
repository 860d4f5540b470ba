// Landed events of cases as the fold takes them.
import type { Environment } from '../../schemas/vocabulary.js';
import { selectCaseEvents } from '../../store/queries/case-events.js';
import type { Select } from '../../store/queries/select.js';
import type { TakedownEvent } from '../../takedown/event.js';
import { readEvent } from '../../takedown/read-event.js';

/** An event, and what its row says of its place; empty where it names only the key. */
export interface LandedEvent {
  readonly event: TakedownEvent;
  readonly host: string;
  readonly registrableDomain: string;
}

/**
 * All events of the cases (location keys in hexadecimal), by case and in no order; a case without any is not among
 * them. Takes memory for all of them: ask for some thousand cases at a time. Throws `TypeError` for a row that is no
 * event: what landed was constructed once.
 */
export async function readCaseEvents(
  select: Select,
  environment: Environment,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly LandedEvent[]>> {
  const events = new Map<string, readonly LandedEvent[]>();
  for (const [key, rows] of await selectCaseEvents(select, environment, keys)) {
    events.set(
      key,
      rows.map((row) => {
        const read = readEvent(row);
        if ('fault' in read) throw new TypeError(`a landed event without a good ${read.fault.field}`);
        return { event: read.event, host: row.hostName, registrableDomain: row.registrableDomain };
      }),
    );
  }
  return events;
}
