// Dead letters: listed, shown and chosen for replay. One is named by where it stands in the log, and has been replayed
// when a row says that it is a replay of it: the rows are the only memory of that.
import { Buffer } from 'node:buffer';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../schemas/vocabulary.js';
import type { Before } from './known-keys.js';
import type { RecordTable } from './landed.js';
import { numberOf, textOf, type Select, type SelectParams } from './select.js';

export interface DeadLetterRow {
  /** As `formatPosition` writes it. */
  readonly id: string;
  readonly reason: DeadLetterReason;
  /** The step that gave it up. */
  readonly stage: string;
  readonly bytes: number;
  /** UTC, `YYYY-MM-DD hh:mm:ss.sss`. */
  readonly landedAt: string;
  /** The dead letter that this is a replay of; empty for one that is none. */
  readonly replayOf: string;
  /** What it has been replayed as; empty for one that has not been, or when that was not asked for. */
  readonly replayedAs: string;
}

/** Which dead letters are meant; what is left out does not matter. */
export interface DeadLetterFilter {
  readonly reason?: DeadLetterReason | undefined;
  readonly ids?: readonly string[] | undefined;
  /** Landed since then, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  readonly mostBytes?: number | undefined;
  /** Of each topic only what stands before these offsets of the partitions of its newest epoch. */
  readonly before?: { readonly reports: LogEnds; readonly takedowns: LogEnds } | undefined;
  /** Whether those are meant too that have been replayed. */
  readonly withReplayed: boolean;
  /** Whether those are meant too that are replays of others. */
  readonly withReplays: boolean;
}

export interface LogEnds {
  readonly epoch: number;
  readonly ends: readonly number[];
}

const ID = `concat(if(topic = 'reports', '', 'takedowns:'), toString(log_epoch), ':', toString(log_partition), ':',
  toString(log_offset))`;

/** They belong to no world: that, not the outcome, leads the order of the tables. */
const DEAD = `(
  SELECT 'reports' AS topic, log_epoch, log_partition, log_offset, reason, stage, original, landed_at, replay_of
  FROM records WHERE environment = 'UNKNOWN' AND outcome = 'DEAD_LETTER'
  UNION ALL
  SELECT 'takedowns' AS topic, log_epoch, log_partition, log_offset, reason, stage, original, landed_at, replay_of
  FROM takedown_records WHERE environment = 'UNKNOWN' AND outcome = 'DEAD_LETTER'
)`;

/** `where`: of the replays that are meant. */
const replaysThat = (where: string): string => `(
  SELECT 'reports' AS topic, log_epoch, log_partition, log_offset, outcome, replay_of
  FROM records WHERE replay_of != '' AND ${where}
  UNION ALL
  SELECT 'takedowns' AS topic, log_epoch, log_partition, log_offset, outcome, replay_of
  FROM takedown_records WHERE replay_of != '' AND ${where}
)`;

const BYTES = `intDiv(length(original) * 3, 4) - countSubstrings(original, '=')`;

/** What is not asked for is not in the statement: the bytes of all dead letters would be read to be measured. */
function matching(filter: DeadLetterFilter): { readonly where: string; readonly params: SelectParams } {
  const { reason, ids, sinceMs, mostBytes, before, withReplayed, withReplays } = filter;
  const where = ['true'];
  if (reason !== undefined) where.push('reason = {reason:String}');
  if (ids !== undefined) where.push(`${ID} IN {ids:Array(String)}`);
  if (sinceMs !== undefined) where.push('toUnixTimestamp64Milli(landed_at) >= {sinceMs:Int64}');
  if (mostBytes !== undefined) where.push(`${BYTES} <= {mostBytes:UInt64}`);
  if (before !== undefined)
    where.push(`if(topic = 'reports',
      log_epoch != {epoch:UInt32} OR log_offset < {ends:Array(UInt64)}[log_partition + 1],
      log_epoch != {event_epoch:UInt32} OR log_offset < {event_ends:Array(UInt64)}[log_partition + 1])`);
  if (!withReplayed) where.push(`${ID} NOT IN (SELECT replay_of FROM ${replaysThat('true')})`);
  if (!withReplays) where.push(`replay_of = ''`);
  return {
    where: where.join(' AND '),
    params: {
      ...(reason === undefined ? {} : { reason }),
      ...(ids === undefined ? {} : { ids }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(mostBytes === undefined ? {} : { mostBytes }),
      ...(before === undefined
        ? {}
        : {
            ...before.reports,
            event_epoch: before.takedowns.epoch,
            event_ends: before.takedowns.ends,
          }),
    },
  };
}

/** In the order of the log, reports first. */
export async function selectDeadLetters(
  select: Select,
  filter: DeadLetterFilter,
  limit: number,
): Promise<readonly DeadLetterRow[]> {
  const { where, params } = matching(filter);
  const rows = await select(
    `SELECT ${ID} AS id, reason, stage, ${BYTES} AS bytes, toString(landed_at) AS landed, replay_of
     FROM ${DEAD} WHERE ${where} ORDER BY topic, log_epoch, log_partition, log_offset LIMIT {limit:UInt32}`,
    { ...params, limit },
  );
  const ids = rows.map((row) => textOf(row, 'id'));
  const replays = filter.withReplayed ? await selectReplays(select, ids) : new Map<string, string>();
  return rows.map((row) => {
    const id = textOf(row, 'id');
    const reason = DEAD_LETTER_REASONS.find((known) => known === row['reason']);
    if (reason === undefined) throw new TypeError('a dead letter with an unknown reason');
    return {
      id,
      reason,
      stage: textOf(row, 'stage'),
      bytes: numberOf(row, 'bytes'),
      landedAt: textOf(row, 'landed'),
      replayOf: textOf(row, 'replay_of'),
      replayedAs: replays.get(id) ?? '',
    };
  });
}

export async function countDeadLetters(select: Select, filter: DeadLetterFilter): Promise<number> {
  const { where, params } = matching(filter);
  const [row = {}] = await select(`SELECT count() AS found FROM ${DEAD} WHERE ${where}`, params);
  return numberOf(row, 'found');
}

/** As what each of `ids` has been replayed, where it has been. */
async function selectReplays(select: Select, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const replays = new Map<string, string>();
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const rows = await select(
      `SELECT replay_of, any(${ID}) AS replay FROM ${replaysThat('replay_of IN {ids:Array(String)}')} GROUP BY replay_of`,
      { ids: ids.slice(from, from + IDS_AT_ONCE) },
    );
    for (const row of rows) replays.set(textOf(row, 'replay_of'), textOf(row, 'replay'));
  }
  return replays;
}

/** The bytes of dead letters as they stood in the log, by id. */
export async function selectOriginals(
  select: Select,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await select(
    `SELECT ${ID} AS id, original FROM ${DEAD}
     WHERE ${ID} IN {ids:Array(String)}`,
    { ids },
  );
  return new Map(rows.map((row) => [textOf(row, 'id'), Buffer.from(textOf(row, 'original'), 'base64')]));
}

/** How many replays of `ids` have landed, by what became of them. */
export async function selectReplayOutcomes(
  select: Select,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await select(
    `SELECT outcome, count() AS found FROM ${replaysThat('replay_of IN {ids:Array(String)}')} GROUP BY outcome`,
    { ids },
  );
  return new Map(rows.map((row) => [textOf(row, 'outcome'), numberOf(row, 'found')]));
}

/** Over HTTP bound parameters travel in the address of the request, which servers limit to a mebibyte. */
const IDS_AT_ONCE = 5_000;

/** Those of `ids` that a row before `before` is a replay of. */
export async function selectReplayed(
  select: Select,
  table: RecordTable,
  { epoch, partition, offset }: Before,
  ids: readonly string[],
): Promise<readonly string[]> {
  const replayed: string[] = [];
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const rows = await select(
      `SELECT DISTINCT replay_of FROM ${table}
       WHERE replay_of != '' AND replay_of IN {ids:Array(String)}
         AND log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32} AND log_offset < {offset:UInt64}`,
      { epoch, partition, offset, ids: ids.slice(from, from + IDS_AT_ONCE) },
    );
    for (const row of rows) replayed.push(textOf(row, 'replay_of'));
  }
  return replayed;
}
