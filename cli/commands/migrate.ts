// lachan migrate: bring the store to the newest schema.
import type { Command } from 'commander';
import { jsonOption } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly json?: boolean;
}

export function addMigrate(program: Command): void {
  addWhere(
    program
      .command('migrate')
      .description('bring the store to the newest schema (the embedded setting does it by itself)')
      .addOption(jsonOption())
      .action(async (flags: Flags) => {
        const applied = await withOperations(flags, (operations) => operations.migrate(), {
          anySchema: true,
        });
        if (flags.json === true) process.stdout.write(`${JSON.stringify({ applied })}\n`);
        else
          process.stdout.write(
            applied.length === 0 ? 'The schema is up to date.\n' : `applied: ${applied.join(', ')}\n`,
          );
      }),
  );
}
