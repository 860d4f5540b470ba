// The closed lists of the domain: the same names in the contract (with a prefix), in the log and in the store.
// Lists that begin with UNSPECIFIED stand in the order of the contract's numbers; the others have no
// neutral value, because the gateway has decided what an unspecified one means.

export const ENVIRONMENTS = ['PRODUCTION', 'TEST'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export const REPORT_KINDS = ['INITIAL', 'AMENDMENT', 'RETRACTION', 'ZERO_ATTESTATION'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export const PRECISIONS = ['MS', 'SECOND', 'MINUTE', 'DAY'] as const;
export type Precision = (typeof PRECISIONS)[number];

export const CATEGORIES = [
  'UNSPECIFIED',
  'CSAM',
  'CSAM_SYNTHETIC',
  'EXPLOITATIVE_NOT_CSAM',
  'GROOMING',
  'SEXTORTION',
  'CHILD_SEX_TRAFFICKING',
  'CHILD_SEX_TOURISM',
  'CONTACT_ABUSE',
  'OBSCENE_TO_CHILD',
  'MISLEADING_DOMAIN',
  'MISLEADING_CONTENT',
  'CHILD_BULLYING',
  'CHILD_PRIVACY',
  'SELF_HARM',
  'EATING_DISORDER',
  'UNSAFE_CHALLENGE',
  'AGE_INAPPROPRIATE',
  'OTHER',
] as const;
export type Category = (typeof CATEGORIES)[number];

export const SEVERITY_AXES = ['UNSPECIFIED', 'INDUSTRY', 'IWF', 'COPINE', 'NATIONAL_LEGALITY'] as const;
export type SeverityAxis = (typeof SEVERITY_AXES)[number];

export const ASSESSORS = ['UNSPECIFIED', 'PROVIDER', 'HOTLINE', 'AUTHORITY', 'OTHER'] as const;
export type Assessor = (typeof ASSESSORS)[number];

export const URGENCIES = ['ROUTINE', 'EXPEDITED', 'IMMINENT_RISK'] as const;
export type Urgency = (typeof URGENCIES)[number];

export const CHANNELS = [
  'UNSPECIFIED',
  'WEB_PAGE',
  'EMAIL',
  'NEWSGROUP',
  'CHAT',
  'GAMING',
  'CELL_PHONE',
  'PEER_TO_PEER',
  'LIVE_STREAM',
  'NON_INTERNET',
  'OTHER',
] as const;
export type Channel = (typeof CHANNELS)[number];

export const CONTENT_TYPES = [
  'UNSPECIFIED',
  'TEXT',
  'IMAGE',
  'VIDEO',
  'AUDIO',
  'APP',
  'PRODUCT',
  'SYNTHETIC_MEDIA',
  'OTHER',
] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

export const ITEM_ANNOTATIONS = [
  'UNSPECIFIED',
  'VIRAL',
  'POTENTIAL_MEME',
  'GENERATIVE_AI',
  'LIVE_STREAMING',
  'POSSIBLE_SELF_PRODUCTION',
  'INFANT',
  'PHYSICAL_HARM',
  'DRAWING_OR_VIRTUAL',
] as const;
export type ItemAnnotation = (typeof ITEM_ANNOTATIONS)[number];

export const FINGERPRINT_ALGORITHMS = [
  'UNSPECIFIED',
  'MD5',
  'SHA1',
  'SHA256',
  'SHA512',
  'PDQ',
  'VPDQ',
  'TMK_PDQF',
  'PHOTODNA',
  'OTHER',
] as const;
export type FingerprintAlgorithm = (typeof FINGERPRINT_ALGORITHMS)[number];

export const FINGERPRINT_BASES = ['UNSPECIFIED', 'ORIGINAL', 'AS_STORED'] as const;
export type FingerprintBasis = (typeof FINGERPRINT_BASES)[number];

export const SOURCES = [
  'UNSPECIFIED',
  'OWN_INITIATIVE',
  'USER_NOTICE',
  'TRUSTED_FLAGGER',
  'AUTHORITY_ORDER',
  'HOTLINE_111',
  'OTHER',
] as const;
export type Source = (typeof SOURCES)[number];

export const DETECTION_METHODS = [
  'UNSPECIFIED',
  'HASH_EXACT',
  'HASH_PERCEPTUAL',
  'CLASSIFIER',
  'KEYWORD',
  'BEHAVIOURAL',
  'USER_REPORT',
  'MANUAL_REVIEW',
  'OTHER',
] as const;
export type DetectionMethod = (typeof DETECTION_METHODS)[number];

export const AUTOMATED_DECISIONS = ['UNSPECIFIED', 'FULLY', 'PARTIALLY', 'NOT'] as const;
export type AutomatedDecision = (typeof AUTOMATED_DECISIONS)[number];

export const DECISION_VISIBILITIES = [
  'UNSPECIFIED',
  'REMOVED',
  'DISABLED',
  'DEMOTED',
  'AGE_RESTRICTED',
  'INTERACTION_RESTRICTED',
  'LABELLED',
  'OTHER',
] as const;
export type DecisionVisibility = (typeof DECISION_VISIBILITIES)[number];

export const DECISION_ACCOUNTS = ['UNSPECIFIED', 'SUSPENDED', 'TERMINATED'] as const;
export type DecisionAccount = (typeof DECISION_ACCOUNTS)[number];

export const DECISION_MONETARIES = ['UNSPECIFIED', 'SUSPENDED', 'TERMINATED', 'OTHER'] as const;
export type DecisionMonetary = (typeof DECISION_MONETARIES)[number];

export const DECISION_PROVISIONS = [
  'UNSPECIFIED',
  'PARTIALLY_SUSPENDED',
  'SUSPENDED',
  'PARTIALLY_TERMINATED',
  'TERMINATED',
] as const;
export type DecisionProvision = (typeof DECISION_PROVISIONS)[number];

export const DECISION_GROUNDS = ['UNSPECIFIED', 'ILLEGAL', 'INCOMPATIBLE_WITH_TERMS'] as const;
export type DecisionGround = (typeof DECISION_GROUNDS)[number];

export const SUBJECT_ROLES = ['UNSPECIFIED', 'REPORTED', 'RECIPIENT', 'VICTIM', 'ASSOCIATED'] as const;
export type SubjectRole = (typeof SUBJECT_ROLES)[number];

export const AGE_BANDS = [
  'UNSPECIFIED',
  'AGE_0_TO_2',
  'AGE_3_TO_6',
  'AGE_7_TO_10',
  'AGE_11_TO_13',
  'AGE_14_TO_15',
  'AGE_16_TO_17',
  'ADULT',
] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

export const EXTERNAL_SYSTEMS = [
  'UNSPECIFIED',
  'NCMEC',
  'DSA',
  'IWF',
  'ICCAM',
  'VNCOP',
  'HOTLINE_111',
] as const;
export type ExternalSystem = (typeof EXTERNAL_SYSTEMS)[number];

/** What became of a record of the log: every record becomes exactly one row with one of these. */
export const OUTCOMES = ['REPORT', 'DUPLICATE', 'CONFLICT', 'DEAD_LETTER'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What became of a record of the topic of takedowns: every record becomes exactly one row with one of these. */
export const EVENT_OUTCOMES = ['EVENT', 'DUPLICATE', 'CONFLICT', 'DEAD_LETTER'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** Why a record became a dead letter. */
export const DEAD_LETTER_REASONS = [
  /** Not in single-object encoding, or cut off, or values out of range. */
  'UNDECODABLE',
  /** Written with a schema this version does not know. */
  'UNKNOWN_SCHEMA',
  /** Of an event: a word of a closed list that this version does not know. */
  'UNKNOWN_WORD',
  /** Of an event: it lacks what its type needs. */
  'INCOMPLETE',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];
