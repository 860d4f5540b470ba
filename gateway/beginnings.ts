import type { Buffer } from 'node:buffer';

/** The beginning of a buffer in any length, as views that are made once: to make one costs as much as hashing it. */
export class Beginnings {
  readonly #views: (Buffer | undefined)[] = [];

  constructor(private readonly buffer: Buffer) {}

  of(length: number): Buffer {
    return (this.#views[length] ??= this.buffer.subarray(0, length));
  }
}
