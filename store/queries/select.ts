// What a query needs of the store, and how its answers are read. Every SELECT of Lachan stands in this folder,
// under a name, with its parameters bound.

/** Values bound to `{name:Type}` in the SQL. */
export type SelectParams = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[]>
>;

/** Runs one SELECT; 64-bit integers come as strings. */
export type Select = (
  sql: string,
  params?: SelectParams,
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** A number of an answer, whichever way the engine wrote it; anything else is a fault of the query. */
export function numberOf(row: Readonly<Record<string, unknown>>, column: string): number {
  const value = row[column];
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : NaN;
  if (Number.isNaN(number)) throw new TypeError(`column ${column} holds no number`);
  return number;
}

/** A text of an answer; anything else is a fault of the query. */
export function textOf(row: Readonly<Record<string, unknown>>, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds no text`);
  return value;
}

/** A list of texts of an answer; anything else is a fault of the query. */
export function textsOf(row: Readonly<Record<string, unknown>>, column: string): readonly string[] {
  const value = row[column];
  if (!Array.isArray(value)) throw new TypeError(`column ${column} holds no list`);
  return value.map(String);
}
