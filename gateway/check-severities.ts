// The rules of the assessments of severity. The axes differ; no grade is ever converted.
import {
  AssessorSchema,
  SeverityAxis,
  SeverityAxisSchema,
  type SeverityAssessment,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkLength, checkRequiredEnum, enumRule, listRule } from './check-value.js';
import { fault, type Fault, type Findings } from './violation.js';

const axis = enumRule(SeverityAxisSchema);
const assessor = enumRule(AssessorSchema);

interface GradeRule {
  readonly grades: ReadonlySet<string>;
  readonly unknown: Fault;
}

function grades(list: string): GradeRule {
  return {
    grades: new Set(list.split(' ')),
    unknown: fault(Rule.UNKNOWN_VALUE, `On this axis one of ${list.replaceAll(' ', ', ')}.`),
  };
}

const gradesOf = new Map<SeverityAxis, GradeRule>([
  [SeverityAxis.INDUSTRY, grades('A1 A2 B1 B2')],
  [SeverityAxis.IWF, grades('A B C')],
  [SeverityAxis.COPINE, grades('1 2 3 4 5 6 7 8 9 10')],
  [SeverityAxis.NATIONAL_LEGALITY, grades('ILLEGAL HARMFUL_NOT_ILLEGAL NOT_ILLEGAL UNASSESSED')],
]);

const noGrade = fault(Rule.REQUIRED, 'Must be given.');
const repeated = fault(Rule.REPEATED, 'At most one assessment for each axis and assessor.');

/** No more can differ in axis or assessor. */
const severities = listRule('severities', (axis.known.length - 1) * (assessor.known.length - 1));

export function checkSeverities(found: Findings, list: readonly SeverityAssessment[]): void {
  checkLength(found, severities, list);
  for (let i = 0; i < list.length; i += 1) {
    const at = severities.paths[i];
    const severity = list[i];
    if (at === undefined || severity === undefined) return;
    checkRequiredEnum(found, at, 'axis', axis, severity.axis);
    checkRequiredEnum(found, at, 'assessed_by', assessor, severity.assessedBy);
    const rule = gradesOf.get(severity.axis);
    if (severity.grade === '') found.add(at, 'grade', noGrade);
    else if (rule?.grades.has(severity.grade) === false) found.add(at, 'grade', rule.unknown);
    if (isRepeat(list, i, severity)) found.add('', at, repeated);
    if (severity.$unknown !== undefined) found.addUnknown(at, severity.$unknown);
  }
}

function isRepeat(list: readonly SeverityAssessment[], end: number, severity: SeverityAssessment): boolean {
  for (let i = 0; i < end; i += 1) {
    if (list[i]?.axis === severity.axis && list[i]?.assessedBy === severity.assessedBy) return true;
  }
  return false;
}
