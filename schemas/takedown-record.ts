// An event of a case as it travels through the log. Closed lists are words here; whoever decodes constructs an event of
// `takedown/` from them, or a dead letter.
import type { EventTime, Sealed } from './report-record.js';
import type { Environment } from './vocabulary.js';

/** What an event says of its location beside the key. As of `Location`. */
export interface TakedownPlace {
  readonly host: string;
  readonly registrableDomain: string;
  readonly isVnDomain: boolean;
  readonly serviceName: string;
  readonly hostIp: string;
}

export interface TakedownReportFacts {
  /** The authority's id, hexadecimal. */
  readonly reportId: string;
  readonly providerId: string;
  readonly category: string;
  readonly urgency: string;
  readonly source: string;
  readonly contentCreatedAt: EventTime | null;
}

export interface TakedownRecord {
  readonly environment: Environment;
  /** 16 bytes; in hexadecimal the id by which `takedown/` knows the event. */
  readonly eventKey: Uint8Array;
  /** As the actor sent it; empty for events of our own. */
  readonly eventId: string;
  /** 8 bytes over the content. */
  readonly digest: Uint8Array;
  readonly type: string;
  readonly actorRole: string;
  readonly actorId: string;
  /** 16 bytes: the record's key in the log. */
  readonly locationKey: Uint8Array;
  readonly place: TakedownPlace | null;
  readonly occurredAt: EventTime;
  readonly receivedAtMs: number;
  readonly observedAtMs: number;
  readonly isHistory: boolean;
  readonly seenVersion: number | null;
  readonly report: TakedownReportFacts | null;
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
  readonly stage: string;
  readonly owner: string;
  readonly previousOwner: string;
  readonly cycle: number;
  readonly rule: string;
  readonly n: number;
  /** Bound to (eventKey, 0, field). */
  readonly sealed: readonly Sealed[];
  readonly noticeBox: Uint8Array;
  readonly canonicalisedWith: string;
}
