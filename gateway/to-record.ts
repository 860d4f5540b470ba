// From a checked wire message to the record of the log: identified, sealed, and in our own words.
import type { Buffer } from 'node:buffer';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type {
  Decision as WireDecision,
  EventTime as WireEventTime,
  Item as WireItem,
  Location as WireLocation,
  Report,
} from '@lachan/proto/report';
import type { Decision, EventTime, Item, Location, ReportRecord, Sealed } from '../schemas/report-record.js';
import {
  AGE_BANDS,
  ASSESSORS,
  AUTOMATED_DECISIONS,
  CATEGORIES,
  CHANNELS,
  CONTENT_TYPES,
  DECISION_ACCOUNTS,
  DECISION_GROUNDS,
  DECISION_MONETARIES,
  DECISION_PROVISIONS,
  DECISION_VISIBILITIES,
  DETECTION_METHODS,
  EXTERNAL_SYSTEMS,
  FINGERPRINT_ALGORITHMS,
  FINGERPRINT_BASES,
  ITEM_ANNOTATIONS,
  PRECISIONS,
  REPORT_KINDS,
  SEVERITY_AXES,
  SOURCES,
  SUBJECT_ROLES,
  URGENCIES,
  type Environment,
} from '../schemas/vocabulary.js';
import { PUBLIC_SUFFIX_VERSION, type CanonicalUrl } from './canonicalise.js';
import type { Digests, ReportIdentity } from './identify.js';
import { HASH_DOMAINS, type KeyedHash } from './keyed-hash.js';
import type { Sealer } from './seal.js';

/** Who sends, and with which keys it is sealed. */
export interface RecordContext {
  readonly environment: Environment;
  readonly providerId: string;
  readonly receivedAtMs: number;
  readonly keyed: KeyedHash;
  readonly sealer: Sealer;
}

/** `canonicalUrls` stands beside `report.locations`. `report` has passed validation; nothing else may be given here. */
export function toRecord(
  report: Report,
  identity: ReportIdentity,
  digests: Digests,
  canonicalUrls: readonly (CanonicalUrl | undefined)[],
  context: RecordContext,
): ReportRecord {
  const sealed: Sealed[] = [];
  const seal = (field: string, value: string, token?: Uint8Array): void => {
    if (value === '') return;
    sealed.push({
      field,
      token: token ?? context.keyed.of(HASH_DOMAINS.sealedToken, context.environment, kindOf(field), value),
      box: context.sealer.seal(identity.authorityReportId, report.revision, field, value),
    });
  };

  const locations = report.locations.map((location, i) => {
    const url = canonicalUrls[i];
    const place = toLocation(location, url, report.serviceName, context);
    // As reported, not as canonicalised: the authority has to see what the provider saw.
    if (url === undefined) seal(`locations[${i}].content_id`, location.contentId, place.key);
    else seal(`locations[${i}].url`, location.url, place.key);
    return place;
  });
  const items = report.items.map((item, i) => {
    seal(`items[${i}].uploader_ip`, item.uploaderIp);
    return toItem(item);
  });
  const subjects = report.subjects.map((subject, i) => {
    // An account is the same person in every report of this provider, and nobody in another's.
    const token = context.keyed.of(
      HASH_DOMAINS.sealedToken,
      context.environment,
      'account',
      context.providerId,
      subject.account,
    );
    seal(`subjects[${i}].account`, subject.account, token);
    return { role: nameOf(SUBJECT_ROLES, subject.role), ageBand: nameOf(AGE_BANDS, subject.ageBand) };
  });
  report.keywords.forEach((keyword, i) => seal(`keywords[${i}]`, keyword.normalize('NFC')));
  seal('urgency_reason', report.urgencyReason.normalize('NFC'));
  seal('additional_info', report.additionalInfo.normalize('NFC'));
  seal('retraction_reason', report.retractionReason.normalize('NFC'));
  if (report.decision !== undefined) {
    seal('decision.legal_reference', report.decision.legalReference.normalize('NFC'));
  }
  if (report.bundle !== undefined) seal('bundle.reason', report.bundle.reason.normalize('NFC'));

  return {
    environment: context.environment,
    providerId: context.providerId,
    reportId: report.reportId,
    revision: report.revision,
    kind: nameOf(REPORT_KINDS, Math.max(report.kind - 1, 0)),
    authorityReportId: identity.authorityReportId,
    recordKey: identity.recordKey,
    payloadDigest: digests.payloadDigest,
    fieldDigests: digests.fieldDigests,
    receivedAtMs: context.receivedAtMs,
    streamSequence: Number(report.streamSequence),
    correlationId: report.correlationId,
    contentCreatedAt: toEventTime(report.contentCreatedAt),
    incidentAt: toEventTime(report.incidentAt),
    detectedAt: toEventTime(report.detectedAt),
    decidedAt: toEventTime(report.decidedAt),
    reportedAt: toEventTime(report.reportedAt),
    category: nameOf(CATEGORIES, report.category),
    additionalCategories: report.additionalCategories.map((category) => nameOf(CATEGORIES, category)),
    annotations: report.annotations,
    severities: report.severities.map((severity) => ({
      axis: nameOf(SEVERITY_AXES, severity.axis),
      grade: severity.grade,
      assessedBy: nameOf(ASSESSORS, severity.assessedBy),
    })),
    urgency: nameOf(URGENCIES, Math.max(report.urgency - 1, 0)),
    channel: nameOf(CHANNELS, report.channel),
    serviceName: report.serviceName.normalize('NFC'),
    locations,
    territorialScope: report.territorialScope,
    contentLanguage: report.contentLanguage,
    items,
    source: nameOf(SOURCES, report.source),
    detectionMethod: nameOf(DETECTION_METHODS, report.detectionMethod),
    confidence: report.confidence ?? null,
    automatedDetection: report.automatedDetection ?? null,
    automatedDecision: nameOf(AUTOMATED_DECISIONS, report.automatedDecision),
    decision: toDecision(report.decision),
    subjects,
    bundle:
      report.bundle === undefined
        ? null
        : { id: report.bundle.id, incidentCount: report.bundle.incidentCount },
    externalRefs: report.externalRefs.map(({ system, id }) => ({
      system: nameOf(EXTERNAL_SYSTEMS, system),
      id,
    })),
    attestedPeriod:
      report.attestedPeriod?.start === undefined || report.attestedPeriod.end === undefined
        ? null
        : {
            startMs: wholeMs(report.attestedPeriod.start),
            endMs: wholeMs(report.attestedPeriod.end),
          },
    sealed,
    canonicalisedWith: PUBLIC_SUFFIX_VERSION,
  };
}

/** 16 bytes under which all reports about one place meet. */
export function locationKeyOfUrl(keyed: KeyedHash, environment: Environment, url: CanonicalUrl): Buffer {
  return keyed.of(HASH_DOMAINS.locationOfUrl, environment, url.url);
}

function toLocation(
  location: WireLocation,
  url: CanonicalUrl | undefined,
  reportServiceName: string,
  { keyed, environment, providerId }: RecordContext,
): Location {
  if (url !== undefined) {
    return {
      key: locationKeyOfUrl(keyed, environment, url),
      host: url.host,
      registrableDomain: url.registrableDomain,
      isVnDomain: url.isVnDomain,
      serviceName: '',
      hostIp: location.hostIp === '' ? url.ip : location.hostIp,
    };
  }
  const serviceName = (location.serviceName === '' ? reportServiceName : location.serviceName).normalize(
    'NFC',
  );
  return {
    key: keyed.of(HASH_DOMAINS.locationOfContentId, environment, providerId, serviceName, location.contentId),
    host: '',
    registrableDomain: '',
    isVnDomain: false,
    serviceName,
    hostIp: location.hostIp,
  };
}

function toItem(item: WireItem): Item {
  return {
    contentTypes: item.contentTypes.map((type) => nameOf(CONTENT_TYPES, type)),
    sizeBytes: Number(item.sizeBytes),
    uploadedAt: toEventTime(item.uploadedAt),
    publiclyAvailable: item.publiclyAvailable ?? null,
    viewedByProvider: item.viewedByProvider ?? null,
    annotations: item.annotations.map((annotation) => nameOf(ITEM_ANNOTATIONS, annotation)),
    fingerprints: item.fingerprints.map(({ algorithm, value, basis, quality }) => {
      const name = nameOf(FINGERPRINT_ALGORITHMS, algorithm);
      return {
        algorithm: name,
        value: HEXADECIMAL.has(name) ? value.toLowerCase() : value,
        basis: nameOf(FINGERPRINT_BASES, basis),
        quality: quality ?? null,
      };
    }),
  };
}

const HEXADECIMAL: ReadonlySet<string> = new Set(['MD5', 'SHA1', 'SHA256', 'SHA512', 'PDQ']);

function toDecision(decision: WireDecision | undefined): Decision | null {
  if (decision === undefined) return null;
  return {
    visibility: decision.visibility.map((visibility) => nameOf(DECISION_VISIBILITIES, visibility)),
    account: nameOf(DECISION_ACCOUNTS, decision.account),
    monetary: nameOf(DECISION_MONETARIES, decision.monetary),
    provision: nameOf(DECISION_PROVISIONS, decision.provision),
    ground: nameOf(DECISION_GROUNDS, decision.ground),
  };
}

function toEventTime(time: WireEventTime | undefined): EventTime | null {
  if (time?.instant === undefined) return null;
  return {
    instantMs: wholeMs(time.instant),
    precision: nameOf(PRECISIONS, Math.max(time.precision - 1, 0)),
  };
}

/** Cut, never rounded: the last nanosecond of a day must not become the next day. */
function wholeMs({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}

/** The word for a number of the contract. Validation has refused every number that has none. */
function nameOf<T extends string>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) throw new RangeError('an unknown enum value has passed validation');
  return name;
}

/** Equal texts share a token where they mean the same: `keywords[3]` and `keywords[0]` are both keywords. */
function kindOf(field: string): string {
  return field.replaceAll(/\[\d+\]/g, '');
}
