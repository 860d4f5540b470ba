// lachan submit: reports from files, through the SDK; takedown events from files.
import { Option, type Command } from 'commander';
import { Reporter } from '@lachan/sdk';
import { Secret } from '../../gateway/secret.js';
import { AuthorityClient } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';
import { dataDirOption, jsonOption, wholeNumber } from '../options.js';
import { readEvents } from '../submit/read-events.js';
import { FORMATS, readReports, type Format, type PassedOver } from '../submit/read-reports.js';
import { showProgress } from '../submit/progress-bar.js';
import { nothingSent, sendAll, type Sent } from '../submit/send-all.js';
import { noEventsSent, senderFor, sendEvents, type SentEvents } from '../submit/send-events.js';
import { endpointOf, OPERATOR_TOKEN } from '../takedown/reach-gateway.js';

interface Flags {
  readonly kind: 'reports' | 'takedown';
  readonly endpoint?: string;
  readonly token?: string;
  readonly operatorToken?: string;
  readonly format: Format;
  readonly deadlineMs: number;
  readonly insecure?: boolean;
  readonly json?: boolean;
  readonly dataDir: string;
}

export function addSubmit(program: Command): void {
  program
    .command('submit')
    .description('send reports, or what happened to their cases, from files')
    .argument('<files...>', '- is standard input')
    .addOption(
      new Option(
        '--kind <kind>',
        'takedown: proto3 JSON of a TakedownEvent per line, with the credential of an operator or a provider',
      )
        .choices(['reports', 'takedown'])
        .default('reports'),
    )
    .option(
      '--endpoint <host:port>',
      'the gateway (default: that of the start that holds the data directory)',
    )
    .option('--token <token>', 'credential, from: lachan providers add, or lachan operators add')
    .addOption(
      new Option('--operator-token <token>', 'of --kind takedown, where --token is not given')
        .env(OPERATOR_TOKEN)
        .hideHelp(),
    )
    .addOption(
      new Option(
        '--format <format>',
        'of reports. ndjson: proto3 JSON of a report per line; dsa-csv: rows of the EU DSA database; xarf: XARF v4, content/csam and content/csem',
      )
        .choices([...FORMATS])
        .default('ndjson'),
    )
    .addOption(
      new Option('--deadline-ms <n>', 'how long one report or batch of events may wait for its receipt')
        .argParser(wholeNumber(100, 86_400_000))
        .default(120_000),
    )
    .option('--insecure', 'allow plaintext to another machine')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nA receipt says that it is recorded for good. What becomes of an event of takedown is told by: lachan cases show.' +
        '\nExit status: 0 when every line got a receipt (accepted or rejected), 1 when some got none, 2 for wrong usage.',
    )
    .action((files: readonly string[], flags: Flags) =>
      flags.kind === 'takedown' ? submitEvents(files, flags) : submitReports(files, flags),
    );
}

async function submitReports(files: readonly string[], flags: Flags): Promise<void> {
  const endpoint = endpointOf(flags);
  if (flags.token === undefined) throw new CommandFault('give --token (or LACHAN_TOKEN)', 2);

  const reporter = new Reporter({
    endpoint,
    token: flags.token,
    deadlineMs: flags.deadlineMs,
    ...(flags.insecure === true ? { tls: false, insecure: true } : {}),
  });
  const sent = nothingSent();
  const passedOver: PassedOver = new Map();
  const startedMs = performance.now();
  const bar = showProgress(() => ({
    done: sent.accepted + sent.rejected,
    rejected: sent.rejected,
    total: undefined,
  }));
  try {
    await sendAll(readReports(files, flags.format, passedOver), reporter, sent);
  } finally {
    bar.stop();
    await reporter.close();
  }
  const [unit, units, whole] =
    flags.format === 'xarf' ? ['member', 'members', 'documents'] : ['column', 'columns', 'rows'];
  const unknown = { [`unknown_${units}`]: Object.fromEntries(passedOver) };
  tell(sent, 'reports', flags, (performance.now() - startedMs) / 1000, unknown);
  if (flags.json !== true) {
    for (const [name, count] of passedOver) {
      process.stdout.write(`${unit} ${name} is not known and was passed over in ${count} ${whole}\n`);
    }
  }
}

async function submitEvents(files: readonly string[], flags: Flags): Promise<void> {
  const token = flags.token ?? flags.operatorToken;
  if (token === undefined) throw new CommandFault(`give --token (or LACHAN_TOKEN, or ${OPERATOR_TOKEN})`, 2);
  const client = new AuthorityClient({
    endpoint: endpointOf(flags),
    token: new Secret(token),
    insecure: flags.insecure === true,
    deadlineMs: flags.deadlineMs,
    random: Math.random,
  });
  const sent = noEventsSent();
  const startedMs = performance.now();
  try {
    const send = await senderFor(client);
    const bar = showProgress(
      () => ({ done: sent.accepted + sent.rejected, rejected: sent.rejected, total: undefined }),
      'events',
    );
    try {
      await sendEvents(readEvents(files), send, sent);
    } finally {
      bar.stop();
    }
  } finally {
    client.close();
  }
  tell(sent, 'events', flags, (performance.now() - startedMs) / 1000, {});
}

/** The summary, and the exit status. `more`: members of the JSON. */
function tell(
  { read, accepted, rejected, unsent, rejections, firstUnsent }: Sent | SentEvents,
  what: string,
  { json }: Pick<Flags, 'json'>,
  seconds: number,
  more: Readonly<Record<string, unknown>>,
): void {
  if (json === true) {
    process.stdout.write(
      `${JSON.stringify({
        read,
        accepted,
        rejected,
        unsent,
        seconds: Math.round(seconds * 1000) / 1000,
        rejections,
        ...(rejections.length < rejected ? { rejections_left_out: rejected - rejections.length } : {}),
        ...more,
      })}\n`,
    );
  } else {
    for (const { file, line, violations } of rejections) {
      for (const { field, rule, message } of violations) {
        process.stdout.write(`${file}:${line}: ${field} ${rule}: ${message}\n`);
      }
    }
    process.stdout.write(
      `read ${read}, accepted ${accepted}, rejected ${rejected}, ${seconds.toFixed(1)} s\n`,
    );
  }
  if (unsent > 0) {
    process.stderr.write(`${unsent} ${what} got no receipt; the first: ${firstUnsent ?? ''}\n`);
    process.exitCode = 1;
  }
}
