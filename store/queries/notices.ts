// What providers are asked to take down: the events of a stretch of the log that name them.
import { within, type Stretch } from './lane-ranges.js';
import { numberOf, textOf, type Select } from './select.js';

/** What a provider is told of by WatchNotices. */
export const NOTICE_TYPES = [
  'NOTICE_ISSUED',
  'NOTICE_REPEATED',
  'BREACHED',
  'BREACH_WITHDRAWN',
  'BLOCK_ORDERED',
] as const;
export type NoticeType = (typeof NOTICE_TYPES)[number];

export interface NoticeRow {
  readonly environment: string;
  readonly partition: number;
  readonly offset: number;
  /** UUID as text. */
  readonly locationKey: string;
  /** UUID as text. */
  readonly eventKey: string;
  readonly type: NoticeType;
  readonly addressee: string;
  readonly legalBasis: string;
  readonly noticeBox: Buffer;
  /** Of notifications; else 0. */
  readonly cycle: number;
  readonly rule: string;
  readonly n: number;
  /** When it counts from, in ms since 1970. */
  readonly atMs: number;
}

/** Whom it is for. Either list may name more than belong together. */
export interface Audience {
  readonly environments: readonly string[];
  readonly providers: readonly string[];
}

const COLUMNS = `environment, log_partition, log_offset, toString(location_key) AS place, toString(event_key) AS event,
  type, addressee, legal_basis, notice_box, cycle, rule, n,
  toUnixTimestamp64Milli(least(occurred_at, observed_at)) AS at`;

/** Notices of the stretch in the order of the log, without those of an imported history. Exactly `limit` of them: there may be more. */
export async function selectNotices(
  select: Select,
  stretch: Stretch,
  { environments, providers }: Audience,
  limit: number,
): Promise<readonly NoticeRow[]> {
  const range = within(stretch);
  const rows = await select(
    `SELECT ${COLUMNS} FROM takedown_records
     WHERE environment IN {environments:Array(String)} AND ${range.where}
       AND outcome = 'EVENT' AND NOT is_history AND type IN {types:Array(String)}
       AND addressee IN {providers:Array(String)}
     ORDER BY log_partition, log_offset LIMIT {limit:UInt32}`,
    { ...range.params, environments, providers, types: NOTICE_TYPES, limit },
  );
  return rows.map(noticeOf);
}

/**
 * Notices of before the stretch that count after all, since something came in the stretch that belongs before them. Told
 * where the last event of their case stands in it.
 */
export async function selectLateNotices(
  select: Select,
  stretch: Stretch,
  { environments, providers }: Audience,
): Promise<readonly NoticeRow[]> {
  const range = within(stretch);
  const touched = `FROM takedown_records
    WHERE environment IN {environments:Array(String)} AND ${range.where} AND outcome = 'EVENT' AND NOT is_history`;
  const found = await select(
    `SELECT environment, toString(location_key) AS place, toString(event_key) AS event, part, last
     FROM event_verdicts FINAL
     INNER JOIN (
       SELECT environment, location_key, any(log_partition) AS part, max(log_offset) AS last ${touched}
       GROUP BY environment, location_key
     ) AS touched USING (environment, location_key)
     WHERE effect = 'APPLIED' AND (environment, location_key) IN (SELECT environment, location_key ${touched})`,
    { ...range.params, environments },
  );
  const places = new Map(
    found.map((row) => [
      eventName(textOf(row, 'environment'), textOf(row, 'place'), textOf(row, 'event')),
      { partition: numberOf(row, 'part'), offset: numberOf(row, 'last') },
    ]),
  );
  if (places.size === 0) return [];
  const rows = await select(
    `SELECT ${COLUMNS} FROM takedown_records
     WHERE environment IN {environments:Array(String)} AND outcome = 'EVENT' AND NOT is_history
       AND type IN {types:Array(String)} AND addressee IN {providers:Array(String)}
       AND event_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {events:Array(String)})))`,
    {
      environments,
      providers,
      types: NOTICE_TYPES,
      events: found.map((row) => textOf(row, 'event')).slice(0, MOST_LATE),
    },
  );
  return rows.map(noticeOf).flatMap((row) => {
    const place = places.get(eventName(row.environment, row.locationKey, row.eventKey));
    const isBefore = place !== undefined && row.partition === place.partition && row.offset < place.offset;
    return isBefore ? [{ ...row, ...place }] : [];
  });
}

/** Over HTTP bound parameters travel in the address of the request, which servers limit to a mebibyte. */
const MOST_LATE = 5_000;

/** The event of a case: actors may have given one id to events of several. */
export function eventName(environment: string, locationKey: string, eventKey: string): string {
  return `${environment} ${locationKey} ${eventKey}`;
}

/** Those of `events` (keys, UUIDs as text) at these locations that did not change their case, by `eventName`. */
export async function selectUnapplied(
  select: Select,
  environments: readonly string[],
  locationKeys: readonly string[],
  events: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await select(
    `SELECT environment, toString(location_key) AS place, toString(event_key) AS event FROM event_verdicts FINAL
     WHERE environment IN {environments:Array(String)}
       AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))
       AND event_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {events:Array(String)})))
       AND effect != 'APPLIED'`,
    { environments, keys: locationKeys, events },
  );
  return new Set(
    rows.map((row) => eventName(textOf(row, 'environment'), textOf(row, 'place'), textOf(row, 'event'))),
  );
}

/** All notices ever issued for these locations to these providers. */
export async function selectNoticesOf(
  select: Select,
  { environments, providers }: Audience,
  locationKeys: readonly string[],
): Promise<readonly NoticeRow[]> {
  const rows = await select(
    `SELECT ${COLUMNS} FROM takedown_records
     WHERE environment IN {environments:Array(String)} AND outcome = 'EVENT' AND type = 'NOTICE_ISSUED'
       AND addressee IN {providers:Array(String)} AND event_key IN (
         SELECT event_key FROM case_takedowns
         WHERE environment IN {environments:Array(String)} AND type = 'NOTICE_ISSUED'
           AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)}))))
     ORDER BY log_epoch, log_partition, log_offset`,
    { environments, providers, keys: locationKeys },
  );
  return rows.map(noticeOf);
}

function noticeOf(row: Readonly<Record<string, unknown>>): NoticeRow {
  const type = NOTICE_TYPES.find((known) => known === row['type']);
  if (type === undefined) throw new TypeError('a notice of an unknown type');
  return {
    environment: textOf(row, 'environment'),
    partition: numberOf(row, 'log_partition'),
    offset: numberOf(row, 'log_offset'),
    locationKey: textOf(row, 'place'),
    eventKey: textOf(row, 'event'),
    type,
    addressee: textOf(row, 'addressee'),
    legalBasis: textOf(row, 'legal_basis'),
    noticeBox: Buffer.from(textOf(row, 'notice_box'), 'base64'),
    cycle: numberOf(row, 'cycle'),
    rule: textOf(row, 'rule'),
    n: numberOf(row, 'n'),
    atMs: numberOf(row, 'at'),
  };
}
