// lachan submit: reports from files, through the SDK.
import { Option, type Command } from 'commander';
import { Reporter } from '@lachan/sdk';
import { CommandFault } from '../command-fault.js';
import { dataDirectory } from '../embedded/data-directory.js';
import { readRunning } from '../embedded/running.js';
import { dataDirOption, jsonOption, wholeNumber } from '../options.js';
import { FORMATS, readReports, type Format, type PassedOver } from '../submit/read-reports.js';
import { showProgress } from '../submit/progress-bar.js';
import { nothingSent, sendAll, type Sent } from '../submit/send-all.js';

interface Flags {
  readonly endpoint?: string;
  readonly token?: string;
  readonly format: Format;
  readonly deadlineMs: number;
  readonly insecure?: boolean;
  readonly json?: boolean;
  readonly dataDir: string;
}

export function addSubmit(program: Command): void {
  program
    .command('submit')
    .description('send reports from files')
    .argument('<files...>', '- is standard input')
    .option(
      '--endpoint <host:port>',
      'the gateway (default: that of the start that holds the data directory)',
    )
    .option('--token <token>', 'credential of the provider, from: lachan providers add')
    .addOption(
      new Option(
        '--format <format>',
        'ndjson: proto3 JSON of a report per line; dsa-csv: rows of the EU DSA database; xarf: XARF v4, content/csam and content/csem',
      )
        .choices([...FORMATS])
        .default('ndjson'),
    )
    .addOption(
      new Option('--deadline-ms <n>', 'how long one report may wait for its receipt')
        .argParser(wholeNumber(100, 86_400_000))
        .default(120_000),
    )
    .option('--insecure', 'allow plaintext to another machine')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit status: 0 when every report got a receipt (accepted or rejected), 1 when some got none, 2 for wrong usage.',
    )
    .action(submit);
}

async function submit(files: readonly string[], flags: Flags): Promise<void> {
  const endpoint = flags.endpoint ?? readRunning(dataDirectory(flags.dataDir))?.grpc;
  if (endpoint === undefined)
    throw new CommandFault('no gateway runs on this data directory: give --endpoint', 2);
  if (flags.token === undefined) throw new CommandFault('give --token (or LACHAN_TOKEN)', 2);

  const reporter = new Reporter({
    endpoint,
    token: flags.token,
    deadlineMs: flags.deadlineMs,
    ...(flags.insecure === true ? { insecure: true } : {}),
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
  report(sent, flags, passedOver, (performance.now() - startedMs) / 1000);
  if (sent.unsent > 0) process.exitCode = 1;
}

function report(sent: Sent, flags: Flags, passedOver: PassedOver, seconds: number): void {
  const [unit, units, whole] =
    flags.format === 'xarf' ? ['member', 'members', 'documents'] : ['column', 'columns', 'rows'];
  if (flags.json === true) {
    const { read, accepted, rejected, unsent, rejections } = sent;
    process.stdout.write(
      `${JSON.stringify({
        read,
        accepted,
        rejected,
        unsent,
        seconds: Math.round(seconds * 1000) / 1000,
        rejections,
        ...(rejections.length < rejected ? { rejections_left_out: rejected - rejections.length } : {}),
        [`unknown_${units}`]: Object.fromEntries(passedOver),
      })}\n`,
    );
  } else {
    for (const { file, line, violations } of sent.rejections) {
      for (const { field, rule, message } of violations) {
        process.stdout.write(`${file}:${line}: ${field} ${rule}: ${message}\n`);
      }
    }
    process.stdout.write(
      `read ${sent.read}, accepted ${sent.accepted}, rejected ${sent.rejected}, ${seconds.toFixed(1)} s\n`,
    );
    for (const [name, count] of passedOver) {
      process.stdout.write(`${unit} ${name} is not known and was passed over in ${count} ${whole}\n`);
    }
  }
  if (sent.unsent > 0) {
    process.stderr.write(`${sent.unsent} reports got no receipt; the first: ${sent.firstUnsent ?? ''}\n`);
  }
}
