// lachan dead-letters: records of the log that could not be read; listed, shown, and replayed once they can be.
import { writeFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parsePosition } from '../../schemas/log-position.js';
import { DEAD_LETTER_REASONS, type DeadLetterReason } from '../../schemas/vocabulary.js';
import { CommandFault } from '../command-fault.js';
import { formatCsv, formatTable } from '../format-rows.js';
import type { Operations } from '../operations.js';
import { jsonOption, wholeNumber } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface ListFlags extends Where {
  readonly reason?: DeadLetterReason;
  readonly since?: number;
  readonly limit: number;
  readonly replayed?: boolean;
  readonly format: 'table' | 'json' | 'csv';
}

interface ShowFlags extends Where {
  readonly bytes?: 'hex' | 'base64';
  readonly raw?: string;
  readonly json?: boolean;
}

interface ReplayFlags extends Where {
  readonly all?: boolean;
  readonly reason?: DeadLetterReason;
  readonly again?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const MOST_IDS = 1_000;
const PER_STEP = 5_000;

export function addDeadLetters(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('records of the log that could not be read: why, and their bytes; replayed when they can be')
    .addHelpText('after', '\nA dead letter is named by where it stood in the log: EPOCH:PARTITION:OFFSET.');
  const reason = (help: string): Option => new Option('--reason <reason>', help).choices(DEAD_LETTER_REASONS);

  addWhere(
    deadLetters
      .command('list')
      .description('dead letters that have not been replayed, in the order of the log')
      .addOption(reason('only those'))
      .addOption(
        new Option('--since <time>', 'landed since then, like 2026-11-02 or 2026-11-02T09:30:00Z').argParser(
          instant,
        ),
      )
      .addOption(
        new Option('--limit <n>', 'how many rows at the most')
          .argParser(wholeNumber(1, 100_000))
          .default(100),
      )
      .option('--replayed', 'also those that have been replayed')
      .addOption(
        new Option('--format <format>', 'how to print').choices(['table', 'json', 'csv']).default('table'),
      )
      .action(list),
  );
  addWhere(
    deadLetters
      .command('show')
      .description('one dead letter; its bytes only when they are asked for')
      .argument('<id>', 'as in: lachan dead-letters list')
      .addOption(new Option('--bytes <encoding>', 'print the original bytes').choices(['hex', 'base64']))
      .option('--raw <file>', 'write the original bytes to a new file that only its owner reads')
      .addOption(jsonOption())
      .action(show),
  );
  addWhere(
    deadLetters
      .command('replay')
      .description('append dead letters to the log again, each once; what cannot be read becomes one again')
      .argument('[ids...]', `at most ${MOST_IDS}; or --all, or --reason`)
      .option('--all', 'all that have not been replayed')
      .addOption(reason('all of them that have not been replayed'))
      .option('--again', 'also those that came from a replay and could not be read again')
      .option('--dry-run', 'only say how many would be replayed')
      .addOption(jsonOption())
      .action(replay),
  );
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || ms < 0) throw new InvalidArgumentError('must be a time like 2026-11-02T09:30:00Z');
  return ms;
}

async function list(flags: ListFlags): Promise<void> {
  const { reason, since: sinceMs, limit } = flags;
  const filter = { reason, sinceMs, withReplayed: flags.replayed === true, withReplays: true };
  const found = await withOperations(flags, (operations) => operations.deadLetters(filter, limit));
  const rows = found.map(({ landedAt, replayOf, replayedAs, ...row }) => ({
    ...row,
    landed_at: landedAt,
    replay_of: replayOf,
    replayed_as: replayedAs,
  }));
  switch (flags.format) {
    case 'json':
      return void process.stdout.write(`${JSON.stringify(rows)}\n`);
    case 'csv':
      return void process.stdout.write(formatCsv(rows));
    case 'table':
      process.stdout.write(formatTable(rows));
      if (rows.length === limit) process.stderr.write('There may be more: --limit\n');
  }
}

async function show(id: string, flags: ShowFlags): Promise<void> {
  checkIds([id]);
  const found = await withOperations(flags, (operations) => operations.deadLetter(id));
  if (found === null) throw new CommandFault(`no dead letter stands at ${id}`);
  const { original, landedAt, replayOf, replayedAs, ...rest } = found;
  const bytes = Buffer.from(original, 'base64');
  const row = {
    ...rest,
    landed_at: landedAt,
    replay_of: replayOf,
    replayed_as: replayedAs,
    ...(flags.bytes === undefined ? {} : { original: bytes.toString(flags.bytes) }),
  };
  // Never over another file, and never readable by others: what is in it may be a report.
  if (flags.raw !== undefined) writeFileSync(flags.raw, bytes, { mode: 0o600, flag: 'wx' });
  if (flags.json === true) return void process.stdout.write(`${JSON.stringify(row)}\n`);
  for (const [name, value] of Object.entries(row)) {
    process.stdout.write(`${name.padEnd(12)} ${value === '' ? '-' : value}\n`);
  }
}

async function replay(ids: readonly string[], flags: ReplayFlags): Promise<void> {
  const { reason, all = false, again = false, dryRun = false } = flags;
  if (ids.length > 0 ? all || reason !== undefined : !all && reason === undefined)
    throw new CommandFault('say which: ids, --all or --reason', 2);
  if (ids.length > MOST_IDS) throw new CommandFault(`at most ${MOST_IDS} ids at once`, 2);
  checkIds(ids);
  const request = { reason, again, ids: ids.length > 0 ? ids : undefined };
  const done = await withOperations(flags, async (operations) => {
    if (ids.length > 0) await checkNamed(operations, ids, again);
    return replayAll(operations, request, dryRun);
  });
  if (flags.json === true) return void process.stdout.write(`${JSON.stringify(done)}\n`);
  if (dryRun) process.stdout.write(`${done.left} dead letters would be replayed.\n`);
  else {
    process.stdout.write(
      `replayed ${done.replayed}: reports ${done.reports}, duplicates ${done.duplicates}, ` +
        `conflicts ${done.conflicts}, dead letters again ${done.dead_letters}\n`,
    );
  }
  if (!dryRun && done.left > 0)
    process.stderr.write(`${done.left} are too large to be appended again and stay as they are.\n`);
}

interface Replayed {
  readonly replayed: number;
  readonly reports: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly dead_letters: number;
  readonly left: number;
}

async function replayAll(
  operations: Operations,
  request: Parameters<Operations['replayDeadLetters']>[0],
  dryRun: boolean,
): Promise<Replayed> {
  let done = { replayed: 0, reports: 0, duplicates: 0, conflicts: 0, dead_letters: 0, left: 0 };
  let ends: readonly number[] | undefined;
  for (;;) {
    const step = await operations.replayDeadLetters({ ...request, ends }, dryRun ? 0 : PER_STEP);
    ends = step.ends;
    const { REPORT = 0, DUPLICATE = 0, CONFLICT = 0, DEAD_LETTER = 0 } = step.outcomes;
    done = {
      replayed: done.replayed + step.replayed,
      reports: done.reports + REPORT,
      duplicates: done.duplicates + DUPLICATE,
      conflicts: done.conflicts + CONFLICT,
      dead_letters: done.dead_letters + DEAD_LETTER,
      left: step.left,
    };
    if (step.replayed === 0 || step.left === 0) return done;
    process.stderr.write(`replayed ${done.replayed} of ${done.replayed + done.left}\n`);
  }
}

/** Says of named ones why they will not be replayed. Throws `CommandFault` when one of them is no dead letter. */
async function checkNamed(operations: Operations, ids: readonly string[], again: boolean): Promise<void> {
  const all = { ids, withReplayed: true, withReplays: true };
  const found = new Map((await operations.deadLetters(all, ids.length)).map((row) => [row.id, row]));
  const unknown = ids.filter((id) => !found.has(id));
  if (unknown.length > 0) throw new CommandFault(`no dead letter stands at ${unknown.join(', ')}`);
  for (const { id, replayedAs, replayOf } of found.values()) {
    if (replayedAs !== '') process.stderr.write(`${id} has been replayed before, as ${replayedAs}\n`);
    else if (replayOf !== '' && !again)
      process.stderr.write(`${id} is a replay of ${replayOf} that could not be read again: give --again\n`);
  }
}

function checkIds(ids: readonly string[]): void {
  const bad = ids.filter((id) => parsePosition(id) === undefined);
  if (bad.length > 0) throw new CommandFault(`not EPOCH:PARTITION:OFFSET: ${bad.join(', ')}`, 2);
}
