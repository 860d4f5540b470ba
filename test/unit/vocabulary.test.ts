import { readFileSync } from 'node:fs';

import { file_lachan_v1_report, ReportSchema } from '@lachan/proto/report';
import { describe, expect, it } from 'vitest';

import { FIELD_NAMES } from '../../schemas/field-names.js';
import * as vocabulary from '../../schemas/vocabulary.js';

/** The list that stands for each enum of the contract. */
const lists: Readonly<Record<string, readonly string[]>> = {
  ReportKind: vocabulary.REPORT_KINDS,
  Precision: vocabulary.PRECISIONS,
  Category: vocabulary.CATEGORIES,
  SeverityAxis: vocabulary.SEVERITY_AXES,
  Assessor: vocabulary.ASSESSORS,
  Urgency: vocabulary.URGENCIES,
  Channel: vocabulary.CHANNELS,
  ContentType: vocabulary.CONTENT_TYPES,
  ItemAnnotation: vocabulary.ITEM_ANNOTATIONS,
  FingerprintAlgorithm: vocabulary.FINGERPRINT_ALGORITHMS,
  FingerprintBasis: vocabulary.FINGERPRINT_BASES,
  Source: vocabulary.SOURCES,
  DetectionMethod: vocabulary.DETECTION_METHODS,
  AutomatedDecision: vocabulary.AUTOMATED_DECISIONS,
  DecisionVisibility: vocabulary.DECISION_VISIBILITIES,
  DecisionAccount: vocabulary.DECISION_ACCOUNTS,
  DecisionMonetary: vocabulary.DECISION_MONETARIES,
  DecisionProvision: vocabulary.DECISION_PROVISIONS,
  DecisionGround: vocabulary.DECISION_GROUNDS,
  SubjectRole: vocabulary.SUBJECT_ROLES,
  AgeBand: vocabulary.AGE_BANDS,
  ExternalSystem: vocabulary.EXTERNAL_SYSTEMS,
};

const enums = file_lachan_v1_report.enums;

/** `DetectionMethod` → `DETECTION_METHOD_`. */
const prefixOf = (name: string): string =>
  `${name.replaceAll(/(?<=.)[A-Z]/g, (capital) => `_${capital}`).toUpperCase()}_`;

/** The contract's name without its prefix; where that begins with a digit, which no Avro symbol may, it keeps the last word. */
function plainName(enumName: string, name: string): string {
  const prefix = prefixOf(enumName);
  expect(name.startsWith(prefix)).toBe(true);
  const plain = name.slice(prefix.length);
  return /^\d/.test(plain) ? `${enumName.replace(/Band$/, '').toUpperCase()}_${plain}` : plain;
}

/** All enums of a schema of the log, by name. */
function symbolsIn(node: unknown, found = new Map<string, unknown>()): ReadonlyMap<string, unknown> {
  if (typeof node !== 'object' || node === null) return found;
  if ('type' in node && node.type === 'enum' && 'name' in node && 'symbols' in node) {
    found.set(String(node.name), node.symbols);
  }
  for (const child of Object.values(node)) symbolsIn(child, found);
  return found;
}

describe('the closed lists', () => {
  it('stand for every enum of the contract', () => {
    expect(Object.keys(lists).sort()).toEqual(enums.map(({ name }) => name).sort());
  });

  it.each(enums.map((desc) => ({ name: desc.name, desc })))(
    'hold the names of the contract, in the order of its numbers: $name',
    ({ name, desc }) => {
      const inOrder = [...desc.values].sort((a, b) => a.number - b.number);
      expect(inOrder.map(({ number }) => number)).toEqual(inOrder.map((_, index) => index));
      const names = inOrder.map((value) => plainName(name, value.name));
      expect(names[0]).toBe('UNSPECIFIED');
      const list = lists[name];
      // Where the gateway has decided what an unspecified value means, the list has no place for it.
      expect(list).toEqual(list?.[0] === 'UNSPECIFIED' ? names : names.slice(1));
    },
  );

  it('hold the symbols of the newest schema of the log', () => {
    const schema: unknown = JSON.parse(
      readFileSync(new URL('../../schemas/avro/report-record.v1.avsc', import.meta.url), 'utf8'),
    );
    expect(Object.fromEntries(symbolsIn(schema))).toEqual({ ...lists, Environment: vocabulary.ENVIRONMENTS });
  });

  it('hold no name twice', () => {
    for (const list of Object.values(vocabulary)) expect(new Set(list).size).toBe(list.length);
  });
});

describe('the names of fields', () => {
  it('are those of the contract, by number', () => {
    const fields = Object.fromEntries(ReportSchema.fields.map(({ number, name }) => [number, name]));
    expect(FIELD_NAMES).toEqual(fields);
  });

  it('have numbers that fit into the one byte of a field digest', () => {
    for (const number of Object.keys(FIELD_NAMES)) expect(Number(number)).toBeLessThan(256);
  });
});
