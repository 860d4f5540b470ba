// The messages of a report without any field: what decoding begins with. Written out, for objects of one literal are
// made at a tenth of the price of objects that are put together field by field.
import {
  AgeBand,
  Assessor,
  AutomatedDecision,
  type Bundle,
  Category,
  Channel,
  type Decision,
  DecisionAccount,
  DecisionGround,
  DecisionMonetary,
  DecisionProvision,
  DetectionMethod,
  type EventTime,
  type ExternalRef,
  ExternalSystem,
  type Fingerprint,
  FingerprintAlgorithm,
  FingerprintBasis,
  type Item,
  type Location,
  type Period,
  Precision,
  type Report,
  ReportKind,
  type SeverityAssessment,
  SeverityAxis,
  Source,
  type Subject,
  SubjectRole,
  Urgency,
} from '@lachan/proto/report';
import type { Timestamp } from '@bufbuild/protobuf/wkt';

/** Of every list that has nothing: the decoder puts another one in its place. */
const none: never[] = [];
Object.freeze(none);

const report = (): Report => ({
  $typeName: 'lachan.v1.Report',
  reportId: '',
  revision: 0,
  kind: ReportKind.UNSPECIFIED,
  streamSequence: 0n,
  correlationId: '',
  contentCreatedAt: undefined,
  incidentAt: undefined,
  detectedAt: undefined,
  decidedAt: undefined,
  reportedAt: undefined,
  category: Category.UNSPECIFIED,
  additionalCategories: none,
  keywords: none,
  annotations: none,
  severities: none,
  urgency: Urgency.UNSPECIFIED,
  urgencyReason: '',
  channel: Channel.UNSPECIFIED,
  serviceName: '',
  locations: none,
  territorialScope: none,
  contentLanguage: '',
  items: none,
  source: Source.UNSPECIFIED,
  detectionMethod: DetectionMethod.UNSPECIFIED,
  confidence: undefined,
  automatedDetection: undefined,
  automatedDecision: AutomatedDecision.UNSPECIFIED,
  decision: undefined,
  subjects: none,
  bundle: undefined,
  externalRefs: none,
  additionalInfo: '',
  retractionReason: '',
  attestedPeriod: undefined,
  $unknown: undefined,
});
const timestamp = (): Timestamp => ({
  $typeName: 'google.protobuf.Timestamp',
  seconds: 0n,
  nanos: 0,
  $unknown: undefined,
});
const eventTime = (): EventTime => ({
  $typeName: 'lachan.v1.EventTime',
  instant: undefined,
  precision: Precision.UNSPECIFIED,
  $unknown: undefined,
});
const period = (): Period => ({
  $typeName: 'lachan.v1.Period',
  start: undefined,
  end: undefined,
  $unknown: undefined,
});
const location = (): Location => ({
  $typeName: 'lachan.v1.Location',
  url: '',
  serviceName: '',
  contentId: '',
  hostIp: '',
  $unknown: undefined,
});
const item = (): Item => ({
  $typeName: 'lachan.v1.Item',
  contentTypes: none,
  sizeBytes: 0n,
  uploadedAt: undefined,
  uploaderIp: '',
  publiclyAvailable: undefined,
  viewedByProvider: undefined,
  annotations: none,
  fingerprints: none,
  $unknown: undefined,
});
const fingerprint = (): Fingerprint => ({
  $typeName: 'lachan.v1.Fingerprint',
  algorithm: FingerprintAlgorithm.UNSPECIFIED,
  value: '',
  basis: FingerprintBasis.UNSPECIFIED,
  quality: undefined,
  $unknown: undefined,
});
const severity = (): SeverityAssessment => ({
  $typeName: 'lachan.v1.SeverityAssessment',
  axis: SeverityAxis.UNSPECIFIED,
  grade: '',
  assessedBy: Assessor.UNSPECIFIED,
  $unknown: undefined,
});
const decision = (): Decision => ({
  $typeName: 'lachan.v1.Decision',
  visibility: none,
  account: DecisionAccount.UNSPECIFIED,
  monetary: DecisionMonetary.UNSPECIFIED,
  provision: DecisionProvision.UNSPECIFIED,
  ground: DecisionGround.UNSPECIFIED,
  legalReference: '',
  $unknown: undefined,
});
const subject = (): Subject => ({
  $typeName: 'lachan.v1.Subject',
  role: SubjectRole.UNSPECIFIED,
  account: '',
  ageBand: AgeBand.AGE_BAND_UNSPECIFIED,
  $unknown: undefined,
});
const bundle = (): Bundle => ({
  $typeName: 'lachan.v1.Bundle',
  id: '',
  reason: '',
  incidentCount: 0,
  $unknown: undefined,
});
const externalRef = (): ExternalRef => ({
  $typeName: 'lachan.v1.ExternalRef',
  system: ExternalSystem.UNSPECIFIED,
  id: '',
  $unknown: undefined,
});

export const BLANK_MESSAGES = {
  'lachan.v1.Report': report,
  'google.protobuf.Timestamp': timestamp,
  'lachan.v1.EventTime': eventTime,
  'lachan.v1.Period': period,
  'lachan.v1.Location': location,
  'lachan.v1.Item': item,
  'lachan.v1.Fingerprint': fingerprint,
  'lachan.v1.SeverityAssessment': severity,
  'lachan.v1.Decision': decision,
  'lachan.v1.Subject': subject,
  'lachan.v1.Bundle': bundle,
  'lachan.v1.ExternalRef': externalRef,
} as const;
