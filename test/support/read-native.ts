// Reads a block of ClickHouse's Native format back, as far as landing uses it: written from the format's description,
// not from the writer. https://clickhouse.com/docs/interfaces/formats/Native

/** Whole numbers and times as numbers, UUIDs as 32 hexadecimal digits. */
export type NativeValue = string | number | boolean | null | readonly NativeValue[];
export type NativeRow = Readonly<Record<string, NativeValue>>;

export interface NativeTable {
  readonly types: Readonly<Record<string, string>>;
  readonly rows: readonly NativeRow[];
}

/** Throws when the block does not end where its columns do. */
export function readNative(bytes: Uint8Array): NativeTable {
  const reader = new Reader(bytes);
  const columns = reader.varint();
  const count = reader.varint();
  const types: Record<string, string> = {};
  const rows = Array.from({ length: count }, (): Record<string, NativeValue> => ({}));
  for (let column = 0; column < columns; column += 1) {
    const name = reader.text();
    const type = (types[name] = reader.text());
    const values = reader.values(type, count);
    rows.forEach((row, at) => (row[name] = values[at] ?? null));
  }
  if (!reader.isAtEnd()) throw new Error('bytes are left behind the last column');
  return { types, rows };
}

const KEYS_FOLLOW = 0x200n;

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes.readUInt8(this.#take(1));
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  text(): string {
    return this.#text(this.varint());
  }

  values(type: string, count: number): NativeValue[] {
    const [, outer = type, inner = ''] = /^(\w+)(?:\((.*)\))?$/s.exec(type) ?? [];
    const many = (read: () => NativeValue): NativeValue[] => Array.from({ length: count }, read);
    switch (outer) {
      case 'UInt32':
        return many(() => this.#bytes.readUInt32LE(this.#take(4)));
      case 'UInt64':
      case 'DateTime64':
        return many(() => this.#number());
      case 'Float64':
        return many(() => this.#bytes.readDoubleLE(this.#take(8)));
      case 'Bool':
        return many(() => this.#bytes.readUInt8(this.#take(1)) !== 0);
      case 'String':
        return many(() => this.text());
      case 'FixedString':
        return many(() => this.#text(Number(inner)));
      case 'UUID':
        return many(() => this.#half() + this.#half());
      case 'Nullable': {
        const isNull = many(() => this.#bytes.readUInt8(this.#take(1)) === 1);
        return this.values(inner, count).map((value, at) => (isNull[at] === true ? null : value));
      }
      case 'Array': {
        const ends = Array.from({ length: count }, () => this.#number());
        const items = this.values(inner, ends.at(-1) ?? 0);
        return ends.map((end, at) => items.slice(ends[at - 1] ?? 0, end));
      }
      case 'LowCardinality':
        return this.#indexed(inner, count);
      default:
        throw new Error(`a column of type ${type}`);
    }
  }

  /** A dictionary, and for each row the number of its word: of one byte here. */
  #indexed(type: string, count: number): NativeValue[] {
    if (this.#number() !== 1) throw new Error('a dictionary of another version');
    const flags = this.#bytes.readBigUInt64LE(this.#take(8));
    if ((flags & KEYS_FOLLOW) === 0n || (flags & 0xffn) !== 0n)
      throw new Error('a dictionary of another kind');
    const words = this.values(type, this.#number());
    if (this.#number() !== count) throw new Error('a dictionary for more or fewer rows');
    return Array.from({ length: count }, () => words[this.#bytes.readUInt8(this.#take(1))] ?? null);
  }

  #number(): number {
    const value = Number(this.#bytes.readBigUInt64LE(this.#take(8)));
    if (!Number.isSafeInteger(value)) throw new Error('a number that is too large for the test');
    return value;
  }

  #half(): string {
    const at = this.#take(8);
    return Buffer.from(this.#bytes.subarray(at, at + 8))
      .reverse()
      .toString('hex');
  }

  #text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      this.#bytes.subarray(at, at + length),
    );
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('the block ends too early');
    return at;
  }
}
