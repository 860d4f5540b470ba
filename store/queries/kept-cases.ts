// What keeping cases asks of those that are kept: versions, verdicts, bells, and how far it has come.
import { numberOf, textOf, type Select } from './select.js';

/** `locationKey` in hexadecimal. */
export interface KeptKey {
  readonly environment: string;
  readonly locationKey: string;
}

/** Over HTTP bound parameters travel in the address of the request, which servers limit to a mebibyte. */
const KEYS_AT_ONCE = 5_000;

/** As a condition on `location_key`, with `keys` and `environment` bound: reads only what stands beside them. */
const AMONG = `environment = {environment:String}
  AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))`;

/** How many events these cases have in all. */
export async function selectEventCount(
  select: Select,
  environment: string,
  keys: readonly string[],
): Promise<number> {
  const rows = await selectAmong(
    select,
    `SELECT count() AS events FROM case_events WHERE ${AMONG}`,
    environment,
    keys,
  );
  return rows.reduce((sum, row) => sum + numberOf(row, 'events'), 0);
}

/** The tables that have a row for each run of a clock. */
export const RUN_TABLES = ['case_cycles', 'case_notices', 'case_deadlines'] as const;
export type RunTable = (typeof RUN_TABLES)[number];

/** What stands in the store of a case: its newest version, and the highest number of its runs in each table. */
export interface StoredCase {
  readonly version: number;
  readonly runs: Readonly<Record<RunTable, number>>;
}

/** Of those that are kept, by key. */
export async function selectStoredCases(
  select: Select,
  environment: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredCase>> {
  const most = RUN_TABLES.map((table) => `max(${table}) AS ${table}`).join(', ');
  const runs = RUN_TABLES.map((table) => {
    const numbers = RUN_TABLES.map((each) => (each === table ? 'n' : '0'));
    return `SELECT location_key, max(runs.version), ${numbers.join(', ')} FROM ${table} AS runs WHERE ${AMONG}
      GROUP BY location_key, n HAVING NOT argMax(is_void, runs.version)`;
  });
  const rows = await selectAmong(
    select,
    `SELECT lower(hex(location_key)) AS key, max(version) AS newest, ${most}
     FROM (
       SELECT location_key, version, ${RUN_TABLES.map((table) => `0 AS ${table}`).join(', ')} FROM cases WHERE ${AMONG}
       UNION ALL ${runs.join(' UNION ALL ')})
     GROUP BY location_key`,
    environment,
    keys,
  );
  return new Map(
    rows.map((row) => {
      const [cycles, notices, deadlines] = RUN_TABLES.map((table) => numberOf(row, table));
      const runs = { case_cycles: cycles ?? 0, case_notices: notices ?? 0, case_deadlines: deadlines ?? 0 };
      return [textOf(row, 'key'), { version: numberOf(row, 'newest'), runs }];
    }),
  );
}

export interface StoredVerdict {
  readonly effect: string;
  readonly reason: string;
}

/** What is written down of events of these cases, by key of the case and, within it, of the event. */
export async function selectVerdicts(
  select: Select,
  environment: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, StoredVerdict>>> {
  const rows = await selectAmong(
    select,
    `SELECT lower(hex(location_key)) AS key, lower(hex(event_key)) AS event, effect, reason
     FROM event_verdicts FINAL WHERE ${AMONG}`,
    environment,
    keys,
  );
  const found = new Map<string, Map<string, StoredVerdict>>();
  for (const row of rows) {
    const key = textOf(row, 'key');
    const ofCase = found.get(key) ?? new Map<string, StoredVerdict>();
    ofCase.set(textOf(row, 'event'), { effect: textOf(row, 'effect'), reason: textOf(row, 'reason') });
    found.set(key, ofCase);
  }
  return found;
}

/** All reports of one case. */
export interface ReportTotals {
  readonly events: number;
  readonly reports: number;
  /** Reports first received after `sinceMs`. */
  readonly reportsSince: number;
  readonly lastMs: number;
}

export async function selectReportTotals(
  select: Select,
  environment: string,
  key: string,
  sinceMs: number,
): Promise<ReportTotals> {
  const [row = {}] = await select(
    `SELECT sum(copies) AS events, count() AS reports, countIf(first_ms > {since:Int64}) AS since, max(last_ms) AS last
     FROM (
       SELECT report_id, count() AS copies, min(toUnixTimestamp64Milli(observed_at)) AS first_ms,
         max(toUnixTimestamp64Milli(observed_at)) AS last_ms
       FROM case_events
       WHERE environment = {environment:String} AND location_key = {key:UUID} AND type IN ('REPORTED', 'SELF_ACTIONED')
       GROUP BY report_id)`,
    { environment, key: dashed(key), since: sinceMs },
  );
  return {
    events: numberOf(row, 'events'),
    reports: numberOf(row, 'reports'),
    reportsSince: numberOf(row, 'since'),
    lastMs: numberOf(row, 'last'),
  };
}

/** Cases with a bell to ring by `byMs`, the longest overdue first. */
export async function selectCasesToRing(
  select: Select,
  byMs: number,
  limit: number,
): Promise<readonly KeptKey[]> {
  const rows = await select(
    `SELECT environment, lower(hex(location_key)) AS key FROM cases FINAL
     WHERE (environment, location_key) IN (
         SELECT environment, location_key FROM cases WHERE next_bell_at <= fromUnixTimestamp64Milli({by:Int64}))
       AND next_bell_at <= fromUnixTimestamp64Milli({by:Int64})
     ORDER BY next_bell_at LIMIT {limit:UInt32}`,
    { by: byMs, limit },
  );
  return keysOf(rows);
}

/** The offset after which each partition of a topic has not been looked at, by partition. */
export async function selectProgress(
  select: Select,
  topic: string,
  epoch: number,
): Promise<ReadonlyMap<number, number>> {
  const rows = await select(
    `SELECT log_partition AS part, max(to_offset) AS last FROM case_progress
     WHERE topic = {topic:String} AND log_epoch = {epoch:UInt32} GROUP BY log_partition`,
    { topic, epoch },
  );
  return new Map(rows.map((row) => [numberOf(row, 'part'), numberOf(row, 'last')]));
}

export function keysOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly KeptKey[] {
  return rows.map((row) => ({ environment: textOf(row, 'environment'), locationKey: textOf(row, 'key') }));
}

async function selectAmong(
  select: Select,
  sql: string,
  environment: string,
  keys: readonly string[],
): Promise<Readonly<Record<string, unknown>>[]> {
  const found: Readonly<Record<string, unknown>>[] = [];
  for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
    const some = keys.slice(from, from + KEYS_AT_ONCE).map(dashed);
    for (const row of await select(sql, { environment, keys: some })) found.push(row);
  }
  return found;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
