import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOf, Place, recordOf, textOf, type Row } from '../support/lachan-process.js';

const FILE = fileURLToPath(new URL('../fixtures/dsa-sor/sor-2024-03-14-sample.csv', import.meta.url));

type Statement = Readonly<Record<string, string>>;
const statements: Statement[] = parse(readFileSync(FILE, 'utf8'), { columns: true });
const distinct = [...new Map(statements.map((row) => [row['uuid'] ?? '', row])).values()];

/** Protection of minors by its keyword; every other category is no matter of child protection. */
const CATEGORY_BY_KEYWORD: Readonly<Record<string, string>> = {
  KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL: 'CSAM',
  KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE: 'CSAM_SYNTHETIC',
  KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS: 'GROOMING',
  KEYWORD_UNSAFE_CHALLENGES: 'UNSAFE_CHALLENGE',
  KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS: 'AGE_INAPPROPRIATE',
};
const DECISIONS: Readonly<Record<string, string>> = {
  DECISION_VISIBILITY_CONTENT_REMOVED: 'REMOVED',
  DECISION_VISIBILITY_CONTENT_DISABLED: 'DISABLED',
  DECISION_VISIBILITY_CONTENT_DEMOTED: 'DEMOTED',
  DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED: 'AGE_RESTRICTED',
  DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED: 'INTERACTION_RESTRICTED',
  DECISION_VISIBILITY_CONTENT_LABELLED: 'LABELLED',
  DECISION_VISIBILITY_OTHER: 'OTHER',
  DECISION_GROUND_ILLEGAL_CONTENT: 'ILLEGAL',
  DECISION_GROUND_INCOMPATIBLE_CONTENT: 'INCOMPATIBLE_WITH_TERMS',
  DECISION_ACCOUNT_SUSPENDED: 'SUSPENDED',
  DECISION_ACCOUNT_TERMINATED: 'TERMINATED',
  AUTOMATED_DECISION_FULLY: 'FULLY',
  AUTOMATED_DECISION_PARTIALLY: 'PARTIALLY',
  AUTOMATED_DECISION_NOT_AUTOMATED: 'NOT',
};

/** The row of the landing table that a statement has to become, by the rules of the domain. */
function expectedRow(row: Statement): Row {
  const minors = row['category'] === 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS';
  return {
    report_id: row['uuid'],
    category: (minors ? CATEGORY_BY_KEYWORD[row['category_specification'] ?? ''] : undefined) ?? 'OTHER',
    service_name: row['platform_name'],
    location_service_names: [row['platform_name']],
    content_language: (row['content_language'] ?? '').toLowerCase(),
    source: 'OWN_INITIATIVE',
    detection_method: 'OTHER',
    automated_detection: row['automated_detection'] === 'Yes' ? 'YES' : 'NO',
    automated_decision: DECISIONS[row['automated_decision'] ?? ''],
    content_created: `${row['content_date'] ?? ''}.000`,
    content_created_precision: 'DAY',
    detected: `${row['application_date'] ?? ''}.000`,
    detected_precision: 'DAY',
    decided: `${row['application_date'] ?? ''}.000`,
    decided_precision: 'DAY',
    reported: `${row['created_at'] ?? ''}.000`,
    reported_precision: 'SECOND',
  };
}

const byId = (a: Row, b: Row): number => (textOf(a['report_id']) < textOf(b['report_id']) ? -1 : 1);

describe('the 40 real statements of the DSA transparency database', () => {
  let place: Place;
  let sent: Row;
  let counts: Row;
  let outcomes: readonly Row[];
  let plain: readonly Row[];
  let rows: readonly Row[];
  const unsealed = new Map<string, Row>();

  beforeAll(async () => {
    place = await Place.make();
    const serving = await place.start();
    const token = await place.provider('Lachan Demo DSA');
    sent = recordOf(await place.json('submit', '--json', '--token', token, '--format', 'dsa-csv', FILE));
    counts = recordOf(await place.json('query', 'counts', '--format', 'json'));
    await serving.process.stop();
    [outcomes = [], plain = [], rows = []] = await place.select(
      'SELECT outcome, count() AS n, uniqExact(report_id) AS ids FROM records GROUP BY outcome ORDER BY outcome',
      `SELECT report_id, category, service_name, location_service_names, content_language, source,
         detection_method, automated_detection, automated_decision,
         toString(content_created_at) AS content_created, content_created_precision,
         toString(detected_at) AS detected, detected_precision, toString(decided_at) AS decided,
         decided_precision, toString(reported_at) AS reported, reported_precision
       FROM records WHERE outcome = 'REPORT'`,
      `SELECT report_id, category, service_name, annotations, details, toString(authority_report_id) AS id
       FROM records WHERE outcome = 'REPORT'`,
    );
    const ids = rows.map((row) => textOf(row['id']));
    const opened = await place.run('unseal', ...ids, '--private-key', place.privateKey);
    expect(opened).toMatchObject({ code: 0 });
    for (const line of opened.stdout.trimEnd().split('\n')) {
      const { authority_report_id, fields } = recordOf(JSON.parse(line));
      unsealed.set(textOf(authority_report_id), recordOf(fields));
    }
  });

  afterAll(() => place.remove());

  it('are all accepted, and the columns that the published dumps do not have are counted', () => {
    expect(sent).toMatchObject({ read: 40, accepted: 40, rejected: 0, unsent: 0, rejections: [] });
    expect(sent['unknown_columns']).toEqual({ territorial_scope_count: 40, source_file: 40 });
  });

  it('are 39 reports and one duplicate: the first row stands twice in the file', () => {
    expect(statements).toHaveLength(40);
    expect(counts).toEqual({
      environment: 'PRODUCTION',
      log_records: 40,
      reports: 39,
      duplicates: 1,
      conflicts: 0,
      dead_letters: 0,
    });
    expect(outcomes).toEqual([
      { outcome: 'DUPLICATE', n: '1', ids: '1' },
      { outcome: 'REPORT', n: '39', ids: '39' },
    ]);
  });

  it('become the rows that the rules of the domain demand, each time with its precision', () => {
    expect(plain.toSorted(byId)).toEqual(distinct.map(expectedRow).toSorted(byId));
  });

  it('hold one statement of child sexual abuse material; the others are no matter of child protection', () => {
    const named = rows.filter((row) => row['category'] !== 'OTHER');
    expect(named.map(({ category, service_name }) => ({ category, service_name }))).toEqual([
      { category: 'CSAM', service_name: 'Snapchat' },
    ]);
  });

  it('carry their own category and keyword as annotations', () => {
    const annotations = new Map(rows.map((row) => [row['report_id'], listOf(row['annotations'])]));
    for (const row of distinct) {
      const own = [row['category'], row['category_specification']].filter((value) => value !== '');
      expect(annotations.get(row['uuid'])).toEqual(
        expect.arrayContaining(own.map((value) => `x-dsa:${value ?? ''}`)),
      );
    }
  });

  it('keep the decision field by field', () => {
    const decisions = new Map(
      rows.map((row) => [row['report_id'], recordOf(JSON.parse(textOf(row['details'])))['decision']]),
    );
    for (const row of distinct) {
      const account = DECISIONS[row['decision_account'] ?? ''];
      const visibility = DECISIONS[row['decision_visibility'] ?? ''];
      expect(decisions.get(row['uuid'])).toEqual({
        ...(visibility === undefined ? {} : { visibility: [visibility] }),
        ...(account === undefined ? {} : { account }),
        ground: DECISIONS[row['decision_ground'] ?? ''],
      });
    }
  });

  it('open, with the private key, to the content ids as they stand in the file, digit by digit', () => {
    const opened = rows.map((row) => [row['report_id'], unsealed.get(textOf(row['id']))]);
    expect(Object.fromEntries(opened)).toEqual(
      Object.fromEntries(
        distinct.map((row) => [row['uuid'], { 'locations[0].content_id': row['platform_uid'] }]),
      ),
    );
    const ids = [...unsealed.values()].map((fields) => fields['locations[0].content_id']);
    // Beyond 2^53, and with a leading zero.
    expect(ids).toContain('7305252740648421576');
    expect(ids).toContain('08012346902');
  });
});
