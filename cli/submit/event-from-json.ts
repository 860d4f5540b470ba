// A takedown event from parsed JSON in the proto3 mapping.
import { fromJson, type DescField, type DescMessage, type JsonValue } from '@bufbuild/protobuf';
import { TakedownEventSchema, type TakedownEvent } from '@lachan/proto/takedown';
import type { RefusedField } from '../authority-client.js';

export type EventFromJson =
  | { readonly ok: true; readonly event: TakedownEvent }
  | { readonly ok: false; readonly violations: readonly RefusedField[] };

/** Never throws: what does not fit is told by field, every fault at once, without repeating a value. */
export function eventFromJson(json: unknown): EventFromJson {
  try {
    // Whatever is not JSON at all fails here like any other value that does not fit.
    return { ok: true, event: fromJson(TakedownEventSchema, json as JsonValue) };
  } catch {
    const found = faults(TakedownEventSchema, json);
    return { ok: false, violations: found.length > 0 ? found : [malformed('', 'a field is given twice')] };
  }
}

function faults(desc: DescMessage, json: unknown): readonly RefusedField[] {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return [malformed('', 'must be an object')];
  return Object.entries(json).flatMap(([key, value]) => {
    const field = desc.fields.find(({ jsonName, name }) => key === jsonName || key === name);
    return field === undefined ? [unknownField(key)] : faultsOf(field, value);
  });
}

/** No event has lists. */
function faultsOf(field: DescField, value: unknown): readonly RefusedField[] {
  const { message, name } = field;
  // A Timestamp is a string in JSON.
  if (message !== undefined && !message.typeName.startsWith('google.protobuf.')) {
    return faults(message, value).map((inner) => ({
      ...inner,
      field: inner.field === '' ? name : `${name}.${inner.field}`,
    }));
  }
  try {
    fromJson(field.parent, { [field.jsonName]: value as JsonValue });
    return [];
  } catch {
    if (field.enum !== undefined && typeof value === 'string')
      return [{ field: name, rule: 'UNKNOWN_VALUE', message: `is not a value of ${field.enum.name}` }];
    return [malformed(name, `must be ${expectation(field)}`)];
  }
}

function expectation(field: DescField): string {
  if (field.enum !== undefined) return `a value of ${field.enum.name}`;
  if (field.message !== undefined) return 'an instant such as "2026-01-31T08:00:00Z"';
  return field.name === 'seen_version' ? 'a whole number, 0 or more' : 'a string';
}

function unknownField(key: string): RefusedField {
  const field = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) ? key : '(unprintable)';
  return { field, rule: 'UNKNOWN_FIELD', message: 'the contract has no such field' };
}

function malformed(field: string, message: string): RefusedField {
  return { field, rule: 'MALFORMED', message };
}
