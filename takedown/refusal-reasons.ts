// What is impossible or outdated is a value with a reason from this closed list: recorded, and told to its actor.

/** Why an event changed nothing and its actor is told so. */
export const REFUSAL_REASONS = [
  /** Nothing has opened the case before this. */
  'NOT_REPORTED',
  /** Nobody has assessed the content yet. */
  'NOT_ASSESSED',
  /** The assessment found no ground for it. */
  'NOT_FOUNDED',
  /** No notice was issued that it could answer. */
  'NO_NOTICE',
  /** No notice of the cycle names this addressee. */
  'NOT_ADDRESSED',
  /** Actors of this kind, or this provider, may not say it. */
  'NOT_ENTITLED',
  /** A provider's own look proves nothing. */
  'NOT_INDEPENDENT',
  /** Every deadline of the cycle still runs. */
  'NOT_BREACHED',
  'NOT_HELD',
  'NOT_APPEALED',
  /** Nobody ordered this provider to block. */
  'NOT_ORDERED',
  /** Nobody has seen the content down. */
  'NOT_SEEN_DOWN',
  /** The content was seen down before this. */
  'ALREADY_DOWN',
  /** Belongs before the notice. */
  'AFTER_NOTICE',
  /** The procedure has gone past this step. */
  'OUT_OF_ORDER',
  /** The provider says it is down: somebody must look first. */
  'CLAIM_UNVERIFIED',
  'CASE_CLOSED',
  /** Only what was closed as NOT_IN_JURISDICTION is referred. */
  'NOT_OUTSIDE_JURISDICTION',
  /** The case has no such report. */
  'UNKNOWN_REPORT',
  /** The stage has an owner, who can hand over. */
  'ALREADY_ASSIGNED',
  'NOT_THE_OWNER',
  /** Names neither this location as its source nor as its target. */
  'OTHER_LOCATION',
  /** A limit of the cycle is reached. */
  'TOO_MANY',
  /** The same event id came with other content; the one seen first counts. */
  'SAME_ID_OTHER_CONTENT',
  /** The actor had seen an older version of the case (`adjudicate`). */
  'OUTDATED',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
