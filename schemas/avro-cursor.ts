// Walks over the binary encoding of Avro values without building them, and believes nothing of what it reads.
import { isUtf8 } from 'node:buffer';

/** What a value is made of: a schema as far as its bytes show it. Unions are `null` with one other type only. */
export interface Shape {
  readonly kind: number;
  /** Of `FIXED`: bytes. */
  readonly size: number;
  /** Of `ENUM`. */
  readonly symbols: readonly string[];
  /** Of `RECORD`, in the order of their values. */
  readonly names: readonly string[];
  readonly fields: readonly Shape[];
  /** Of `ARRAY` its items, of `OPTIONAL` what it is when it is not null. */
  readonly inner: Shape | undefined;
}

export const BOOLEAN = 0;
export const LONG = 1;
const DOUBLE = 2;
/** Text and bytes differ only in that text must be UTF-8. */
const BYTES = 3;
export const STRING = 4;
const FIXED = 5;
export const ENUM = 6;
export const OPTIONAL = 7;
export const ARRAY = 8;
export const RECORD = 9;

const PRIMITIVES = new Map([
  ['boolean', BOOLEAN],
  ['int', LONG],
  ['long', LONG],
  ['double', DOUBLE],
  ['bytes', BYTES],
  ['string', STRING],
]);

/** Reads a schema as JSON gives it. Throws for one with a type that no record of ours has. */
export function shapeOf(schema: unknown): Shape {
  return readShape(schema, new Map());
}

function readShape(schema: unknown, named: Map<string, Shape>): Shape {
  if (typeof schema === 'string') {
    const kind = PRIMITIVES.get(schema);
    const shape = kind === undefined ? named.get(schema) : shapeWith({ kind });
    if (shape !== undefined) return shape;
  } else if (Array.isArray(schema)) {
    if (schema.length === 2 && schema[0] === 'null')
      return shapeWith({ kind: OPTIONAL, inner: readShape(schema[1], named) });
  } else if (typeof schema === 'object' && schema !== null) {
    const { type, name, size, symbols, items, fields } = schema as Readonly<Record<string, unknown>>;
    const shape = complexShape();
    if (shape !== undefined) {
      if (typeof name === 'string') named.set(name, shape);
      return shape;
    }
    if (typeof type === 'string') return readShape(type, named);

    function complexShape(): Shape | undefined {
      if (type === 'fixed' && typeof size === 'number') return shapeWith({ kind: FIXED, size });
      if (type === 'enum' && Array.isArray(symbols))
        return shapeWith({ kind: ENUM, symbols: symbols.map(String) });
      if (type === 'array') return shapeWith({ kind: ARRAY, inner: readShape(items, named) });
      if (type !== 'record' || !Array.isArray(fields)) return undefined;
      const members = fields as readonly { readonly name: string; readonly type: unknown }[];
      return shapeWith({
        kind: RECORD,
        names: members.map((member) => member.name),
        fields: members.map((member) => readShape(member.type, named)),
      });
    }
  }
  throw new TypeError('a schema with a type that records do not have');
}

function shapeWith(given: Partial<Shape> & Pick<Shape, 'kind'>): Shape {
  return { size: 0, symbols: [], names: [], fields: [], inner: undefined, ...given };
}

const MAX_LONG_BYTES = 10;
/** Below, avsc loses the lowest bit, which is the sign: what two readers would read differently is read by none. */
const LEAST_LONG = -(2 ** 52);

const NOTHING = new Uint8Array(0);

/**
 * A place in bytes. Every method throws `RangeError` for bytes that are no value of what is asked for, in time and
 * memory in proportion to the bytes; only a value that goes beyond the end may show no earlier than at `finish`.
 */
export class AvroCursor {
  bytes: Uint8Array = NOTHING;
  at = 0;

  /** `checksText`: whether text must be UTF-8; without it for bytes that were read through before, at half the price. */
  constructor(private readonly checksText = true) {}

  moveTo(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /** The bytes must end here. */
  finish(): void {
    if (this.at !== this.bytes.length) throw new RangeError('the bytes do not end with the value');
  }

  /** A whole number that JavaScript can hold. */
  long(): number {
    const first = this.bytes[this.at++] ?? 0;
    let value = (first & 127) >>> 1;
    if (first > 127) {
      let factor = 64;
      for (let more = 1; ; more += 1) {
        const byte = this.bytes[this.at++] ?? 0;
        value += (byte & 127) * factor;
        if (byte < 128) break;
        if (more === MAX_LONG_BYTES - 1) throw new RangeError('a number without end');
        factor *= 128;
      }
    }
    const signed = (first & 1) === 0 ? value : -value - 1;
    if (!Number.isSafeInteger(signed) || signed < LEAST_LONG)
      throw new RangeError('a whole number that JavaScript cannot hold');
    return signed;
  }

  double(): number {
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.at += 8;
    return new DataView(buffer, byteOffset, byteLength).getFloat64(this.at - 8, true);
  }

  /** How many items follow before this must be asked again; 0 at the end of the array. */
  count(): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.long();
    }
    // An item takes at least one byte; no schema of ours has items without any.
    if (count > this.bytes.length - this.at) throw new RangeError('more items than bytes');
    return count;
  }

  /** The length of the text or bytes that follow. */
  length(): number {
    const length = this.long();
    if (length < 0 || length > this.bytes.length - this.at) throw new RangeError('longer than the bytes');
    return length;
  }

  /** Whether an optional value is there. */
  isPresent(): boolean {
    const branch = this.bytes[this.at++];
    if (branch !== 0 && branch !== 2) throw new RangeError('neither null nor the other type');
    return branch === 2;
  }

  /** Goes behind one value. */
  skip(shape: Shape): void {
    switch (shape.kind) {
      case BOOLEAN:
        if ((this.bytes[this.at++] ?? 2) > 1) throw new RangeError('neither true nor false');
        return;
      case LONG:
        this.long();
        return;
      case DOUBLE:
        this.at += 8;
        return;
      case BYTES: {
        const length = this.length();
        this.at += length;
        return;
      }
      case STRING:
        this.#skipText();
        return;
      case FIXED:
        this.at += shape.size;
        return;
      case ENUM: {
        const symbol = this.long();
        if (symbol < 0 || symbol >= shape.symbols.length) throw new RangeError('a symbol that is none');
        return;
      }
      case OPTIONAL:
        if (this.isPresent() && shape.inner !== undefined) this.skip(shape.inner);
        return;
      case ARRAY:
        for (let count = this.count(); count > 0; count = this.count()) {
          for (; count > 0; count -= 1) if (shape.inner !== undefined) this.skip(shape.inner);
        }
        return;
      default:
        for (const field of shape.fields) this.skip(field);
    }
  }

  /** Goes behind a record, and writes down from `first` on where each of its fields begins. */
  skipRecord({ fields }: Shape, starts: Int32Array, first: number): void {
    for (let field = 0; field < fields.length; field += 1) {
      starts[first + field] = this.at;
      const shape = fields[field];
      if (shape !== undefined) this.skip(shape);
    }
  }

  #skipText(): void {
    const length = this.length();
    const { bytes, at } = this;
    const end = at + length;
    this.at = end;
    if (!this.checksText) return;
    let all = 0;
    for (let i = at; i < end; i += 1) all |= bytes[i] ?? 0;
    if (all > 127 && !isUtf8(bytes.subarray(at, end))) throw new RangeError('text that is not UTF-8');
  }
}
