// Rows for people and for programs.

export type OutputRow = Readonly<Record<string, unknown>>;

/** Columns aligned, numbers to the right; empty text for no rows. */
export function formatTable(rows: readonly OutputRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return '(no rows)\n';
  const cells = rows.map((row) => columns.map((column) => cellOf(row[column])));
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...cells.map((line) => (line[i] ?? '').length)),
  );
  const numeric = columns.map((column) => rows.every((row) => typeof row[column] === 'number'));
  const lineOf = (line: readonly string[]): string =>
    line
      .map((cell, i) => (numeric[i] === true ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [lineOf(columns), lineOf(widths.map((width) => '-'.repeat(width))), ...cells.map(lineOf), ''].join(
    '\n',
  );
}

/** RFC 4180, with a header line. */
export function formatCsv(rows: readonly OutputRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const quoted = (value: unknown): string => {
    const cell = cellOf(value);
    return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => `${line.map(quoted).join(',')}\r\n`)
    .join('');
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
