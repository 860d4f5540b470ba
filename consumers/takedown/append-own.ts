// Events of our own into the topic of takedowns: from there on they land like all others.
import type { Log, LogRecord } from '../../log/log.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';

export interface AppendingOwn {
  readonly log: Pick<Log, 'append'>;
}

const RECORDS_AT_ONCE = 500;

/** Resolves when all are durable. Rejects with `LogFault`: some may be, and to append all of them again is safe. */
export async function appendOwn({ log }: AppendingOwn, records: readonly LogRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += RECORDS_AT_ONCE) {
    await log.append(TAKEDOWNS_TOPIC, records.slice(from, from + RECORDS_AT_ONCE));
  }
}
