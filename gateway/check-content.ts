// The rules of what a report says: what, where, when and how it was found.
import {
  AutomatedDecisionSchema,
  Category,
  CategorySchema,
  ChannelSchema,
  DetectionMethodSchema,
  SourceSchema,
  UrgencySchema,
  type Report,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkBundle, checkDecision, checkExternalRef, checkSubject } from './check-details.js';
import { checkItem, fingerprintLists } from './check-item.js';
import { checkLocation, type UrlVerdict } from './check-location.js';
import { checkSeverities } from './check-severities.js';
import { checkLanguage, checkText, line, prose, token } from './check-text.js';
import { checkTime } from './check-time.js';
import { checkEnum, checkEnums, checkEach, checkLength, enumRule, listRule } from './check-value.js';
import { fault, type Findings } from './violation.js';

const category = enumRule(CategorySchema);
const urgency = enumRule(UrgencySchema);
const channel = enumRule(ChannelSchema);
const source = enumRule(SourceSchema);
const detectionMethod = enumRule(DetectionMethodSchema);
const automatedDecision = enumRule(AutomatedDecisionSchema);

const keyword = prose([0, 100]);
const annotation = token([1, 128], 'A-Za-z0-9_.:/-');
const urgencyReason = prose([0, 1000]);
const serviceName = line([0, 200]);
const country = token([2, 2], 'A-Z');
const additionalInfo = prose([0, 3000]);

const keywords = listRule('keywords', 32);
const annotations = listRule('annotations', 32);
const locations = listRule('locations', 16);
const countries = listRule('territorial_scope', 250);
const items = listRule('items', 64);
const fingerprints = fingerprintLists(items);
const subjects = listRule('subjects', 64);
const externalRefs = listRule('external_refs', 16);

const MAX_MORE_CATEGORIES = 8;
const categoryItself = fault(Rule.REPEATED, 'Must not be category itself.');
const notAShare = fault(Rule.RANGE, '0 to 1.');

/** Everything that is given has to be right; what has to be given depends on the kind and is not asked here. */
export function checkContent(
  found: Findings,
  report: Report,
  latestMs: number,
  canonicalUrls: readonly (UrlVerdict | undefined)[],
): void {
  checkTime(found, '', 'content_created_at', report.contentCreatedAt, latestMs);
  checkTime(found, '', 'incident_at', report.incidentAt, latestMs);
  checkTime(found, '', 'detected_at', report.detectedAt, latestMs);
  checkClassification(found, report);
  checkEnum(found, '', 'channel', channel, report.channel);
  checkText(found, '', 'service_name', serviceName, report.serviceName);
  checkLocations(found, report, canonicalUrls);
  checkEach(found, countries, report.territorialScope, checkCountry);
  checkLanguage(found, 'content_language', report.contentLanguage);
  checkItems(found, report, latestMs);
  checkEnum(found, '', 'source', source, report.source);
  checkEnum(found, '', 'detection_method', detectionMethod, report.detectionMethod);
  checkEnum(found, '', 'automated_decision', automatedDecision, report.automatedDecision);
  // Written so that NaN is refused.
  if (report.confidence !== undefined && !(report.confidence >= 0 && report.confidence <= 1)) {
    found.add('', 'confidence', notAShare);
  }
  if (report.decision !== undefined) checkDecision(found, report.decision);
  checkEach(found, subjects, report.subjects, checkSubject);
  if (report.bundle !== undefined) checkBundle(found, report.bundle);
  checkEach(found, externalRefs, report.externalRefs, checkExternalRef);
  checkText(found, '', 'additional_info', additionalInfo, report.additionalInfo);
}

function checkClassification(found: Findings, report: Report): void {
  checkEnum(found, '', 'category', category, report.category);
  const more = report.additionalCategories;
  checkEnums(found, '', 'additional_categories', category, more, MAX_MORE_CATEGORIES, true);
  const itself = report.category === Category.UNSPECIFIED ? -1 : more.indexOf(report.category);
  if (itself !== -1 && itself < MAX_MORE_CATEGORIES) {
    found.add('', `additional_categories[${itself}]`, categoryItself);
  }
  checkEach(found, keywords, report.keywords, checkKeyword);
  checkEach(found, annotations, report.annotations, checkAnnotation);
  checkSeverities(found, report.severities);
  checkEnum(found, '', 'urgency', urgency, report.urgency);
  checkText(found, '', 'urgency_reason', urgencyReason, report.urgencyReason);
}

function checkKeyword(found: Findings, at: string, text: string): void {
  checkText(found, '', at, keyword, text);
}

function checkAnnotation(found: Findings, at: string, text: string): void {
  checkText(found, '', at, annotation, text);
}

function checkCountry(found: Findings, at: string, text: string): void {
  checkText(found, '', at, country, text);
}

function checkLocations(
  found: Findings,
  report: Report,
  canonicalUrls: readonly (UrlVerdict | undefined)[],
): void {
  checkLength(found, locations, report.locations);
  for (let i = 0; i < report.locations.length; i += 1) {
    const at = locations.paths[i];
    const location = report.locations[i];
    if (at === undefined || location === undefined) return;
    checkLocation(found, at, location, canonicalUrls[i], report.serviceName);
  }
}

function checkItems(found: Findings, report: Report, latestMs: number): void {
  checkLength(found, items, report.items);
  for (let i = 0; i < report.items.length; i += 1) {
    const at = items.paths[i];
    const digests = fingerprints[i];
    const item = report.items[i];
    if (at === undefined || digests === undefined || item === undefined) return;
    checkItem(found, at, item, digests, latestMs);
  }
}
