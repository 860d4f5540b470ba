// A report as it travels through the log: checked, identified and sealed. Nothing sensitive stands in the open here.
import type { LogPosition } from './log-position.js';
import type {
  AgeBand,
  Assessor,
  AutomatedDecision,
  Category,
  Channel,
  ContentType,
  DecisionAccount,
  DecisionGround,
  DecisionMonetary,
  DecisionProvision,
  DecisionVisibility,
  DetectionMethod,
  Environment,
  ExternalSystem,
  FingerprintAlgorithm,
  FingerprintBasis,
  ItemAnnotation,
  Precision,
  ReportKind,
  SeverityAxis,
  Source,
  SubjectRole,
  Urgency,
} from './vocabulary.js';

/** An instant in milliseconds since 1970 (UTC) and how exactly it is known. */
export interface EventTime {
  readonly instantMs: number;
  readonly precision: Precision;
}

/** Where the content can be seen. The address itself is sealed; `key` (16 bytes) stands for it. */
export interface Location {
  readonly key: Uint8Array;
  /** Of a URL: its host in ASCII form; empty for a content id. */
  readonly host: string;
  /** Empty for addresses, bare top-level domains and content ids. */
  readonly registrableDomain: string;
  readonly isVnDomain: boolean;
  /** Of a content id: the service it belongs to; empty for a URL. */
  readonly serviceName: string;
  /** Where it is hosted: as reported, else the URL's own address; empty when not known. */
  readonly hostIp: string;
}

export interface Fingerprint {
  readonly algorithm: FingerprintAlgorithm;
  /** Lower-case hexadecimal where the algorithm's values are; otherwise as reported. */
  readonly value: string;
  readonly basis: FingerprintBasis;
  readonly quality: number | null;
}

export interface Item {
  readonly contentTypes: readonly ContentType[];
  readonly sizeBytes: number;
  readonly uploadedAt: EventTime | null;
  readonly publiclyAvailable: boolean | null;
  readonly viewedByProvider: boolean | null;
  readonly annotations: readonly ItemAnnotation[];
  readonly fingerprints: readonly Fingerprint[];
}

export interface SeverityAssessment {
  readonly axis: SeverityAxis;
  readonly grade: string;
  readonly assessedBy: Assessor;
}

export interface Decision {
  readonly visibility: readonly DecisionVisibility[];
  readonly account: DecisionAccount;
  readonly monetary: DecisionMonetary;
  readonly provision: DecisionProvision;
  readonly ground: DecisionGround;
}

export interface Subject {
  readonly role: SubjectRole;
  readonly ageBand: AgeBand;
}

export interface Bundle {
  readonly id: string;
  readonly incidentCount: number;
}

export interface ExternalRef {
  readonly system: ExternalSystem;
  readonly id: string;
}

export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * One sealed value. `field` is its path in the report (`locations[0].url`); `token` (16 bytes) is a
 * keyed hash of the value, equal for equal values of one environment; `box` opens with the
 * authority's key only, and only together with its report, revision and field.
 */
export interface Sealed {
  readonly field: string;
  readonly token: Uint8Array;
  readonly box: Uint8Array;
}

export interface ReportRecord {
  readonly environment: Environment;
  readonly providerId: string;
  readonly reportId: string;
  readonly revision: number;
  readonly kind: ReportKind;
  /** 16 bytes: a pure function of (environment, provider, report id). */
  readonly authorityReportId: Uint8Array;
  /** 16 bytes: a pure function of (environment, provider, report id, revision): what deduplication goes by. */
  readonly recordKey: Uint8Array;
  /** 8 bytes over the content; equal for every re-send of the same content. */
  readonly payloadDigest: Uint8Array;
  /** For each field of the content 5 bytes: its number in the contract and 4 bytes of keyed hash. */
  readonly fieldDigests: Uint8Array;
  readonly receivedAtMs: number;
  readonly streamSequence: number;
  readonly correlationId: string;
  readonly contentCreatedAt: EventTime | null;
  readonly incidentAt: EventTime | null;
  readonly detectedAt: EventTime | null;
  readonly decidedAt: EventTime | null;
  readonly reportedAt: EventTime | null;
  readonly category: Category;
  readonly additionalCategories: readonly Category[];
  readonly annotations: readonly string[];
  readonly severities: readonly SeverityAssessment[];
  readonly urgency: Urgency;
  readonly channel: Channel;
  readonly serviceName: string;
  readonly locations: readonly Location[];
  readonly territorialScope: readonly string[];
  readonly contentLanguage: string;
  readonly items: readonly Item[];
  readonly source: Source;
  readonly detectionMethod: DetectionMethod;
  readonly confidence: number | null;
  readonly automatedDetection: boolean | null;
  readonly automatedDecision: AutomatedDecision;
  readonly decision: Decision | null;
  readonly subjects: readonly Subject[];
  readonly bundle: Bundle | null;
  readonly externalRefs: readonly ExternalRef[];
  readonly attestedPeriod: Period | null;
  readonly sealed: readonly Sealed[];
  /** Versions of the lookups the gateway used. */
  readonly canonicalisedWith: string;
}

/** A dead letter that was appended again. Never inside another one: `original` is what stood in the log at first. */
export interface ReplayedRecord extends Omit<LogPosition, 'topic'> {
  readonly original: Uint8Array;
}

/** A gateway's data key, wrapped to the authority's public key with RSA-OAEP-256. */
export interface DataKeyRecord {
  /** 8 bytes, random; every box names its key by it. */
  readonly keyId: Uint8Array;
  readonly wrappedKey: Uint8Array;
  /** SHA-256 of the authority's public key (SubjectPublicKeyInfo, DER): which private key opens it. */
  readonly publicKeyFingerprint: Uint8Array;
  readonly createdAtMs: number;
}
