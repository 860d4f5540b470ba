import type { IpRanges } from './ip-ranges.js';

const NEWLINE = 10;
const COMMA = 44;
const DIGIT_0 = 48;

/** Gets the bytes of a line's third field (`from` to `to`, exclusive); gives a value from 1 up, or 0 to refuse them. */
export type ValueReader = (bytes: Uint8Array, from: number, to: number) => number;

/**
 * Reads `first,last,value[,name]` lines, both addresses as decimal numbers, into `ranges`.
 * Throws an error that names `path` and the line which is not what it should be.
 */
export function readRanges(
  bytes: Uint8Array,
  path: string,
  family: 4 | 6,
  readValue: ValueReader,
  ranges: IpRanges,
): void {
  if (bytes.length === 0) throw new Error(`The range file ${path} is empty.`);
  const first = new Uint32Array(4);
  const last = new Uint32Array(4);
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    const firstEnd = readAddress(bytes, at, family, first);
    const lastEnd = firstEnd < 0 ? -1 : readAddress(bytes, firstEnd + 1, family, last);
    const value = lastEnd < 0 ? 0 : readValue(bytes, lastEnd + 1, fieldEnd(bytes, lastEnd + 1, end));
    if (value === 0 || !ranges.add(first, last, value)) {
      throw new Error(`The range file ${path} is damaged at line ${line}.`);
    }
    at = end + 1;
  }
}

/** The position of the comma that ends the number at `at`, or -1 when no address of the family ends in one there. */
function readAddress(bytes: Uint8Array, at: number, family: 4 | 6, words: Uint32Array): number {
  words.fill(0);
  let i = at;
  let fits = true;
  for (;;) {
    // Six digits at a time: a word times a million still is an exact double.
    let chunk = 0;
    let scale = 1;
    for (; scale < 1e6; i++) {
      const digit = (bytes[i] ?? 0) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      chunk = chunk * 10 + digit;
      scale *= 10;
    }
    if (scale > 1) fits = multiplyAdd(words, scale, chunk) && fits;
    if (scale < 1e6) break;
  }
  if (family === 4) {
    fits &&= words[0] === 0 && words[1] === 0 && words[2] === 0;
    words[2] = 0xffff;
  }
  return fits && i > at && bytes[i] === COMMA ? i : -1;
}

/** words × factor + addend; false when 128 bits are not enough. */
function multiplyAdd(words: Uint32Array, factor: number, addend: number): boolean {
  let carry = addend;
  for (let w = 3; w >= 0; w--) {
    const product = (words[w] ?? 0) * factor + carry;
    words[w] = product;
    carry = (product - (words[w] ?? 0)) / 2 ** 32;
  }
  return carry === 0;
}

function fieldEnd(bytes: Uint8Array, from: number, lineEnd: number): number {
  let end = from;
  while (end < lineEnd && bytes[end] !== COMMA) end++;
  return end;
}
