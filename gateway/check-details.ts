// The rules of what surrounds a report: decision, subjects, bundle, references, and the period of an attestation.
import {
  AgeBandSchema,
  DecisionAccountSchema,
  DecisionGroundSchema,
  DecisionMonetarySchema,
  DecisionProvisionSchema,
  DecisionVisibilitySchema,
  ExternalSystemSchema,
  SubjectRoleSchema,
  type Bundle,
  type Decision,
  type ExternalRef,
  type Period,
  type Subject,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkText, line, prose, token } from './check-text.js';
import { checkInstant, instantMs } from './check-time.js';
import { checkEnum, checkEnums, checkRequiredEnum, enumRule } from './check-value.js';
import { fault, type Findings } from './violation.js';

const visibility = enumRule(DecisionVisibilitySchema);
const decisionAccount = enumRule(DecisionAccountSchema);
const monetary = enumRule(DecisionMonetarySchema);
const provision = enumRule(DecisionProvisionSchema);
const ground = enumRule(DecisionGroundSchema);
const legalReference = prose([0, 500]);

export function checkDecision(found: Findings, decision: Decision): void {
  const at = 'decision';
  checkEnums(found, at, 'visibility', visibility, decision.visibility, 8, true);
  checkEnum(found, at, 'account', decisionAccount, decision.account);
  checkEnum(found, at, 'monetary', monetary, decision.monetary);
  checkEnum(found, at, 'provision', provision, decision.provision);
  checkEnum(found, at, 'ground', ground, decision.ground);
  checkText(found, at, 'legal_reference', legalReference, decision.legalReference);
  if (decision.$unknown !== undefined) found.addUnknown(at, decision.$unknown);
}

const role = enumRule(SubjectRoleSchema);
const ageBand = enumRule(AgeBandSchema);
const subjectAccount = line([1, 1000]);

export function checkSubject(found: Findings, at: string, subject: Subject): void {
  checkRequiredEnum(found, at, 'role', role, subject.role);
  checkText(found, at, 'account', subjectAccount, subject.account);
  checkEnum(found, at, 'age_band', ageBand, subject.ageBand);
  if (subject.$unknown !== undefined) found.addUnknown(at, subject.$unknown);
}

const bundleId = token([1, 128], 'A-Za-z0-9_.:-');
const bundleReason = prose([0, 1000]);
const noIncident = fault(Rule.RANGE, 'At least 1.');

export function checkBundle(found: Findings, bundle: Bundle): void {
  const at = 'bundle';
  checkText(found, at, 'id', bundleId, bundle.id);
  checkText(found, at, 'reason', bundleReason, bundle.reason);
  if (bundle.incidentCount < 1) found.add(at, 'incident_count', noIncident);
  if (bundle.$unknown !== undefined) found.addUnknown(at, bundle.$unknown);
}

const system = enumRule(ExternalSystemSchema);
const externalId = token([1, 200], 'A-Za-z0-9_.:/-');

export function checkExternalRef(found: Findings, at: string, ref: ExternalRef): void {
  checkRequiredEnum(found, at, 'system', system, ref.system);
  checkText(found, at, 'id', externalId, ref.id);
  if (ref.$unknown !== undefined) found.addUnknown(at, ref.$unknown);
}

const endsTooEarly = fault(Rule.INCONSISTENT, 'After start, by a millisecond or more.');

export function checkPeriod(
  found: Findings,
  at: string,
  { start, end, $unknown }: Period,
  latestMs: number,
): void {
  const goodStart = checkInstant(found, at, 'start', start, latestMs);
  const goodEnd = checkInstant(found, at, 'end', end, latestMs);
  if (
    goodStart &&
    goodEnd &&
    start !== undefined &&
    end !== undefined &&
    instantMs(start) >= instantMs(end)
  ) {
    found.add(at, 'end', endsTooEarly);
  }
  if ($unknown !== undefined) found.addUnknown(at, $unknown);
}
