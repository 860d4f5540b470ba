// Words of the log or of the store to an event: closed lists are text there, and a later version may have written it.
import {
  CATEGORIES,
  PRECISIONS,
  SOURCES,
  URGENCIES,
  type Category,
  type Source,
  type Urgency,
} from '../schemas/vocabulary.js';
import type { EventTime } from '../schemas/report-record.js';
import { createEvent, type EventParts } from './create-event.js';
import { ACTOR_ROLES, CLOSE_REASONS, EVENT_TYPES, FINDINGS, RELATIONS, STAGES } from './event-types.js';
import type { Host, ReportFacts, TakedownEvent } from './event.js';

export interface TimeWords {
  readonly instantMs: number;
  readonly precision: string;
}

export interface ReportWords {
  readonly reportId: string;
  readonly providerId: string;
  readonly category: string;
  readonly urgency: string;
  readonly source: string;
  readonly contentCreatedAt: TimeWords | null;
}

type Worded =
  | 'type'
  | 'actorRole'
  | 'occurredAt'
  | 'report'
  | 'finding'
  | 'category'
  | 'urgency'
  | 'closedAs'
  | 'relation'
  | 'stage';

/** As `EventParts`, with every closed list as text; empty is null. */
export interface EventWords extends Omit<EventParts, Worded> {
  readonly type: string;
  readonly actorRole: string;
  readonly occurredAt: TimeWords;
  /** Its host is that of the event. */
  readonly report: ReportWords | null;
  readonly finding: string;
  readonly category: string;
  readonly urgency: string;
  readonly closedAs: string;
  readonly relation: string;
  readonly stage: string;
}

/** UNKNOWN_WORD: a text that is not in its closed list. INCOMPLETE: `createEvent` misses the field. */
export interface ReadFault {
  readonly reason: 'UNKNOWN_WORD' | 'INCOMPLETE';
  readonly field: keyof EventParts;
}

/** Never throws. */
export function readEvent(
  words: EventWords,
): { readonly event: TakedownEvent } | { readonly fault: ReadFault } {
  const type = wordOf(EVENT_TYPES, words.type);
  if (type === undefined) return unknown('type');
  const actorRole = wordOf(ACTOR_ROLES, words.actorRole);
  if (actorRole === undefined) return unknown('actorRole');
  const occurredAt = timeOf(words.occurredAt);
  if (occurredAt === undefined) return unknown('occurredAt');
  const report = words.report === null ? null : reportOf(words.report, words.host);
  if (report === undefined) return unknown('report');
  const finding = wordOrNull(FINDINGS, words.finding);
  if (finding === undefined) return unknown('finding');
  const category = wordOrNull(CATEGORIES, words.category);
  if (category === undefined) return unknown('category');
  const urgency = wordOrNull(URGENCIES, words.urgency);
  if (urgency === undefined) return unknown('urgency');
  const closedAs = wordOrNull(CLOSE_REASONS, words.closedAs);
  if (closedAs === undefined) return unknown('closedAs');
  const relation = wordOrNull(RELATIONS, words.relation);
  if (relation === undefined) return unknown('relation');
  const stage = wordOrNull(STAGES, words.stage);
  if (stage === undefined) return unknown('stage');

  const known = {
    type,
    actorRole,
    occurredAt,
    report,
    finding,
    category,
    urgency,
    closedAs,
    relation,
    stage,
  };
  const created = createEvent({ ...words, ...known });
  if ('event' in created) return created;
  return { fault: { reason: 'INCOMPLETE', field: created.fault.field } };
}

const UNKNOWN_HOST: Host = { isVnDomain: false, country: '', network: '' };

function reportOf(words: ReportWords, host: Host | null): ReportFacts | undefined {
  const category: Category | undefined = wordOf(CATEGORIES, words.category);
  const urgency: Urgency | undefined = wordOf(URGENCIES, words.urgency);
  const source: Source | undefined = wordOf(SOURCES, words.source);
  const contentCreatedAt = words.contentCreatedAt === null ? null : timeOf(words.contentCreatedAt);
  if (category === undefined || urgency === undefined || source === undefined) return undefined;
  if (contentCreatedAt === undefined) return undefined;
  const { reportId, providerId } = words;
  return { reportId, providerId, category, urgency, source, contentCreatedAt, host: host ?? UNKNOWN_HOST };
}

function timeOf({ instantMs, precision }: TimeWords): EventTime | undefined {
  const known = wordOf(PRECISIONS, precision);
  return known === undefined ? undefined : { instantMs, precision: known };
}

function wordOf<T extends string>(list: readonly T[], text: string): T | undefined {
  return list.find((word) => word === text);
}

function wordOrNull<T extends string>(list: readonly T[], text: string): T | null | undefined {
  return text === '' ? null : wordOf(list, text);
}

function unknown(field: keyof EventParts): { readonly fault: ReadFault } {
  return { fault: { reason: 'UNKNOWN_WORD', field } };
}
