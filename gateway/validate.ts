// Whether a report keeps the rules of the contract: those that stand beside each field in report.proto.
import { isFieldSet } from '@bufbuild/protobuf';
import {
  Category,
  DetectionMethod,
  ReportKind,
  ReportKindSchema,
  ReportSchema,
  Urgency,
  type Report,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkContent } from './check-content.js';
import { checkPeriod } from './check-details.js';
import type { UrlVerdict } from './check-location.js';
import { checkText, prose, token } from './check-text.js';
import { checkTime, MAX_AHEAD_MS } from './check-time.js';
import { checkCount, checkEnum, enumRule } from './check-value.js';
import { fault, Findings, type Violation } from './violation.js';

const reportId = token([1, 500], 'A-Za-z0-9_-');
const correlationId = token([0, 128], 'A-Za-z0-9_.:-');
const retractionReason = prose([1, 1000]);
const kind = enumRule(ReportKindSchema);

const required = fault(Rule.REQUIRED, 'Must be given.');
const noPlace = fault(Rule.REQUIRED, 'At least one location, or one fingerprint of an item, must be given.');
const noUrgencyReason = fault(Rule.REQUIRED, 'Must be given with IMMINENT_RISK: 1 to 1000 characters.');
const notFirst = fault(Rule.INCONSISTENT, 'Must be 0 in an INITIAL report: a correction is an AMENDMENT.');
const notLater = fault(Rule.INCONSISTENT, 'Must be 1 or higher in an AMENDMENT and in a RETRACTION.');
const onlyRetraction = fault(Rule.FORBIDDEN, 'Only in a RETRACTION.');
const onlyAttestation = fault(Rule.FORBIDDEN, 'Only in a ZERO_ATTESTATION.');
const noContent = fault(
  Rule.FORBIDDEN,
  'Not in a RETRACTION nor in a ZERO_ATTESTATION: they have no content.',
);

/**
 * Every violation of `report`; none for a good one. After 100, one more says that the rest is left out.
 * Neither lists nor texts are read beyond their limits. Pure.
 *
 * `canonicalUrls` stands beside `report.locations`: the verdict on each URL, undefined where there is none.
 * Verdicts beyond the limit of locations are never read, nor is that of a URL that is too long.
 */
export function validate(
  report: Report,
  receivedAtMs: number,
  canonicalUrls: readonly (UrlVerdict | undefined)[],
): readonly Violation[] {
  const found = new Findings();
  const latestMs = receivedAtMs + MAX_AHEAD_MS;
  checkIdentity(found, report);
  checkTime(found, '', 'decided_at', report.decidedAt, latestMs);
  checkTime(found, '', 'reported_at', report.reportedAt, latestMs);
  if (report.kind === ReportKind.RETRACTION || report.kind === ReportKind.ZERO_ATTESTATION) {
    checkContentless(found, report, latestMs);
  } else {
    if (kind.known[report.kind] === 1) checkComplete(found, report);
    checkContent(found, report, latestMs, canonicalUrls);
  }
  if (report.$unknown !== undefined) found.addUnknown('', report.$unknown);
  return found.result();
}

function checkIdentity(found: Findings, report: Report): void {
  checkText(found, '', 'report_id', reportId, report.reportId);
  checkEnum(found, '', 'kind', kind, report.kind);
  checkCount(found, '', 'stream_sequence', report.streamSequence);
  checkText(found, '', 'correlation_id', correlationId, report.correlationId);
  if (report.kind === ReportKind.UNSPECIFIED || report.kind === ReportKind.INITIAL) {
    if (report.revision !== 0) found.add('', 'revision', notFirst);
  } else if (report.kind === ReportKind.AMENDMENT || report.kind === ReportKind.RETRACTION) {
    if (report.revision === 0) found.add('', 'revision', notLater);
  }
}

/** What makes a report useful, and what belongs to the other kinds. */
function checkComplete(found: Findings, report: Report): void {
  if (report.category === Category.UNSPECIFIED) found.add('', 'category', required);
  if (report.detectedAt === undefined) found.add('', 'detected_at', required);
  if (report.detectionMethod === DetectionMethod.UNSPECIFIED) found.add('', 'detection_method', required);
  if (report.locations.length === 0 && !hasFingerprint(report)) found.add('', 'locations', noPlace);
  if (report.urgency === Urgency.IMMINENT_RISK && report.urgencyReason === '') {
    found.add('', 'urgency_reason', noUrgencyReason);
  }
  if (report.retractionReason !== '') found.add('', 'retraction_reason', onlyRetraction);
  if (report.attestedPeriod !== undefined) found.add('', 'attested_period', onlyAttestation);
}

function hasFingerprint(report: Report): boolean {
  for (const item of report.items) if (item.fingerprints.length > 0) return true;
  return false;
}

/** The fields that every kind may have. */
const shared = [
  'report_id',
  'revision',
  'kind',
  'stream_sequence',
  'correlation_id',
  'decided_at',
  'reported_at',
];
const notInRetraction = ReportSchema.fields.filter(
  ({ name }) => ![...shared, 'retraction_reason'].includes(name),
);
const notInAttestation = ReportSchema.fields.filter(
  ({ name }) => ![...shared, 'attested_period'].includes(name),
);

/** A retraction has a reason and an attestation a period; neither has anything else. */
function checkContentless(found: Findings, report: Report, latestMs: number): void {
  if (report.kind === ReportKind.RETRACTION) {
    checkText(found, '', 'retraction_reason', retractionReason, report.retractionReason);
  } else if (report.attestedPeriod === undefined) {
    found.add('', 'attested_period', required);
  } else {
    checkPeriod(found, 'attested_period', report.attestedPeriod, latestMs);
  }
  const forbidden = report.kind === ReportKind.RETRACTION ? notInRetraction : notInAttestation;
  for (const field of forbidden) if (isFieldSet(report, field)) found.add('', field.name, noContent);
}
