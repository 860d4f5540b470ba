// What a platform imports from @lachan/sdk.
export { Reporter, type ReporterStats } from './reporter.js';
export type { Clock, ReporterOptions } from './options.js';
export type { SpoolFault, SpoolOptions } from './spool-options.js';
export type { SpoolStats } from './spooled-delivery.js';
export type { ReportInit } from './encode-report.js';
export {
  LachanError,
  UNSENT_REASONS,
  type Accepted,
  type Receipt,
  type RecordOutcome,
  type Rejected,
  type ReportOutcomes,
  type RuleName,
  type Unsent,
  type UnsentReason,
  type Violation,
} from './receipt.js';
export { at } from './event-time.js';
export { reportFromJson, type ReportFromJson } from './report-json.js';
export {
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
  ExternalSystem,
  FingerprintAlgorithm,
  FingerprintBasis,
  ItemAnnotation,
  Precision,
  ReportKind,
  ReportSchema,
  SeverityAxis,
  Source,
  SubjectRole,
  Urgency,
  type Report,
} from '@lachan/proto/report';
