// lachan cases: what the operators of the authority look at and do.
import { randomUUID } from 'node:crypto';
import type { EventTime } from '@lachan/proto/report';
import type { Case } from '@lachan/proto/takedown';
import { Option, type Command } from 'commander';
import { STATUSES } from '../../takedown/event-types.js';
import type { AuthorityClient } from '../authority-client.js';
import { jsonOption, wholeNumber } from '../options.js';
import { act, readCase, type ActResult } from '../takedown/act.js';
import { ACTS, type Act, type ActEvent, type ActFlags } from '../takedown/acts.js';
import { CATEGORY_NAMES, categoryNamed, STAGE_NAMES, stageNamed } from '../takedown/contract-names.js';
import { formatResult, resultJson } from '../takedown/format-result.js';
import { caseJson, formatCase, formatCases } from '../takedown/format-case.js';
import { listCases } from '../takedown/list-cases.js';
import { nameCase, type NamedBy, type NamedCase } from '../takedown/name-case.js';
import { addReach, withAuthority, type ReachFlags } from '../takedown/reach-gateway.js';
import { readTime } from '../takedown/read-time.js';
import { bothOf, statusWords } from '../takedown/words.js';

interface ListFlags extends ReachFlags {
  readonly stage?: string;
  readonly status?: string;
  readonly owner?: string;
  readonly addressee?: string;
  readonly category?: string;
  readonly due?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

interface ShowFlags extends ReachFlags, NamedBy {
  readonly json?: boolean;
}

interface ActingFlags extends ReachFlags, NamedBy, ActFlags {
  readonly seen?: number;
  readonly occurredAt?: EventTime;
  readonly note?: string;
  readonly eventId?: string;
  readonly waitMs: number;
  readonly json?: boolean;
}

const MOST_LISTED = 100_000;

export function addCases(program: Command): void {
  const cases = program.command('cases').description('what was reported and has to come down; for operators');
  addReach(
    cases
      .command('list')
      .description('cases, the first to breach a deadline first, then the oldest')
      .addOption(new Option('--stage <stage>', 'who has to move next').choices(STAGE_NAMES))
      .addOption(new Option('--status <status>', 'where it stands').choices(STATUSES))
      .option('--owner <operator>', 'who owns the stage')
      .option('--addressee <provider>', 'who has to act')
      .addOption(new Option('--category <category>', 'what it is').choices(CATEGORY_NAMES))
      .option('--due', 'only where a deadline runs or has passed')
      .addOption(limitOption())
      .addOption(jsonOption()),
  ).action(list);
  addReach(
    named(cases.command('show').description('one case: deadlines, history, what became of every event')),
  ).action(show);
  for (const one of ACTS) addAct(cases, one);
}

export function limitOption(): Option {
  return new Option('--limit <n>', 'how many at most').argParser(wholeNumber(1, MOST_LISTED)).default(100);
}

function named(command: Command): Command {
  return command
    .argument('<case>', 'its key, its URL, or a content id with --service and --provider')
    .option('--service <name>', 'the service that the content id belongs to')
    .option('--provider <provider>', 'provider id of whose service it is')
    .addOption(jsonOption());
}

function addAct(cases: Command, one: Act): void {
  const command = named(cases.command(one.name).description(one.description));
  for (const option of one.options) command.addOption(option);
  command
    .addOption(
      new Option(
        '--seen <version>',
        'version of the case that this goes by (default: looks first)',
      ).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option('--occurred-at <instant>', 'when, with the zone (default: now)').argParser(readTime),
    )
    .option('--note <text>', 'for whoever works on the case; sealed')
    .option('--event-id <id>', 'key of the event (default: a new one); the same again is the same event')
    .addOption(
      new Option('--wait-ms <n>', 'how long to wait for the verdict')
        .argParser(wholeNumber(0, 600_000))
        .default(5_000),
    )
    .addHelpText(
      'after',
      '\nExit status: 0 when it applied, had been done before, or is recorded and not yet judged; 1 when it was refused.',
    );
  addReach(command).action((text: string, flags: ActingFlags) => perform(one, text, flags));
}

async function list(flags: ListFlags): Promise<void> {
  const { owner = '', addressee = '', status = '', due = false } = flags;
  const stage = stageNamed(flags.stage);
  const filter = { stage, status, owner, addressee, category: categoryNamed(flags.category), due };
  const cases = await withAuthority(flags, (client) => listCases(client, filter, flags.limit));
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(cases.map(caseJson))}\n` : formatCases(cases, Date.now()),
  );
}

async function show(text: string, flags: ShowFlags): Promise<void> {
  const which = nameCase(text, flags);
  const found = await withAuthority(flags, (client) => readCase(client, which));
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(caseJson(found))}\n` : formatCase(found, Date.now()),
  );
}

async function perform({ name, event }: Act, text: string, flags: ActingFlags): Promise<void> {
  const which = nameCase(text, flags);
  const results = await withAuthority(flags, async (client) => {
    const before = await readCase(client, which);
    const said = { seenVersion: before.version, ...event(flags, before), ...commonOf(flags) };
    if (flags.json !== true) process.stdout.write(seenLine(before, flags));
    if (flags.foundAt === undefined) return [await act(client, said, which, before, flags.waitMs)];
    return actOnBoth(client, said, which, before, { ...flags, foundAt: flags.foundAt });
  });
  for (const result of results) {
    process.stdout.write(flags.json === true ? `${resultJson(result)}\n` : formatResult(name, result));
    if (result.verdict === 'REFUSED' || result.verdict === 'REJECTED') process.exitCode = 1;
  }
}

/** Content that was found elsewhere is told to the case of both places; the second event is named after the first. */
async function actOnBoth(
  client: AuthorityClient,
  said: ActEvent & { readonly eventId: string },
  which: NamedCase,
  before: Case,
  { foundAt, waitMs }: ActingFlags & { readonly foundAt: string },
): Promise<readonly ActResult[]> {
  const there = nameCase(foundAt, {});
  const found = await readCase(client, there);
  const keys = { fromLocationKey: before.locationKey, toLocationKey: found.locationKey };
  const second = { ...said, ...keys, eventId: `${said.eventId}.found`, seenVersion: found.version };
  return [
    await act(client, { ...said, ...keys }, which, before, waitMs),
    await act(client, second, there, found, waitMs),
  ];
}

function commonOf({ seen, occurredAt, note, eventId }: ActingFlags): ActEvent & { readonly eventId: string } {
  return {
    eventId: eventId ?? randomUUID(),
    note: note ?? '',
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(seen === undefined ? {} : { seenVersion: BigInt(seen) }),
  };
}

function seenLine({ locationKey, version, status }: Case, { seen }: ActingFlags): string {
  const by = seen === undefined ? '' : `, acting on version ${seen}`;
  return `case ${locationKey}: ${status} (${bothOf(statusWords(status))}), version ${version}${by}\n`;
}
