// Reads rows of the EU's DSA transparency database (statements of reasons, daily CSV dumps). Knows no network.
import {
  AutomatedDecision,
  Category,
  DecisionAccount,
  DecisionGround,
  DecisionMonetary,
  DecisionProvision,
  DetectionMethod,
  Precision,
  Source,
} from '@lachan/proto/report';
import * as values from './dsa-values.js';
import type { ReportInit } from './encode-report.js';
import { at } from './event-time.js';

/** Every column of the published dumps: whoever reads a file counts the columns that are not among them. */
export const DSA_COLUMNS: readonly string[] = [
  // Read, by name.
  'uuid',
  'decision_visibility',
  'decision_monetary',
  'decision_provision',
  'decision_account',
  'decision_ground',
  'incompatible_content_illegal',
  'category',
  'category_addition',
  'category_specification',
  'content_type',
  'content_language',
  'content_date',
  'territorial_scope',
  'application_date',
  'source_type',
  'automated_detection',
  'automated_decision',
  'platform_name',
  'platform_uid',
  'created_at',
  // Passed over: free text, which could hold anything, and what has no field of ours.
  'decision_visibility_other',
  'end_date_visibility_restriction',
  'decision_monetary_other',
  'end_date_monetary_restriction',
  'end_date_service_restriction',
  'end_date_account_restriction',
  'account_type',
  'decision_ground_reference_url',
  'illegal_content_legal_ground',
  'illegal_content_explanation',
  'incompatible_content_ground',
  'incompatible_content_explanation',
  'category_specification_other',
  'content_type_other',
  'content_id_ean',
  'decision_facts',
  'source_identity',
];

type Row = Readonly<Record<string, string | undefined>>;

const MINORS = 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS';
const CONSTANT = /^[A-Z][A-Z0-9_]{0,121}$/;
const COUNTRY = /^[A-Z]{2}$/;
const LANGUAGE = /^[A-Za-z]{2,3}$/;
const INSTANT = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d))?$/;
const MAX_ANNOTATIONS = 32;

/**
 * One statement of reasons as a report. `row` holds the fields of one CSV line by column name;
 * absent columns count as empty. Dates are UTC; only the day is known of all but `created_at`.
 * A value that the database's own lists do not (yet) have is left unspecified and kept as an
 * annotation `x-dsa:<VALUE>`, as the category and its keywords always are. Never throws: what is
 * missing is for the gateway to refuse by name.
 */
export function reportFromDsaRow(row: Row): ReportInit {
  const marks = new Set<string>();
  const keep = (value: string): void => {
    if (CONSTANT.test(value) && marks.size < MAX_ANNOTATIONS) marks.add(`x-dsa:${value}`);
  };
  const one = <T>(column: string, names: values.Names<T>): T | undefined => many(column, names)[0];
  const many = <T>(column: string, names: values.Names<T>): T[] => {
    const found: T[] = [];
    for (const value of listOf(row[column])) {
      const known = named(names, value);
      if (known === undefined) keep(value);
      else if (!found.includes(known)) found.push(known);
    }
    return found;
  };

  const keywords = listOf(row['category_specification']);
  for (const value of [...listOf(row['category']), ...listOf(row['category_addition']), ...keywords])
    keep(value);
  const [category, ...additionalCategories] = categoriesOf(row['category'], keywords);
  const serviceName = row['platform_name'] ?? '';
  const contentId = row['platform_uid'] ?? '';
  const contentTypes = many('content_type', values.CONTENT);
  const decided = dayOf(row['application_date']);
  if (row['incompatible_content_illegal'] === 'Yes') keep('INCOMPATIBLE_CONTENT_ILLEGAL');

  const report: ReportInit = {
    reportId: row['uuid'] ?? '',
    category,
    additionalCategories,
    serviceName,
    locations: contentId === '' ? [] : [{ serviceName, contentId }],
    territorialScope: countriesOf(row['territorial_scope']),
    contentLanguage: languageOf(row['content_language']),
    items: contentTypes.length === 0 ? [] : [{ contentTypes }],
    source: sourceOf(row['source_type'], keep),
    detectionMethod: DetectionMethod.OTHER,
    automatedDecision: one('automated_decision', values.DECIDED_BY) ?? AutomatedDecision.UNSPECIFIED,
    automatedDetection: one('automated_detection', values.YES_NO),
    contentCreatedAt: dayOf(row['content_date']),
    detectedAt: decided,
    decidedAt: decided,
    reportedAt: instantOf(row['created_at'], Precision.SECOND),
    decision: {
      visibility: many('decision_visibility', values.VISIBILITY),
      account: one('decision_account', values.ACCOUNT) ?? DecisionAccount.UNSPECIFIED,
      monetary: one('decision_monetary', values.MONETARY) ?? DecisionMonetary.UNSPECIFIED,
      provision: one('decision_provision', values.PROVISION) ?? DecisionProvision.UNSPECIFIED,
      ground: one('decision_ground', values.GROUND) ?? DecisionGround.UNSPECIFIED,
    },
  };
  return { ...report, annotations: [...marks] };
}

/** A keyword says what endangered minors; any other category is no matter of child protection. */
function categoriesOf(category: string | undefined, keywords: readonly string[]): [Category, ...Category[]] {
  if (category !== MINORS) return [Category.OTHER];
  const known = Object.keys(values.CATEGORY_BY_KEYWORD).filter((keyword) => keywords.includes(keyword));
  const [first = Category.OTHER, ...others] = known.flatMap(
    (keyword) => values.CATEGORY_BY_KEYWORD[keyword] ?? [],
  );
  return [first, ...others];
}

function sourceOf(value: string | undefined, keep: (value: string) => void): Source {
  if (value === undefined || value === '') return Source.UNSPECIFIED;
  const known = named(values.SOURCE, value);
  if (known === undefined) keep(value);
  return known ?? Source.OTHER;
}

/** A column of several values is a JSON list of strings; older dumps write a single value plainly. */
function listOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  if (!text.startsWith('[')) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter((value) => typeof value === 'string') : [];
  } catch {
    return [];
  }
}

function countriesOf(text: string | undefined): string[] {
  const codes = listOf(text).filter((code) => COUNTRY.test(code));
  return [...new Set(codes.map((code) => named(values.ISO_COUNTRY, code) ?? code))];
}

function languageOf(text = ''): string {
  return LANGUAGE.test(text) ? text.toLowerCase() : '';
}

function dayOf(text: string | undefined) {
  return instantOf(text, Precision.DAY);
}

function instantOf(text: string | undefined, precision: Precision) {
  const [, day, time = '00:00:00'] = INSTANT.exec(text ?? '') ?? [];
  const ms = day === undefined ? NaN : Date.parse(`${day}T${time}Z`);
  // Date.parse lets 30 February pass as 1 March.
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(String(day));
  return isReal ? at(ms, precision) : undefined;
}

function named<T>(names: values.Names<T>, value: string): T | undefined {
  return Object.hasOwn(names, value) ? names[value] : undefined;
}
