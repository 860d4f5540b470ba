// An event of a case, as the fold takes it: every type with exactly the fields it needs.
import type { EventTime } from '../schemas/report-record.js';
import type { Category, Source, Urgency } from '../schemas/vocabulary.js';
import type { ActorRole, CloseReason, Finding, NotificationType, Relation, Stage } from './event-types.js';

export interface Actor {
  readonly role: ActorRole;
  /** Provider id or operator name. */
  readonly id: string;
}

/** Where the content is hosted. `country` is ISO 3166-1 alpha-2, `network` the number of its autonomous system; empty when not known. */
export interface Host {
  readonly isVnDomain: boolean;
  readonly country: string;
  readonly network: string;
}

/** What a case keeps of a report. `reportId` is the authority's id of it, in hexadecimal. */
export interface ReportFacts {
  readonly reportId: string;
  readonly providerId: string;
  readonly category: Category;
  readonly urgency: Urgency;
  readonly source: Source;
  readonly contentCreatedAt: EventTime | null;
  readonly host: Host;
}

interface Common {
  /** Unique per event; the same id again is the same event. */
  readonly id: string;
  readonly actor: Actor;
  /** The actor's clock. */
  readonly occurredAt: EventTime;
  /** Our clock, in ms since 1970 (UTC); of a history: the clock of whoever kept it. */
  readonly observedAtMs: number;
  /** From an import of history: makes no case live, and may lack steps that others did not record. */
  readonly isHistory: boolean;
  /** The owner of the partition found that the actor had seen an older version of the case. */
  readonly isOutdated: boolean;
}

export interface ReportAttached extends Common {
  readonly type: 'REPORTED' | 'SELF_ACTIONED';
  readonly report: ReportFacts;
}

export interface ReportRetracted extends Common {
  readonly type: 'RETRACTED';
  readonly reportId: string;
}

/** `category` and `urgency`: as the assessor found them, null to leave what was reported. */
export interface Assessed extends Common {
  readonly type: 'ASSESSED';
  readonly finding: Finding;
  readonly category: Category | null;
  readonly urgency: Urgency | null;
}

/** `addressee`: a provider id, empty where nobody is known to answer for the location. */
export interface NoticeIssued extends Common {
  readonly type: 'NOTICE_ISSUED';
  readonly addressee: string;
  readonly legalBasis: string;
  readonly urgency: Urgency | null;
}

/** `addressee`: the provider that answers, or that is ordered to block. */
export interface Answered extends Common {
  readonly type: 'ACKNOWLEDGED' | 'ACTION_CLAIMED' | 'BLOCK_ORDERED' | 'BLOCK_CONFIRMED' | 'BLOCK_VERIFIED';
  readonly addressee: string;
}

export interface Closed extends Common {
  readonly type: 'CLOSED';
  readonly as: CloseReason;
}

/** Sent to the case of both locations where they differ. Keys in hexadecimal; `host`: where it is now, null for as before. */
export interface Reappeared extends Common {
  readonly type: 'REAPPEARED';
  readonly relation: Relation;
  readonly fromLocationKey: string;
  readonly toLocationKey: string;
  readonly host: Host | null;
}

export interface Assigned extends Common {
  readonly type: 'ASSIGNED';
  readonly stage: Stage;
  readonly owner: string;
}

export interface HandedOver extends Common {
  readonly type: 'HANDED_OVER';
  readonly stage: Stage;
  readonly from: string;
  readonly to: string;
}

/** `rule` is empty for NOTICE_REPEATED, else id@version. `n` counts from 1. */
export interface Notified extends Common {
  readonly type: NotificationType;
  readonly cycle: number;
  readonly addressee: string;
  readonly rule: string;
  readonly n: number;
}

export interface Plain extends Common {
  readonly type:
    | 'TRIAGED'
    | 'HOLD'
    | 'HOLD_ENDED'
    | 'VERIFIED_STILL_UP'
    | 'VERIFIED_DOWN'
    | 'ALREADY_DOWN'
    | 'ESCALATED'
    | 'APPEALED'
    | 'REINSTATED'
    | 'UPHELD'
    | 'REFERRED';
}

export type TakedownEvent =
  | ReportAttached
  | ReportRetracted
  | Assessed
  | NoticeIssued
  | Answered
  | Closed
  | Reappeared
  | Assigned
  | HandedOver
  | Notified
  | Plain;
