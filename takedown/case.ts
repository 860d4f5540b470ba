// A case: one location of one environment, folded from all its events.
import type { EventTime } from '../schemas/report-record.js';
import type { Category, Environment, Urgency } from '../schemas/vocabulary.js';
import type { Finding, NotificationType, Relation, Stage, Status } from './event-types.js';
import type { RefusalReason } from './refusal-reasons.js';
import type { Host } from './event.js';
import type { Span } from './instants.js';
import type { PauseKind, Trigger } from './rule.js';

/** `locationKey` in hexadecimal. */
export interface CaseKey {
  readonly environment: Environment;
  readonly locationKey: string;
}

/** Fixed when its trigger happened, and never again. */
export interface Deadline {
  /** id@version of the rule. */
  readonly rule: string;
  readonly article: string;
  readonly limitMs: number;
  readonly pausedBy: readonly PauseKind[];
}

/** What somebody must take down by when: from a notice, or from a complaint that proved well-founded. */
export interface Duty {
  readonly trigger: Trigger;
  readonly eventId: string;
  /** Empty where nobody is known to answer for the location. */
  readonly addressee: string;
  readonly start: Span;
  /** None where no rule applied. */
  readonly deadlines: readonly Deadline[];
  readonly acknowledgedAtMs: number | null;
}

/** A provider said that it acted: by our clock, and as it states it. */
export interface Claim {
  readonly eventId: string;
  readonly addressee: string;
  readonly observedAtMs: number;
  readonly statedAt: EventTime;
  /** When somebody saw the content still up after it. */
  readonly disputedAtMs: number | null;
}

export interface Block {
  readonly addressee: string;
  readonly orderedAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly verifiedAtMs: number | null;
}

/** From the content being up until it is down: the first cycle opens with a report, others with a reappearance. */
export interface Cycle {
  /** From 1. */
  readonly number: number;
  readonly openedBy: 'REPORT' | 'REAPPEARANCE' | 'NOTICE';
  readonly opened: Span;
  /** The location it came back from, where this is known. */
  readonly linkedTo: { readonly locationKey: string; readonly relation: Relation } | null;
  readonly status: Status;
  readonly finding: Finding | null;
  readonly assessed: Span | null;
  readonly duties: readonly Duty[];
  readonly claims: readonly Claim[];
  readonly blocks: readonly Block[];
  /** The content went down after the one and not after the other; null where nobody saw. */
  readonly lastSeenUpMs: number | null;
  readonly firstSeenDownMs: number | null;
  /** First seen down before any notice, as the finding of whoever was about to assess. */
  readonly wasAlreadyDown: boolean;
  readonly selfActionedAtMs: number | null;
  readonly escalatedAtMs: number | null;
  /** When it stopped being worked on (closed, retracted, reinstated), and whether it leaves the cohort by that. */
  readonly endedAtMs: number | null;
  readonly leavesCohort: boolean;
}

/** Legal clocks stand still from `fromMs` until `toMs` (null = still). */
export interface Pause {
  readonly kind: PauseKind;
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Found again at another location, which has its own case. */
export interface FoundElsewhere {
  readonly cycle: number;
  readonly locationKey: string;
  readonly relation: Relation;
  readonly found: Span;
}

export interface Notification {
  readonly type: NotificationType;
  readonly cycle: number;
  readonly addressee: string;
  readonly rule: string;
  readonly n: number;
}

export interface Case extends CaseKey {
  /** Acts: events other than reports and notifications. What an actor must have seen; 0 while the case is only reported. */
  readonly version: number;
  /** All events. Grows with every event. */
  readonly eventCount: number;
  readonly status: Status;
  /** Null once nobody has to work on it. */
  readonly stage: Stage | null;
  /** Empty: nobody yet. */
  readonly owners: Readonly<Record<Stage, string>>;
  readonly cycles: readonly Cycle[];
  /** In order of their beginning. */
  readonly pauses: readonly Pause[];
  readonly foundElsewhere: readonly FoundElsewhere[];
  readonly notifications: readonly Notification[];
  readonly isHeld: boolean;
  readonly isAppealed: boolean;
  readonly reportCount: number;
  readonly retractedCount: number;
  /** Reports since the content was last seen down: a reason to look again. */
  readonly reportsSinceDown: number;
  readonly contentCreatedAt: EventTime | null;
  readonly category: Category;
  readonly urgency: Urgency;
  readonly host: Host;
  /** From when on it may ring bells; null while it is nothing but history. */
  readonly liveFromMs: number | null;
  /** When we saw the latest of its events. */
  readonly lastObservedAtMs: number;
}

/** What became of each event, in the order in which they count. */
export type EventVerdict =
  | { readonly eventId: string; readonly effect: 'APPLIED' | 'NO_OP' }
  | { readonly eventId: string; readonly effect: 'REFUSED'; readonly reason: RefusalReason };
