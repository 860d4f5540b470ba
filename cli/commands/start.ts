// lachan start: the embedded setting until a signal ends it.
import type { Command } from 'commander';
import { pino } from 'pino';
import { defaultAuthorityKeyDir } from '../embedded/data-directory.js';
import type { RunningEmbedded } from '../embedded/serve.js';
import {
  addressOptions,
  dataDirOption,
  jsonOption,
  logLevelOption,
  tuningOptions,
  type ServeFlags,
} from '../options.js';

interface Flags extends ServeFlags {
  readonly json?: boolean;
  readonly logLevel: string;
}

export function addStart(program: Command): void {
  const command = program
    .command('start')
    .description('gateway, landing and store in one process on one machine')
    .addOption(dataDirOption())
    .option(
      '--authority-key-dir <dir>',
      "where the first start writes the authority's private key (default: the data directory's name + -authority-key)",
    )
    .addOption(jsonOption())
    .addOption(logLevelOption());
  for (const option of [...addressOptions(), ...tuningOptions()]) command.addOption(option);
  command.action(start);
}

async function start(flags: Flags): Promise<void> {
  const logger = pino({ level: flags.logLevel, base: null }, pino.destination({ fd: 2, sync: true }));
  // Only now: images of the cluster are built without the embedded log and the engine.
  const { startEmbedded } = await import('../embedded/start.js');
  const running = await startEmbedded({
    ...flags,
    authorityKeyDir: flags.authorityKeyDir ?? defaultAuthorityKeyDir(flags.dataDir),
    countryMmdb: flags.countryMmdb,
    asnMmdb: flags.asnMmdb,
    logger,
  });
  // Before anybody is told that it serves, and may end it.
  const signal = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  announce(running, flags);

  // The gateway goes on: what it accepts stands in the log until landing can go on, and health says so.
  running.failed.catch((error: unknown) => {
    logger.fatal(
      { err: error },
      'landing has stopped; reports are still accepted into the log; see docs/operate.md',
    );
  });
  logger.info({ signal: await signal }, 'shutting down');
  try {
    await running.stop();
  } catch (error) {
    logger.error({ err: error }, 'the shut-down was not in order; the next start lands what is left');
    process.exitCode = 1;
  }
  process.exit();
}

function announce({ grpc, http, madePrivateKey }: RunningEmbedded, { json, dataDir }: Flags): void {
  if (madePrivateKey !== undefined) {
    process.stderr.write(
      `The authority's private key was written to ${madePrivateKey}\n` +
        'Move it to where only the authority can read it: without it nobody can open what is sealed.\n',
    );
  }
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ ready: true, grpc, http, pid: process.pid })}\n`);
    return;
  }
  process.stdout.write(
    `Lachan serves.\n  providers   ${grpc} (gRPC)\n  health      ${http}/healthz\n  metrics     ${http}/metrics\n  data        ${dataDir}\n`,
  );
}
