import { fromJson, type DescField, type JsonValue } from '@bufbuild/protobuf';
import { ReportSchema, type Report } from '@lachan/proto/report';
import { expectation, ShapeCheck, violation, type Dialect, type Fault } from './check-shape.js';
import type { Violation } from './receipt.js';

export type ReportFromJson =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly violations: readonly Violation[] };

const JSON_DIALECT: Dialect = {
  keys: (field) => [field.jsonName, field.name],
  // A Timestamp is a string in JSON.
  isValue: (message) => message.typeName.startsWith('google.protobuf.'),
  fault: jsonFault,
};
const jsonCheck = new ShapeCheck(JSON_DIALECT);

/**
 * A report from parsed JSON in the proto3 mapping: `{"reportId":"r-1","category":"CATEGORY_CSAM",…}`;
 * field names in camelCase or as in the contract. Never throws: what does not fit is told by field,
 * every fault at once (the first 100), without repeating a value.
 */
export function reportFromJson(json: unknown): ReportFromJson {
  try {
    // Whatever is not JSON at all fails here like any other value that does not fit.
    return { ok: true, report: fromJson(ReportSchema, json as JsonValue) };
  } catch {
    const found = jsonCheck.violations(ReportSchema, json);
    return { ok: false, violations: found ?? [violation('', 'MALFORMED', 'a field is given twice')] };
  }
}

/** Lets the library judge one value on its own: the JSON mapping has many accepted spellings. */
function jsonFault(field: DescField, value: unknown): Fault | undefined {
  try {
    const one = (field.fieldKind === 'list' ? [value] : value) as JsonValue;
    fromJson(field.parent, { [field.jsonName]: one });
    return undefined;
  } catch {
    return field.enum !== undefined && typeof value === 'string'
      ? { rule: 'UNKNOWN_VALUE', message: `is not a value of ${field.enum.name}` }
      : { rule: 'MALFORMED', message: `must be ${expectation(field)}` };
  }
}
