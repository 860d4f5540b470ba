// What a platform imports from @lachan/sdk.
export { Reporter, type ReporterStats } from './reporter.js';
export type { ReporterOptions } from './options.js';
export type { Clock, ReachOptions } from './reach.js';
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
export { Takedowns } from './takedowns.js';
export type { TakedownsOptions } from './takedown-options.js';
export type { Watch, WatchStats } from './watch.js';
export type { WatchFault, WatchOptions } from './watch-options.js';
export { NOTICE_TYPES, type Deadline, type Notice, type NoticeType } from './notice.js';
export type { CaseNews, RecordNews, ReportOutcome, UnknownNews } from './outcome.js';
export type {
  ActionAccepted,
  ActionOptions,
  ActionReceipt,
  ActionRejected,
  ActionTarget,
  ActionUnsent,
} from './action.js';
export type { ActionStats } from './action-delivery.js';
export { openLocation, type NoticeLocation } from './open-location.js';
export { cursorFile } from './cursor-file.js';
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
