// lachan console: health and metrics of the whole cluster.
import type { Command } from 'commander';
import { roleOptions, type RoleFlags } from '../cluster/options.js';

export function addConsole(program: Command): void {
  const command = program
    .command('console')
    .description('cluster: health and metrics of landing as a whole; any number of them');
  for (const option of roleOptions()) command.addOption(option);
  command.action(async (flags: RoleFlags) => {
    const { runConsole } = await import('../cluster/console.js');
    await runConsole(flags);
  });
}
