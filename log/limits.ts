// What both bodies of the log accept. Checked before anything is sent, so that both refuse the same.
import { LogFault, type LogRecord } from './log.js';

/** The largest value of a record, in bytes. A broker's usual limit for a whole message is a little above. */
export const MAX_RECORD_BYTES = 1_048_576;

const MAX_METADATA_BYTES = 4_096;
const NAME = /^[A-Za-z0-9._-]{1,249}$/;
const ASCII = /^\p{ASCII}*$/u;

/** Throws `LogFault` (REFUSED) for a name of a topic or group that a broker would not take. */
export function checkName(what: 'topic' | 'group', name: string): void {
  if (!NAME.test(name)) throw new LogFault('REFUSED', `A ${what}'s name has 1 to 249 of A-Z a-z 0-9 . _ -.`);
}

/** Throws `LogFault` (REFUSED) when a record is too large to be appended. */
export function checkRecords(records: readonly LogRecord[]): void {
  for (const { value } of records)
    if (value.length > MAX_RECORD_BYTES)
      throw new LogFault('REFUSED', `A record has ${value.length} bytes, the limit is ${MAX_RECORD_BYTES}.`);
}

/** Throws `LogFault` (REFUSED) for what no group can commit. */
export function checkCommit(offset: number, metadata: string): void {
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new LogFault('REFUSED', `${offset} is not an offset.`);
  if (metadata.length > MAX_METADATA_BYTES || !ASCII.test(metadata))
    throw new LogFault('REFUSED', `Metadata is ASCII of at most ${MAX_METADATA_BYTES} bytes.`);
}
