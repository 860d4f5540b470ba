// Where commands find the gateway, and as whom they come.
import { Option, type Command } from 'commander';
import { Secret } from '../../gateway/secret.js';
import { AuthorityClient } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';
import { dataDirectory } from '../embedded/data-directory.js';
import { readRunning } from '../embedded/running.js';
import { dataDirOption, wholeNumber } from '../options.js';

export interface ReachFlags {
  readonly endpoint?: string;
  readonly token?: string;
  readonly insecure?: boolean;
  readonly deadlineMs: number;
  readonly dataDir: string;
}

export const OPERATOR_TOKEN = 'LACHAN_OPERATOR_TOKEN';

/** Adds the options of an operator's command. */
export function addReach(command: Command): Command {
  return command
    .option(
      '--endpoint <host:port>',
      'the gateway (default: that of the start that holds the data directory)',
    )
    .addOption(
      new Option('--token <token>', 'credential of the operator, from: lachan operators add').env(
        OPERATOR_TOKEN,
      ),
    )
    .option('--insecure', 'allow plaintext to another machine')
    .addOption(
      new Option('--deadline-ms <n>', 'how long the gateway may take to answer')
        .argParser(wholeNumber(100, 600_000))
        .default(10_000),
    )
    .addOption(dataDirOption());
}

/** Runs `work` with a client and closes it. Rejects with `CommandFault` when there is no gateway or no credential. */
export async function withAuthority<T>(
  flags: ReachFlags,
  work: (client: AuthorityClient) => Promise<T>,
): Promise<T> {
  if (flags.token === undefined) throw new CommandFault(`give --token (or ${OPERATOR_TOKEN})`, 2);
  const client = new AuthorityClient({
    endpoint: endpointOf(flags),
    token: new Secret(flags.token),
    insecure: flags.insecure === true,
    deadlineMs: flags.deadlineMs,
    random: Math.random,
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Throws `CommandFault` when none is given and none runs here. */
export function endpointOf({ endpoint, dataDir }: Pick<ReachFlags, 'endpoint' | 'dataDir'>): string {
  const found = endpoint ?? readRunning(dataDirectory(dataDir))?.grpc;
  if (found === undefined)
    throw new CommandFault('no gateway runs on this data directory: give --endpoint', 2);
  return found;
}
