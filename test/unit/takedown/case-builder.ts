// Builds events of one case with instants that follow one another, so that tests name only what they are about.
import { readRules } from '../../../takedown/read-rules.js';
import { VIETNAM_EXAMPLE } from '../../../takedown/rules/vietnam-example.js';
import { createEvent, type EventParts } from '../../../takedown/create-event.js';
import { eventParts } from '../../../takedown/event-parts.js';
import type { ReportFacts, TakedownEvent } from '../../../takedown/event.js';
import type { EventType } from '../../../takedown/event-types.js';
import { foldCase, type FoldedCase } from '../../../takedown/fold.js';
import { readInstant } from '../../../takedown/instants.js';
import type { Rule } from '../../../takedown/rule.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const KEY = { environment: 'TEST', locationKey: 'a'.repeat(32) } as const;
export const OTHER_LOCATION = 'b'.repeat(32);

/** Ms since 1970 of an instant in ISO 8601. */
export function ms(text: string): number {
  const read = readInstant(text);
  if (read === undefined) throw new Error(`not an instant: ${text}`);
  return read.instantMs;
}

/** A Saturday noon in Hanoi, after both laws of the example came into force. */
export const START = ms('2026-08-01T12:00:00+07:00');

export function rulesOf(value: unknown): readonly Rule[] {
  const read = readRules(value);
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.rules;
}

export const EXAMPLE = rulesOf(VIETNAM_EXAMPLE);

export const report = (over: Partial<ReportFacts> = {}): ReportFacts => ({
  reportId: 'r-1',
  providerId: 'reporter-1',
  category: 'CSAM',
  urgency: 'ROUTINE',
  source: 'OWN_INITIATIVE',
  contentCreatedAt: null,
  host: { isVnDomain: true, country: 'VN', network: '64500' },
  ...over,
});

const BLANK: EventParts = {
  ...eventParts({
    id: 'blank',
    type: 'TRIAGED',
    actor: { role: 'OPERATOR', id: 'op-1' },
    occurredAt: { instantMs: START, precision: 'MS' },
    observedAtMs: START,
    isHistory: false,
    isOutdated: false,
  }),
  addressee: 'host-1',
  report: report(),
  reportId: 'r-1',
  finding: 'ILLEGAL',
  legalBasis: 'law-116-2025-art-25-2',
  closedAs: 'DOWN',
  relation: 'SAME_LOCATION',
  fromLocationKey: KEY.locationKey,
  toLocationKey: KEY.locationKey,
  stage: 'NOTICE',
  owner: 'op-1',
  previousOwner: 'op-1',
  cycle: 1,
  rule: 'some-rule@1',
  n: 1,
};

const BY_SYSTEM: ReadonlySet<EventType> = new Set([
  'REPORTED',
  'SELF_ACTIONED',
  'RETRACTED',
  'NOTICE_REPEATED',
  'BREACHED',
  'BREACH_WITHDRAWN',
]);

/** `atMs`: when it happened and was seen, unless `over` says otherwise. Its id is its type and time. */
export function event(type: EventType, atMs: number, over: Partial<EventParts> = {}): TakedownEvent {
  const made = createEvent({
    ...BLANK,
    type,
    id: `${type}-${atMs}`,
    rule: type === 'NOTICE_REPEATED' ? '' : BLANK.rule,
    actorRole: BY_SYSTEM.has(type) ? 'SYSTEM' : 'OPERATOR',
    occurredAt: { instantMs: atMs, precision: 'MS' },
    observedAtMs: atMs,
    ...over,
  });
  if ('fault' in made) throw new Error(`${type}: ${made.fault.field}`);
  return made.event;
}

export type Given = readonly [type: EventType, hours: number, over?: Partial<EventParts> | undefined];

/** Each event so many hours after the start. */
export function events(...given: readonly Given[]): TakedownEvent[] {
  return given.map(([type, after, over]) => event(type, START + after * HOUR, over));
}

export function fold(list: Iterable<TakedownEvent>, rules = EXAMPLE): FoldedCase {
  return foldCase(KEY, list, rules);
}

/** Report, triage, assessment and a notice to host-1 at hour 3. */
export const NOTICED: readonly Given[] = [
  ['REPORTED', 0],
  ['TRIAGED', 1],
  ['ASSESSED', 2],
  ['NOTICE_ISSUED', 3],
];

export const hours = (after: number): number => START + after * HOUR;
