// A case while it is folded.
import type { EventTime } from '../schemas/report-record.js';
import { URGENCIES, type Category, type Urgency } from '../schemas/vocabulary.js';
import type { Block, CaseKey, Claim, Cycle, Duty, FoundElsewhere, Notification, Pause } from './case.js';
import type { Stage } from './event-types.js';
import type { Host } from './event.js';
import type { Rule, RuleContext } from './rule.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface CycleDraft extends Omit<Mutable<Cycle>, 'duties' | 'claims' | 'blocks'> {
  readonly duties: Mutable<Duty>[];
  readonly claims: Mutable<Claim>[];
  readonly blocks: Mutable<Block>[];
}

export interface AttachedReport {
  readonly providerId: string;
  isRetracted: boolean;
}

export interface Draft {
  readonly key: CaseKey;
  readonly rules: readonly Rule[];
  /** Never empty; the last one is the current. */
  readonly cycles: CycleDraft[];
  readonly owners: Record<Stage, string>;
  readonly pauses: Mutable<Pause>[];
  readonly reports: Map<string, AttachedReport>;
  readonly foundElsewhere: FoundElsewhere[];
  readonly notifications: Notification[];
  /** First provider whose report tells of a user's complaint; empty for none. */
  complainedTo: string;
  reportsSinceDown: number;
  contentCreatedAt: EventTime | null;
  reported: { category: Category; urgency: Urgency } | null;
  assessed: { category: Category | null; urgency: Urgency | null };
  host: Host;
}

export const UNKNOWN_HOST: Host = { isVnDomain: false, country: '', network: '' };

export function newDraft(key: CaseKey, rules: readonly Rule[]): Draft {
  return {
    key,
    rules,
    cycles: [newCycle(1, 'REPORT', { earliestMs: 0, latestMs: 0 })],
    owners: { TRIAGE: '', ASSESSMENT: '', NOTICE: '', VERIFICATION: '', ESCALATION: '' },
    pauses: [],
    reports: new Map(),
    foundElsewhere: [],
    notifications: [],
    complainedTo: '',
    reportsSinceDown: 0,
    contentCreatedAt: null,
    reported: null,
    assessed: { category: null, urgency: null },
    host: UNKNOWN_HOST,
  };
}

export function newCycle(
  number: number,
  openedBy: Cycle['openedBy'],
  opened: Cycle['opened'],
  linkedTo: Cycle['linkedTo'] = null,
): CycleDraft {
  return {
    number,
    openedBy,
    opened,
    linkedTo,
    status: 'UNREPORTED',
    finding: null,
    assessed: null,
    duties: [],
    claims: [],
    blocks: [],
    lastSeenUpMs: null,
    firstSeenDownMs: null,
    wasAlreadyDown: false,
    selfActionedAtMs: null,
    escalatedAtMs: null,
    endedAtMs: null,
    leavesCohort: false,
  };
}

export function currentCycle(draft: Draft): CycleDraft {
  const cycle = draft.cycles.at(-1);
  if (cycle === undefined) throw new Error('a case without a cycle');
  return cycle;
}

export function openPause(draft: Draft, kind: Pause['kind']): Mutable<Pause> | undefined {
  return draft.pauses.find((pause) => pause.kind === kind && pause.toMs === null);
}

/** As the authority found it, else as first reported; of urgencies the highest that was reported. */
export function contextOf(draft: Draft): RuleContext {
  return {
    category: draft.assessed.category ?? draft.reported?.category ?? 'UNSPECIFIED',
    urgency: draft.assessed.urgency ?? draft.reported?.urgency ?? 'ROUTINE',
    host: draft.host,
  };
}

export function higherUrgency(a: Urgency, b: Urgency): Urgency {
  return URGENCIES.indexOf(a) >= URGENCIES.indexOf(b) ? a : b;
}
