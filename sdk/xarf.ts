// Reads XARF v4 (eXtended Abuse Reporting Format): documents of content/csam and content/csem. Knows no network.
import {
  Assessor,
  Category,
  Channel,
  DecisionAccount,
  DecisionVisibility,
  DetectionMethod,
  ExternalSystem,
  SeverityAxis,
  SubjectRole,
} from '@lachan/proto/report';
import type { ReportInit } from './encode-report.js';
import { Members } from './read-members.js';
import type { Violation } from './receipt.js';
import { fingerprintsOf, instantOf, matchOf, sourceOf, tagsOf } from './xarf-parts.js';
import * as values from './xarf-values.js';

/** `passedOver`: members by path, and members whose value this version does not know; at most 100. */
export type ReportFromXarf =
  | { readonly ok: true; readonly report: ReportInit; readonly passedOver: readonly string[] }
  | { readonly ok: false; readonly violations: readonly Violation[] };

const VERSION = /^4\.\d{1,9}\.\d{1,9}$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const MAX_PASSED_OVER = 100;

/**
 * One XARF v4 document, as parsed JSON, as a report or as the reasons why it is none; each names a member of the
 * document and never what it holds. Only content/csam and content/csem are read. Never throws. What members hold,
 * beyond types and the values that the schemas list, is for the gateway to judge.
 *
 * `timestamp` (the format asks for the first detection where an incident goes on) is when it happened and when it was
 * detected. The category comes from the tag `x-vn:<NAME>` where there is one, else from `exploitation_type`, else from
 * `type`. Values without a field of ours become annotations `x-xarf:<member>/<value>`. Free text, tags and whoever
 * acted go to sealed fields only; `evidence` is never read.
 */
export function reportFromXarf(document: unknown): ReportFromXarf {
  const faults: Violation[] = [];
  const xarf = Members.of(document, faults);
  const type = xarf && classOf(xarf, faults);
  if (xarf === undefined || type === undefined) return { ok: false, violations: faults };

  const marks = [`x-xarf:type/${type}`];
  const passedOver: string[] = [];
  const pass = (name: string, inside = ''): void => {
    const path = inside + (PLAIN_NAME.test(name) ? name : '(unprintable)');
    if (passedOver.length < MAX_PASSED_OVER && !passedOver.includes(path)) passedOver.push(path);
  };
  /** A value of a published list: what it means here, or a mark where it means nothing of ours. */
  const meaning = <T>(name: string, meanings: values.Meanings<T>, value = xarf.text(name)): T | undefined => {
    if (value === undefined) return undefined;
    if (!meanings.has(value)) pass(name);
    else if (meanings.get(value) === undefined) marks.push(`x-xarf:${name}/${value}`);
    return meanings.get(value);
  };
  /** The same, where the report cannot be read without it. */
  const needed = <T>(name: string, meanings: values.Meanings<T>): T | undefined => {
    const value = xarf.required(name);
    if (value !== '' && !meanings.has(value)) xarf.fault(name, 'UNKNOWN_VALUE', 'is not a value of XARF v4');
    return meanings.has(value) ? meaning(name, meanings, value) : undefined;
  };

  const reportId = xarf.required('report_id');
  if (reportId !== '' && !UUID.test(reportId)) xarf.fault('report_id', 'FORMAT', 'must be a UUID');
  const timestamp = xarf.required('timestamp');
  const happened = instantOf(timestamp);
  if (timestamp !== '' && happened === undefined)
    xarf.fault('timestamp', 'FORMAT', 'must be an instant such as "2026-01-31T08:00:00Z"');

  const exploitation = type === 'csem' ? needed('exploitation_type', values.EXPLOITATION) : undefined;
  const grade =
    type === 'csam'
      ? needed('classification', values.CLASSIFICATION)
      : meaning('classification', values.CLASSIFICATION);
  const { own, keywords } = tagsOf(xarf);
  const [
    category = exploitation ?? values.CATEGORY_BY_TYPE.get(type) ?? Category.UNSPECIFIED,
    ...additionalCategories
  ] = own;

  const fingerprints = fingerprintsOf(xarf, pass);
  const detection = needed('detection_method', values.DETECTION) ?? DetectionMethod.OTHER;
  const media = meaning('media_type', values.MEDIA);
  const platform = xarf.text('platform');
  const channel = meaning('platform', values.PLATFORM, platform);
  meaning('victim_age_range', values.AGE_RANGES);
  for (const value of new Set(xarf.texts('evidence_type')))
    meaning('evidence_type', values.EVIDENCE_TYPES, value);
  for (const value of new Set(xarf.texts('reporting_obligations')))
    meaning('reporting_obligations', values.OBLIGATIONS, value);

  const { hostIp, account, additionalInfo } = sourceOf(xarf, type);
  const ncmec = xarf.text('ncmec_report_id') ?? '';
  const removed = xarf.truth('content_removed') === true;
  const suspended = xarf.truth('account_suspended') === true;
  const confidence = xarf.number('confidence');
  const report: ReportInit = {
    reportId,
    category,
    additionalCategories,
    keywords,
    annotations: marks,
    severities:
      grade === undefined ? [] : [{ axis: SeverityAxis.INDUSTRY, grade, assessedBy: Assessor.PROVIDER }],
    incidentAt: happened,
    detectedAt: happened,
    channel: channel ?? (platform === undefined ? Channel.UNSPECIFIED : Channel.OTHER),
    locations: [{ url: xarf.required('url'), hostIp }],
    items:
      media === undefined && fingerprints.length === 0
        ? []
        : [{ contentTypes: media === undefined ? [] : [media], fingerprints }],
    detectionMethod: detection === DetectionMethod.HASH_EXACT ? matchOf(fingerprints) : detection,
    confidence,
    decision:
      removed || suspended
        ? {
            visibility: removed ? [DecisionVisibility.REMOVED] : [],
            account: suspended ? DecisionAccount.SUSPENDED : DecisionAccount.UNSPECIFIED,
          }
        : undefined,
    subjects: account === '' ? [] : [{ role: SubjectRole.REPORTED, account }],
    externalRefs: ncmec === '' ? [] : [{ system: ExternalSystem.NCMEC, id: ncmec }],
    additionalInfo,
  };
  if (faults.length > 0) return { ok: false, violations: faults };
  for (const name of xarf.names()) if (!values.XARF_MEMBERS.has(name)) pass(name);
  return { ok: true, report, passedOver };
}

/** The type of a class that is read here; otherwise the only fault that matters is noted. */
function classOf(xarf: Members, faults: Violation[]): string | undefined {
  const version = xarf.required('xarf_version');
  const category = xarf.required('category');
  const type = xarf.required('type');
  if (faults.length > 0) return undefined;
  if (!VERSION.test(version))
    xarf.fault('xarf_version', 'UNKNOWN_VALUE', 'must be a version 4, as in "4.2.0"');
  else if (category !== 'content' || !values.CATEGORY_BY_TYPE.has(type)) {
    const name = category === 'content' ? 'type' : 'category';
    xarf.fault(
      name,
      'UNKNOWN_VALUE',
      'not about harm to a child: only content/csam and content/csem are taken',
    );
  } else return type;
  return undefined;
}
