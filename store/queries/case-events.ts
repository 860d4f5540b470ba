// The events of cases as they have landed, of both topics: what a case is folded from, and what a new event is judged by.
import type { Environment } from '../../schemas/vocabulary.js';
import type { Before } from './known-keys.js';
import { numberOf, textOf, textsOf, type Select } from './select.js';

/** A landed event: closed lists are text, what a type does not have is empty, 0 or null. As `EventWords` of takedown/. */
export interface CaseEventRow {
  /** Hexadecimal; unique within the case. */
  readonly id: string;
  readonly type: string;
  readonly actorRole: string;
  readonly actorId: string;
  readonly occurredAt: TimeRow;
  readonly observedAtMs: number;
  readonly isHistory: boolean;
  readonly isOutdated: boolean;
  /** Of REPORTED and SELF_ACTIONED. */
  readonly report: {
    readonly reportId: string;
    readonly providerId: string;
    readonly category: string;
    readonly urgency: string;
    readonly source: string;
    readonly contentCreatedAt: TimeRow | null;
  } | null;
  readonly reportId: string;
  readonly finding: string;
  readonly category: string;
  readonly urgency: string;
  readonly addressee: string;
  readonly legalBasis: string;
  readonly closedAs: string;
  readonly relation: string;
  readonly fromLocationKey: string;
  readonly toLocationKey: string;
  /** Null where the event names only the key of its case. */
  readonly host: { readonly isVnDomain: boolean; readonly country: string; readonly network: string } | null;
  readonly stage: string;
  readonly owner: string;
  readonly previousOwner: string;
  readonly cycle: number;
  readonly rule: string;
  readonly n: number;
  /** As the actor sent it; empty for events of our own and for reports. */
  readonly eventId: string;
  /** Of a report: as the provider sent it; else empty. */
  readonly providerReportId: string;
  /** What it says of its place; empty where it names only the key. */
  readonly hostName: string;
  readonly registrableDomain: string;
}

interface TimeRow {
  readonly instantMs: number;
  readonly precision: string;
}

/** Over HTTP bound parameters travel in the address of the request, which servers limit to a mebibyte. */
const KEYS_AT_ONCE = 5_000;

/** Of each provider and case: what many reports of one location cost is bounded by how many providers there are. */
export const MOST_REPORTS = 100;

/**
 * All events of the cases (location keys in hexadecimal), by case and in no order, but of the reports of each provider
 * only the first `MOST_REPORTS` that were received; a case without any is not among them. Takes memory for all of them:
 * ask for some thousand cases at a time.
 */
export async function selectCaseEvents(
  select: Select,
  environment: Environment,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly CaseEventRow[]>> {
  const events = new Map<string, CaseEventRow[]>();
  for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
    const rows = await select(
      `SELECT lower(hex(location_key)) AS location, lower(hex(event_key)) AS id, event_id, type, actor_role, actor_id,
         toUnixTimestamp64Milli(occurred_at) AS occurred_ms, occurred_precision,
         toUnixTimestamp64Milli(observed_at) AS observed_ms, is_history, is_outdated, report_id, provider_report_id,
         report_provider_id, category, urgency, source, toUnixTimestamp64Milli(content_created_at) AS created_ms,
         content_created_precision, finding, addressee, legal_basis, closed_as, relation, from_location_key,
         to_location_key, case_stage, owner, previous_owner, cycle, rule, n, host, registrable_domain, is_vn_domain,
         country, asn
       FROM case_events
       WHERE environment = {environment:String}
         AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))
       ORDER BY location_key, observed_at, event_key
       LIMIT {most:UInt32} BY location_key, report_provider_id, if(topic = 'reports', '', toString(event_key))`,
      { environment, keys: keys.slice(from, from + KEYS_AT_ONCE).map(dashed), most: MOST_REPORTS },
    );
    for (const row of rows) {
      const location = textOf(row, 'location');
      const known = events.get(location);
      if (known === undefined) events.set(location, [caseEventRow(row)]);
      else known.push(caseEventRow(row));
    }
  }
  return events;
}

type Row = Awaited<ReturnType<Select>>[number];

function caseEventRow(row: Row): CaseEventRow {
  const type = textOf(row, 'type');
  const isReport = type === 'REPORTED' || type === 'SELF_ACTIONED';
  return {
    id: textOf(row, 'id'),
    type,
    actorRole: textOf(row, 'actor_role'),
    actorId: textOf(row, 'actor_id'),
    occurredAt: { instantMs: numberOf(row, 'occurred_ms'), precision: textOf(row, 'occurred_precision') },
    observedAtMs: numberOf(row, 'observed_ms'),
    isHistory: row['is_history'] === true,
    isOutdated: row['is_outdated'] === true,
    report: isReport
      ? {
          reportId: textOf(row, 'report_id'),
          providerId: textOf(row, 'report_provider_id'),
          category: textOf(row, 'category'),
          urgency: textOf(row, 'urgency'),
          source: textOf(row, 'source'),
          contentCreatedAt:
            row['created_ms'] === null
              ? null
              : {
                  instantMs: numberOf(row, 'created_ms'),
                  precision: textOf(row, 'content_created_precision'),
                },
        }
      : null,
    reportId: textOf(row, 'report_id'),
    finding: textOf(row, 'finding'),
    category: isReport ? '' : textOf(row, 'category'),
    urgency: isReport ? '' : textOf(row, 'urgency'),
    addressee: textOf(row, 'addressee'),
    legalBasis: textOf(row, 'legal_basis'),
    closedAs: textOf(row, 'closed_as'),
    relation: textOf(row, 'relation'),
    fromLocationKey: textOf(row, 'from_location_key'),
    toLocationKey: textOf(row, 'to_location_key'),
    host: hostOf(row),
    stage: textOf(row, 'case_stage'),
    owner: textOf(row, 'owner'),
    previousOwner: textOf(row, 'previous_owner'),
    cycle: numberOf(row, 'cycle'),
    rule: textOf(row, 'rule'),
    n: numberOf(row, 'n'),
    eventId: textOf(row, 'event_id'),
    providerReportId: textOf(row, 'provider_report_id'),
    hostName: textOf(row, 'host'),
    registrableDomain: textOf(row, 'registrable_domain'),
  };
}

function hostOf(row: Row): CaseEventRow['host'] {
  const country = textOf(row, 'country');
  const asn = numberOf(row, 'asn');
  if (textOf(row, 'host') === '' && country === '' && asn === 0) return null;
  return { isVnDomain: row['is_vn_domain'] === true, country, network: asn === 0 ? '' : String(asn) };
}

/** What a new event is about: its case, and itself; all keys in hexadecimal. */
export interface AskedEvent {
  readonly environment: Environment;
  readonly locationKey: string;
  readonly eventKey: string;
}

/** What has landed of a case. */
export interface CaseBefore {
  /** Its version: events that nobody was outdated with, of types that make a new one. */
  readonly acts: number;
  /** Digests (hexadecimal) by event key, of those events that were asked about. */
  readonly digests: ReadonlyMap<string, string>;
}

/** An event has two keys in a question. */
const EVENTS_AT_ONCE = 2_500;

/**
 * What has landed of the cases of `asked` from the topic of takedowns before `before`, by `caseName`; a case without
 * any event is not among them. `notActs`: types of events that make no new version.
 */
export async function selectCasesBefore(
  select: Select,
  { epoch, partition, offset }: Before,
  asked: readonly AskedEvent[],
  notActs: readonly string[],
): Promise<ReadonlyMap<string, CaseBefore>> {
  const found = new Map<string, { acts: number; digests: Map<string, string> }>();
  for (const environment of new Set(asked.map((one) => one.environment))) {
    const events = asked.filter((one) => one.environment === environment);
    for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) {
      const some = events.slice(from, from + EVENTS_AT_ONCE);
      const rows = await select(
        `SELECT lower(hex(location_key)) AS location,
           countIf(NOT is_outdated AND type NOT IN {not_acts:Array(String)}) AS acts,
           groupArrayIf(concat(lower(hex(event_key)), toString(digest)),
             event_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {events:Array(String)})))) AS known
         FROM case_takedowns
         WHERE environment = {environment:String}
           AND location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {cases:Array(String)})))
           AND log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
           AND log_offset < {offset:UInt64}
         GROUP BY location_key`,
        {
          environment,
          epoch,
          partition,
          offset,
          not_acts: notActs,
          cases: [...new Set(some.map(({ locationKey }) => dashed(locationKey)))],
          events: some.map(({ eventKey }) => dashed(eventKey)),
        },
      );
      for (const row of rows) {
        const name = caseName(environment, textOf(row, 'location'));
        const known = textsOf(row, 'known').map((text) => [text.slice(0, 32), text.slice(32)] as const);
        const { digests = new Map<string, string>() } = found.get(name) ?? {};
        for (const [key, digest] of known) digests.set(key, digest);
        found.set(name, { acts: numberOf(row, 'acts'), digests });
      }
    }
  }
  return found;
}

/** One text for both parts of a case's key. */
export function caseName(environment: Environment, locationKey: string): string {
  return `${environment} ${locationKey}`;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
