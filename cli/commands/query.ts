// lachan query: figures, each with what it counts.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { FIGURES } from '../../store/queries/figures.js';
import { formatCsv, formatTable } from '../format-rows.js';
import { wholeNumber } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly param: Readonly<Record<string, string>>;
  readonly format: 'table' | 'json' | 'csv';
  readonly waitMs: number;
}

export function addQuery(program: Command): void {
  const about = Object.entries(FIGURES)
    .map(([name, { help, params }]) => {
      const lines = Object.entries(params).map(
        ([param, { help: text, fallback }]) => `      ${param}: ${text} [${fallback}]`,
      );
      return [`  ${name}: ${help}`, ...lines].join('\n');
    })
    .join('\n');
  addWhere(
    program
      .command('query')
      .description('ask for a figure')
      .argument('<name>', Object.keys(FIGURES).join(', '))
      .addOption(
        new Option('--param <k=v...>', 'parameters of the figure').argParser(collect).default({}, 'none'),
      )
      .addOption(
        new Option('--format <format>', 'how to print').choices(['table', 'json', 'csv']).default('table'),
      )
      .addOption(
        new Option('--wait-ms <n>', 'how long to wait for accepted reports that have not landed')
          .argParser(wholeNumber(0, 600_000))
          .default(60_000),
      )
      .addHelpText('after', `\nFigures and their parameters:\n${about}`)
      .action(query),
  );
}

function collect(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('write it as name=value');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

async function query(name: string, flags: Flags): Promise<void> {
  const { rows, notLanded } = await withOperations(flags, (operations) =>
    operations.figure(name, flags.param, flags.waitMs),
  );
  if (notLanded > 0)
    process.stderr.write(`${notLanded} accepted records have not landed and are not counted.\n`);
  process.stdout.write(formatted(rows, flags.format, FIGURES[name]?.single === true));
}

function formatted(
  rows: readonly Readonly<Record<string, unknown>>[],
  format: Flags['format'],
  single: boolean,
): string {
  switch (format) {
    case 'table':
      return formatTable(rows);
    case 'csv':
      return formatCsv(rows);
    case 'json':
      return `${JSON.stringify(single ? (rows[0] ?? null) : rows)}\n`;
  }
}
