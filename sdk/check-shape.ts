// Compares a plain object with a message of the contract, field by field. Knows no message by name.
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { RuleName, Violation } from './receipt.js';

/** How a kind of object spells a message. */
export interface Dialect {
  /** The name under which an object may hold the field. */
  readonly keys: (field: DescField) => readonly string[];
  /** Whether the message is one value rather than an object of fields. */
  readonly isValue: (message: DescMessage) => boolean;
  /** What is wrong with one value of the field (one element, where it is a list). */
  readonly fault: (field: DescField, value: unknown) => Fault | undefined;
}

export interface Fault {
  readonly rule: RuleName;
  readonly message: string;
}

/** Enough to mend an object by; one that is wrong a thousand times is wrong in kind. */
const MAX_VIOLATIONS = 100;
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Checks objects of one dialect; undefined when `value` fits. */
export class ShapeCheck {
  readonly #dialect: Dialect;
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, DescField>>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Every violation with its path, at most 100; undefined when there is none. */
  violations(desc: DescMessage, value: unknown): Violation[] | undefined {
    return this.#object(desc, value)?.slice(0, MAX_VIOLATIONS);
  }

  // Paths are put together on the way back from a fault, so that a sound object costs no strings.
  #object(desc: DescMessage, value: unknown): Violation[] | undefined {
    if (!isObject(value)) return [violation('', 'MALFORMED', 'must be an object')];
    const fields = this.#fieldsOf(desc);
    let found: Violation[] | undefined;
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      const faults = field === undefined ? unknownKey(key) : this.#field(field, value[key]);
      if (faults !== undefined) found = (found ?? []).concat(faults);
      if (found !== undefined && found.length >= MAX_VIOLATIONS) break;
    }
    return found;
  }

  #field(field: DescField, value: unknown): Violation[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (field.fieldKind !== 'list') return under(field.name, this.#one(field, value));
    if (!Array.isArray(value)) return [violation(field.name, 'MALFORMED', 'must be a list')];
    let found: Violation[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const faults = this.#one(field, value[i]);
      if (faults !== undefined) found = (found ?? []).concat(under(`${field.name}[${i}]`, faults) ?? []);
      if (found !== undefined && found.length >= MAX_VIOLATIONS) break;
    }
    return found;
  }

  #one(field: DescField, value: unknown): Violation[] | undefined {
    const { message } = field;
    if (message !== undefined && !this.#dialect.isValue(message)) return this.#object(message, value);
    const fault = this.#dialect.fault(field, value);
    return fault && [violation('', fault.rule, fault.message)];
  }

  #fieldsOf(desc: DescMessage): ReadonlyMap<string, DescField> {
    let fields = this.#fields.get(desc);
    if (fields === undefined) {
      fields = new Map(desc.fields.flatMap((field) => this.#dialect.keys(field).map((key) => [key, field])));
      this.#fields.set(desc, fields);
    }
    return fields;
  }
}

export function violation(field: string, rule: RuleName, message: string): Violation {
  return { field, rule, message, retryable: false };
}

/** What a value of the field has to be, in words. */
export function expectation(field: DescField): string {
  if (field.enum !== undefined) return `a value of ${field.enum.name}`;
  if (field.message !== undefined) return 'an instant such as "2026-01-31T08:00:00Z"';
  switch (field.scalar) {
    case ScalarType.STRING:
      return 'a string';
    case ScalarType.BOOL:
      return 'true or false';
    case ScalarType.UINT32:
    case ScalarType.UINT64:
      return 'a whole number, 0 or more';
    default:
      return 'a number';
  }
}

function under(prefix: string, found: Violation[] | undefined): Violation[] | undefined {
  return found?.map((v) => ({ ...v, field: v.field === '' ? prefix : `${prefix}.${v.field}` }));
}

function unknownKey(key: string): Violation[] | undefined {
  // "$typeName" and "$unknown" mark generated messages.
  if (key.startsWith('$')) return undefined;
  const name = PLAIN_KEY.test(key) ? key : '(unprintable)';
  return [violation(name, 'UNKNOWN_FIELD', 'the contract has no such field')];
}

/** A Date or a Map has no fields of its own and would pass for an empty message. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.keys(value).length > 0;
}
