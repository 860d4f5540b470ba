// The items of one array of every report of a batch, one behind the other, as the store keeps arrays.
import { AvroCursor, RECORD, type Shape } from '../schemas/avro-cursor.js';

const NOTHING = new Uint8Array(0);

export class NestedItems {
  /** For each row: how many items up to its last. */
  readonly ends: number[] = [];
  /** For each item: the bytes it stands in. */
  readonly owners: Uint8Array[] = [];
  readonly #cursor = new AvroCursor(false);
  readonly #width: number;
  #starts: Int32Array;

  /** `item`: what an item is made of. */
  constructor(
    private readonly item: Shape,
    capacity: number,
  ) {
    this.#width = item.kind === RECORD ? item.fields.length : 1;
    this.#starts = new Int32Array(Math.max(1, capacity) * this.#width);
  }

  get length(): number {
    return this.owners.length;
  }

  /** Where a field of an item begins, or with 0 the item itself when it is no record. */
  startOf(item: number, field: number): number {
    return this.#starts[item * this.#width + field] ?? 0;
  }

  ownerOf(item: number): Uint8Array {
    return this.owners[item] ?? NOTHING;
  }

  /** Adds the items of an array that begins at `at` and was read through before. */
  add(bytes: Uint8Array, at: number): void {
    const cursor = this.#cursor;
    cursor.moveTo(bytes, at);
    for (let count = cursor.count(); count > 0; count = cursor.count()) {
      for (; count > 0; count -= 1) {
        const first = this.owners.length * this.#width;
        if (first === this.#starts.length) this.#grow();
        this.owners.push(bytes);
        if (this.item.kind === RECORD) cursor.skipRecord(this.item, this.#starts, first);
        else {
          this.#starts[first] = cursor.at;
          cursor.skip(this.item);
        }
      }
    }
  }

  endRow(): void {
    this.ends.push(this.owners.length);
  }

  #grow(): void {
    const larger = new Int32Array(this.#starts.length * 2);
    larger.set(this.#starts);
    this.#starts = larger;
  }
}
