// Where a command works: on a data directory of this machine, or on a cluster when it is told of one.
import type { Command } from 'commander';
import type { ClusterWork } from './cluster/open-cluster.js';
import { logOptions, storeOptions, type ClusterFlags } from './cluster/options.js';
import type { Operations } from './operations.js';
import { dataDirOption } from './options.js';

export interface Where extends ClusterFlags {
  readonly dataDir: string;
}

/** Shown in the help of commands; the rest of the cluster's settings is in docs/operate-cluster.md. */
const SHOWN = ['clickhouse-url', 'kafka-brokers'];

/** Adds the options that say where. */
export function addWhere(command: Command): Command {
  command.addOption(dataDirOption());
  for (const option of [...storeOptions(), ...logOptions()]) {
    command.addOption(option.hideHelp(!SHOWN.includes(option.name())));
  }
  return command.addHelpText(
    'after',
    '\nWith --clickhouse-url: on that cluster, not on a data directory; docs/operate-cluster.md has all its settings.',
  );
}

/** Runs `work` and lets go of what it was run on. */
export async function withOperations<T>(
  where: Where,
  work: (operations: Operations) => Promise<T>,
  how: ClusterWork = {},
): Promise<T> {
  if (where.clickhouseUrl !== undefined) {
    const { openCluster } = await import('./cluster/open-cluster.js');
    return openCluster(where, work, how);
  }
  const { openDirectory } = await import('./embedded/open.js');
  return openDirectory(where.dataDir, work);
}
