// The rows of a block, whichever of the two formats of an insert it is written in.
// https://clickhouse.com/docs/interfaces/formats/Native
import { Buffer } from 'node:buffer';
import type { Block, Row } from '../../store/store.js';

/** The same blocks come in many runs. */
const known = new Map<string, readonly Row[]>();
const MOST_KNOWN = 2_000;

/** Throws for a block that does not hold what it says. */
export function rowsOf(block: Block): readonly Row[] {
  const bytes = Buffer.from(block.rows.buffer, block.rows.byteOffset, block.rows.byteLength);
  const name = `${block.columns.join()} ${bytes.toString('latin1')}`;
  let rows = known.get(name);
  if (rows === undefined) {
    rows = block.format === 'Native' ? rowsOfNative(bytes) : rowsOfJson(bytes, block.columns);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(name, rows);
  }
  if (rows.length !== block.rowCount) throw new Error(`${rows.length} rows instead of ${block.rowCount}`);
  return rows;
}

function rowsOfJson(bytes: Buffer, columns: readonly string[]): readonly Row[] {
  const lines = bytes.toString().split('\n');
  if (lines.pop() !== '') throw new Error('the last line is cut off');
  return lines.map((line) => {
    const values: unknown = JSON.parse(line);
    if (!Array.isArray(values) || values.length !== columns.length)
      throw new Error('a line has other columns');
    return Object.fromEntries(columns.map((column, index) => [column, values[index] as unknown]));
  });
}

function rowsOfNative(bytes: Buffer): readonly Row[] {
  const reader = new NativeReader(bytes);
  const columns = reader.varint();
  const rows = Array.from({ length: reader.varint() }, (): Record<string, unknown> => ({}));
  for (let column = 0; column < columns; column += 1) {
    const name = reader.string();
    const values = reader.column(reader.string(), rows.length);
    for (const [index, row] of rows.entries()) row[name] = values[index];
  }
  if (!reader.isAtEnd) throw new Error('something stands behind the last column');
  return rows;
}

class NativeReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#take(1)[0]!;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  }

  string(): string {
    return this.#take(this.varint()).toString();
  }

  /** `count` values of `type`. UUIDs come as hexadecimal digits, times as milliseconds. */
  column(type: string, count: number): unknown[] {
    const [, outer = type, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
    const each = (read: () => unknown): unknown[] => Array.from({ length: count }, read);
    switch (outer) {
      case 'String':
        return each(() => this.string());
      case 'FixedString':
        return each(() => this.#take(Number(inner)).toString());
      case 'Bool':
        return each(() => this.#take(1)[0] === 1);
      case 'UInt8':
        return each(() => this.#take(1)[0]);
      case 'UInt32':
        return each(() => this.#take(4).readUInt32LE());
      case 'UInt64':
        return each(() => Number(this.#take(8).readBigUInt64LE()));
      case 'DateTime64':
        return each(() => Number(this.#take(8).readBigInt64LE()));
      case 'Float64':
        return each(() => this.#take(8).readDoubleLE());
      case 'UUID':
        return each(() => {
          const halves = [this.#take(8), this.#take(8)];
          return halves.map((half) => Buffer.from(half).reverse().toString('hex')).join('');
        });
      case 'Nullable': {
        const isNull = this.column('UInt8', count);
        return this.column(inner, count).map((value, index) => (isNull[index] === 1 ? null : value));
      }
      case 'Array': {
        const ends = this.column('UInt64', count).map(Number);
        const flat = this.column(inner, ends.at(-1) ?? 0);
        return ends.map((end, index) => flat.slice(ends[index - 1] ?? 0, end));
      }
      case 'LowCardinality':
        return this.#words(inner, count);
      default:
        throw new Error(`the simulation cannot read ${type}`);
    }
  }

  /** A dictionary, then for each value a number of one byte. */
  #words(type: string, count: number): unknown[] {
    const [version, form] = this.column('UInt64', 2);
    if (version !== 1 || form !== 0x600) throw new Error('the simulation cannot read this dictionary');
    const words = this.column(type, Number(this.column('UInt64', 1)[0]));
    if (this.column('UInt64', 1)[0] !== count) throw new Error('a column has another number of values');
    return this.column('UInt8', count).map((index) => words[Number(index)]);
  }

  #take(bytes: number): Buffer {
    const end = this.#at + bytes;
    if (end > this.bytes.length) throw new Error('the block is cut off');
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
