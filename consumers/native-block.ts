// Rows as one block of ClickHouse's Native format: column by column, each with its name and type, all numbers in little
// endian. https://clickhouse.com/docs/interfaces/formats/Native
import { Buffer } from 'node:buffer';
import { GrowingBytes } from './growing-bytes.js';

/** `type` is ClickHouse's name of it. */
export interface ColumnHead {
  readonly name: string;
  readonly type: string;
  /** Makes it a column of words out of this list: LowCardinality(String), each value the number of a word in one byte. */
  readonly words?: readonly string[] | undefined;
}

/** The values of one column. What stands in front of them all: where arrays end, and which values are null. */
export class NativeColumn extends GrowingBytes {
  readonly #leads = new GrowingBytes(0);
  #items = 0;

  constructor(readonly head: ColumnHead) {
    super(0);
  }

  override clear(): void {
    super.clear();
    this.#leads.clear();
    this.#items = 0;
  }

  /** Whether the next value of a Nullable column is null; a value follows all the same. */
  isNull(yes: boolean): void {
    this.#leads.uint8(yes ? 1 : 0);
  }

  /** The next arrays: where each ends, counted in items from the first of these arrays. */
  arrays(ends: readonly number[]): void {
    const before = this.#items;
    for (const end of ends) this.#leads.uint64(before + end);
    this.#items += ends.at(-1) ?? 0;
  }

  /** A value of a column of text. */
  string(value: string): void {
    // The columns that texts of our own go into are mostly empty.
    if (value === '') {
      this.uint8(0);
      return;
    }
    this.varint(Buffer.byteLength(value));
    this.text(value);
  }

  /** A value of a column of text: bytes that are UTF-8. */
  stringOf(from: Uint8Array, start: number, end: number): void {
    this.varint(end - start);
    this.copy(from, start, end);
  }

  /** A value of a column of UUIDs: each half is a number by itself. */
  uuid(from: Uint8Array, start: number): void {
    this.reversed(from, start, start + 8);
    this.reversed(from, start + 8, start + 16);
  }

  /** All of the column, as it stands in the block. */
  parts(rows: number): readonly Buffer[] {
    const { name, type, words } = this.head;
    const front = new NativeColumn(this.head);
    front.string(name);
    front.string(words === undefined ? type : 'LowCardinality(String)');
    if (words !== undefined) {
      front.uint64(DICTIONARY_VERSION);
      front.uint64(DICTIONARY_FOLLOWS);
      front.uint64(words.length);
      for (const word of words) front.string(word);
      front.uint64(rows);
    }
    return [front.written(), this.#leads.written(), this.written()];
  }
}

/** The only one; the flags: a dictionary of its own follows, and indexes of one byte. */
const DICTIONARY_VERSION = 1;
const DICTIONARY_FOLLOWS = 0x600;

/** The block of so many rows. */
export function nativeBlock(columns: readonly NativeColumn[], rows: number): Buffer {
  const front = new GrowingBytes(0);
  front.varint(columns.length);
  front.varint(rows);
  return Buffer.concat([front.written(), ...columns.flatMap((column) => column.parts(rows))]);
}
