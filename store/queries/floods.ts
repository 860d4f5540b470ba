// What the guard against floods must know of the rows before: how many dead letters have come lately, and which ones
// an operator has accepted. Replays do not count: their dead letters were counted when they first came.
import type { Before } from './known-keys.js';
import type { PositionTopic } from '../../schemas/log-position.js';
import type { RecordTable } from './landed.js';
import { numberOf, textsOf, type Select } from './select.js';

export interface DeadLettersBefore {
  /** Dead letters since the last record that could be read. */
  readonly inARow: number;
  /** Offsets of those among the last `window` records. */
  readonly offsets: readonly number[];
}

/** Of the records after `acceptedTo` and before `before`. */
export async function selectDeadLettersBefore(
  select: Select,
  table: RecordTable,
  before: Before,
  acceptedTo: number,
  window: number,
): Promise<DeadLettersBefore> {
  const where = `log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
    AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64} AND replay_of = ''`;
  const { epoch, partition, offset: to } = before;
  const from = acceptedTo + 1;
  const behindGood = async (since: number): Promise<number> => {
    const [row = {}] = await select(
      `SELECT maxIf(log_offset + 1, outcome != 'DEAD_LETTER') AS behind FROM ${table} WHERE ${where}`,
      { epoch, partition, from: since, to },
    );
    return numberOf(row, 'behind');
  };
  // Nearly always among the last ones: the whole partition is only looked through where it is not.
  const behind = (await behindGood(Math.max(from, to - window))) || (await behindGood(from));
  const [bad = {}] = await select(
    `SELECT countIf(log_offset >= {behind:UInt64}) AS in_a_row,
       arrayMap(o -> toString(o), groupArrayIf(log_offset, log_offset + {window:UInt32} >= {to:UInt64})) AS offsets
     FROM ${table} WHERE environment = 'UNKNOWN' AND outcome = 'DEAD_LETTER' AND ${where}`,
    { epoch, partition, from, to, window, behind },
  );
  return { inARow: numberOf(bad, 'in_a_row'), offsets: textsOf(bad, 'offsets').map(Number) };
}

/** Up to where dead letters of the partition were accepted, inclusive; -1 when they never were. */
export async function selectAcceptedTo(
  select: Select,
  topic: PositionTopic,
  epoch: number,
  partition: number,
): Promise<number> {
  const [row = {}] = await select(
    `SELECT if(count() = 0, -1, toInt64(max(to_offset))) AS accepted FROM accepted_dead_letters
     WHERE topic = {topic:String} AND log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}`,
    { topic, epoch, partition },
  );
  return numberOf(row, 'accepted');
}
