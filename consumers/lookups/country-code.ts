const LETTER_A = 65;
const LETTERS = 26;

/** Every pair of letters once, so that a lookup makes no string. */
const CODES = Array.from({ length: LETTERS * LETTERS }, (_, i) =>
  String.fromCharCode(LETTER_A + Math.floor(i / LETTERS), LETTER_A + (i % LETTERS)),
);

/** A two-letter country code in upper case as a number from 1 up; 0 when it is none. Takes character codes. */
export function packCountry(first: number, second: number): number {
  const a = first - LETTER_A;
  const b = second - LETTER_A;
  return a >= 0 && a < LETTERS && b >= 0 && b < LETTERS ? a * LETTERS + b + 1 : 0;
}

/** The code that `packCountry` packed; empty for 0. */
export function unpackCountry(packed: number): string {
  return CODES[packed - 1] ?? '';
}
