// Reads the members of a JSON object one by one. Knows no format by name.
import { violation } from './check-shape.js';
import type { Violation } from './receipt.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The members of one object. What does not fit is noted in `faults` under the path of its member, never with what it
 * holds. Absent members and null are undefined.
 */
export class Members {
  readonly #fields: Fields;
  readonly #path: string;
  readonly #faults: Violation[];

  private constructor(fields: Fields, path: string, faults: Violation[]) {
    this.#fields = fields;
    this.#path = path;
    this.#faults = faults;
  }

  /** Undefined where `value` is no object. */
  static of(value: unknown, faults: Violation[], path = ''): Members | undefined {
    if (isObject(value)) return new Members(value, path, faults);
    faults.push(violation(path, 'MALFORMED', 'must be an object'));
    return undefined;
  }

  names(): string[] {
    return Object.keys(this.#fields);
  }

  text(name: string): string | undefined {
    return this.#read(name, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** A text that must be given; empty where it is not. */
  required(name: string): string {
    if (this.#value(name) === undefined) this.fault(name, 'REQUIRED', 'must be given');
    return this.text(name) ?? '';
  }

  truth(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  number(name: string): number | undefined {
    return this.#read(name, 'a number', (value) => (typeof value === 'number' ? value : undefined));
  }

  texts(name: string): readonly string[] {
    const list = this.#read(name, 'a list of strings', (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined,
    );
    return list ?? [];
  }

  members(name: string): Members | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : Members.of(value, this.#faults, this.#pathOf(name));
  }

  fault(name: string, rule: Violation['rule'], message: string): void {
    this.#faults.push(violation(this.#pathOf(name), rule, message));
  }

  #read<T>(name: string, what: string, take: (value: unknown) => T | undefined): T | undefined {
    const value = this.#value(name);
    const taken = value === undefined ? undefined : take(value);
    if (value !== undefined && taken === undefined) this.fault(name, 'MALFORMED', `must be ${what}`);
    return taken;
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
