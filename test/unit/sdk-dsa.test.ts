import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  AutomatedDecision,
  Category,
  ContentType,
  DecisionAccount,
  DecisionGround,
  DecisionMonetary,
  DecisionProvision,
  DecisionVisibility,
  DetectionMethod,
  Precision,
  ReportSchema,
  Source,
  type Report,
} from '@lachan/sdk';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { DSA_COLUMNS, reportFromDsaRow } from '../../sdk/dsa.js';
import * as values from '../../sdk/dsa-values.js';
import published from '../fixtures/dsa-sor/dsa-enums.json' with { type: 'json' };

type Row = Record<string, string>;

const sample = new URL('../fixtures/dsa-sor/sor-2024-03-14-sample.csv', import.meta.url);
const rows: Row[] = parse(readFileSync(sample, 'utf8'), { columns: true });

const read = (row: Row): Report => create(ReportSchema, reportFromDsaRow(row));
const MINORS = { uuid: 'u-1', category: 'STATEMENT_CATEGORY_PROTECTION_OF_MINORS' };

describe('the sample of published statements of reasons', () => {
  it('is read row by row, with identifiers and places as they stand', () => {
    expect(rows).toHaveLength(40);
    for (const row of rows) {
      const report = read(row);
      expect(report.reportId).toBe(row['uuid']);
      expect(report.serviceName).toBe(row['platform_name']);
      expect(report.locations).toHaveLength(1);
      expect(report.locations[0]).toMatchObject({
        serviceName: row['platform_name'],
        contentId: row['platform_uid'],
      });
      expect(report.detectionMethod).toBe(DetectionMethod.OTHER);
      expect(report.source).toBe(Source.OWN_INITIATIVE);
      expect(report.automatedDetection).toBe(row['automated_detection'] === 'Yes');
      expect(report.contentLanguage).toBe(row['content_language']?.toLowerCase());
    }
  });

  it('keeps the day a day and the second a second', () => {
    for (const row of rows) {
      const report = read(row);
      const written = (time: Report['detectedAt']): unknown =>
        time?.instant && timestampDate(time.instant).toISOString().slice(0, 19).replace('T', ' ');
      expect(written(report.contentCreatedAt)).toBe(row['content_date']);
      expect(written(report.detectedAt)).toBe(row['application_date']);
      expect(written(report.decidedAt)).toBe(row['application_date']);
      expect(written(report.reportedAt)).toBe(row['created_at']);
      expect(report.contentCreatedAt?.precision).toBe(Precision.DAY);
      expect(report.detectedAt?.precision).toBe(Precision.DAY);
      expect(report.decidedAt?.precision).toBe(Precision.DAY);
      expect(report.reportedAt?.precision).toBe(Precision.SECOND);
    }
  });

  it('holds identifiers with leading zeros and beyond 2^53, digit by digit', () => {
    const ids = rows.map((row) => read(row).locations[0]?.contentId);
    expect(ids).toContain('08012346902');
    expect(ids).toContain('7305252740648421576');
  });

  it('holds one statement of child sexual abuse material; the others are no matter of child protection', () => {
    const reports = rows.map(read);
    const minors = reports.filter((report) => report.category !== Category.OTHER);
    expect(minors).toHaveLength(1);
    expect(minors[0]).toMatchObject({
      category: Category.CSAM,
      annotations: [
        'x-dsa:STATEMENT_CATEGORY_PROTECTION_OF_MINORS',
        'x-dsa:KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL',
        'x-dsa:INCOMPATIBLE_CONTENT_ILLEGAL',
      ],
      serviceName: 'Snapchat',
      automatedDetection: true,
      automatedDecision: AutomatedDecision.FULLY,
      decision: { visibility: [DecisionVisibility.REMOVED], ground: DecisionGround.INCOMPATIBLE_WITH_TERMS },
    });
    expect(minors[0]?.items[0]?.contentTypes).toEqual([ContentType.IMAGE]);
  });

  it('names the category, and the keyword where there is one, in the annotations of every report', () => {
    for (const row of rows) {
      const { annotations } = read(row);
      const named = [row['category'], row['category_specification']].filter((value) => value !== '');
      expect(annotations).toEqual(expect.arrayContaining(named.map((value) => `x-dsa:${value}`)));
      for (const annotation of annotations) expect(annotation).toMatch(/^[A-Za-z0-9_.:/-]{1,128}$/);
    }
  });

  it('has two columns that the published dumps do not have', () => {
    const unknown = Object.keys(rows[0] ?? {}).filter((column) => !DSA_COLUMNS.includes(column));
    expect(unknown).toEqual(['territorial_scope_count', 'source_file']);
  });
});

describe('the category of a statement about minors', () => {
  it.each([
    ['KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL', Category.CSAM],
    ['KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE', Category.CSAM_SYNTHETIC],
    ['KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS', Category.GROOMING],
    ['KEYWORD_UNSAFE_CHALLENGES', Category.UNSAFE_CHALLENGE],
    ['KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS', Category.AGE_INAPPROPRIATE],
    ['KEYWORD_OTHER', Category.OTHER],
    ['KEYWORD_OF_TOMORROW', Category.OTHER],
    ['', Category.OTHER],
  ])('comes from its keyword: %s', (keyword, category) => {
    expect(read({ ...MINORS, category_specification: keyword }).category).toBe(category);
  });

  it('is the gravest of several keywords, the others are additional', () => {
    const keywords = '["KEYWORD_UNSAFE_CHALLENGES","KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL","KEYWORD_OTHER"]';
    expect(read({ ...MINORS, category_specification: keywords })).toMatchObject({
      category: Category.CSAM,
      additionalCategories: [Category.UNSAFE_CHALLENGE],
    });
  });

  it('is not given to statements about other things, whatever their keyword', () => {
    const category = 'STATEMENT_CATEGORY_CYBER_VIOLENCE';
    const row = { category, category_specification: 'KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL' };
    expect(read(row)).toMatchObject({ category: Category.OTHER, additionalCategories: [] });
  });
});

describe('the columns of a statement', () => {
  it.each<[string, string, Partial<Report>]>([
    ['source_type', 'SOURCE_ARTICLE_16', { source: Source.USER_NOTICE }],
    ['source_type', 'SOURCE_TRUSTED_FLAGGER', { source: Source.TRUSTED_FLAGGER }],
    ['source_type', 'SOURCE_TYPE_OTHER_NOTIFICATION', { source: Source.OTHER }],
    ['source_type', '', { source: Source.UNSPECIFIED }],
    ['automated_decision', 'AUTOMATED_DECISION_NOT_AUTOMATED', { automatedDecision: AutomatedDecision.NOT }],
    [
      'automated_decision',
      'AUTOMATED_DECISION_PARTIALLY',
      { automatedDecision: AutomatedDecision.PARTIALLY },
    ],
    ['automated_detection', 'No', { automatedDetection: false }],
    ['content_language', 'EN', { contentLanguage: 'en' }],
    ['territorial_scope', '["EL","UK","DE","GR","EEA"]', { territorialScope: ['GR', 'GB', 'DE'] }],
  ])('%s %s', (column, value, expected) => {
    expect(read({ ...MINORS, [column]: value })).toMatchObject(expected);
  });

  it('tell the decision one to one', () => {
    const decision = read({
      decision_visibility: '["DECISION_VISIBILITY_CONTENT_LABELLED","DECISION_VISIBILITY_CONTENT_DEMOTED"]',
      decision_account: 'DECISION_ACCOUNT_TERMINATED',
      decision_monetary: 'DECISION_MONETARY_SUSPENSION',
      decision_provision: 'DECISION_PROVISION_TOTAL_SUSPENSION',
      decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT',
    }).decision;
    expect(decision).toMatchObject({
      visibility: [DecisionVisibility.LABELLED, DecisionVisibility.DEMOTED],
      account: DecisionAccount.TERMINATED,
      monetary: DecisionMonetary.SUSPENDED,
      provision: DecisionProvision.SUSPENDED,
      ground: DecisionGround.ILLEGAL,
    });
  });

  it('with values of tomorrow are left unspecified and kept as annotations', () => {
    const report = read({
      ...MINORS,
      decision_visibility: 'DECISION_VISIBILITY_BLURRED',
      source_type: 'SOURCE_ORACLE',
    });
    expect(report.decision?.visibility).toEqual([]);
    expect(report.source).toBe(Source.OTHER);
    expect(report.annotations).toEqual(
      expect.arrayContaining(['x-dsa:DECISION_VISIBILITY_BLURRED', 'x-dsa:SOURCE_ORACLE']),
    );
  });

  it('never become annotations where they hold anything but a name', () => {
    expect(read({ category: 'see https://lachan-demo-1.vn/x', content_type: 'a b' }).annotations).toEqual([]);
  });

  it.each([['2024-02-30 00:00:00'], ['14.03.2024'], ['2024-03-14T00:00:00+07:00'], ['']])(
    'with the date "%s" give no time rather than a wrong one',
    (date) => {
      expect(read({ application_date: date }).detectedAt).toBeUndefined();
    },
  );

  it('of free text are never read', () => {
    const asked = new Set<string>();
    const row = new Proxy<Row>({}, { get: (_, column) => void asked.add(String(column)) });
    reportFromDsaRow(row);
    const free = DSA_COLUMNS.filter((column) =>
      /_other$|_facts|_explanation|_ground$|_url$|_identity/.test(column),
    );
    expect(free.length).toBeGreaterThan(8);
    expect([...asked].filter((column) => column !== 'decision_ground' && free.includes(column))).toEqual([]);
    expect([...asked].filter((column) => !DSA_COLUMNS.includes(column))).toEqual([]);
  });

  it('are read by values that the database publishes, and every value of a decision is known', () => {
    const { enums } = published;
    const lists: [object, readonly string[]][] = [
      [values.VISIBILITY, enums.DECISION_VISIBILITIES],
      [values.ACCOUNT, enums.DECISION_ACCOUNTS],
      [values.MONETARY, enums.DECISION_MONETARIES],
      [values.PROVISION, enums.DECISION_PROVISIONS],
      [values.GROUND, enums.DECISION_GROUNDS],
      [values.CONTENT, enums.CONTENT_TYPES],
      [values.SOURCE, enums.SOURCE_TYPES],
      [values.DECIDED_BY, enums.AUTOMATED_DECISIONS],
    ];
    for (const [names, list] of lists) expect(Object.keys(names).sort()).toEqual(list.toSorted());
    expect(enums.KEYWORDS).toEqual(expect.arrayContaining(Object.keys(values.CATEGORY_BY_KEYWORD)));
  });
});
