// lachan migrate: bring the store to the newest schema.
import type { Command } from 'commander';
import { withOperations } from '../embedded/open.js';
import { dataDirOption, jsonOption } from '../options.js';

interface Flags {
  readonly dataDir: string;
  readonly json?: boolean;
}

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the store to the newest schema (start does it by itself)')
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const applied = await withOperations(flags.dataDir, (operations) => operations.migrate());
      if (flags.json === true) process.stdout.write(`${JSON.stringify({ applied })}\n`);
      else
        process.stdout.write(
          applied.length === 0 ? 'The schema is up to date.\n' : `applied: ${applied.join(', ')}\n`,
        );
    });
}
