#!/usr/bin/env node
// Entry point: one sub-command a file under commands, loaded when it is asked for.
import { Command } from 'commander';
import { addAudit } from './commands/audit.js';
import { addDemo } from './commands/demo.js';
import { addEnrich } from './commands/enrich.js';
import { addMigrate } from './commands/migrate.js';
import { addProviders } from './commands/providers.js';
import { addQuery } from './commands/query.js';
import { addStart } from './commands/start.js';
import { addSubmit } from './commands/submit.js';
import { addUnseal } from './commands/unseal.js';
import { applyEnvironment } from './environment.js';
import { CommandFault } from './command-fault.js';

const program = new Command('lachan')
  .description(
    'One focal point where Internet platforms report harmful content about children.\n' +
      'Every option also exists as an environment variable: --data-dir is LACHAN_DATA_DIR.',
  )
  .showHelpAfterError('(add --help for what there is)')
  .configureHelp({ showGlobalOptions: true });

for (const add of [
  addStart,
  addProviders,
  addSubmit,
  addQuery,
  addEnrich,
  addAudit,
  addMigrate,
  addUnseal,
  addDemo,
]) {
  add(program);
}

try {
  applyEnvironment(program, process.env);
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`lachan: ${error instanceof Error ? error.message : String(error)}\n`);
  if (!(error instanceof CommandFault) && process.env['LACHAN_DEBUG'] === 'true' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  process.exitCode = error instanceof CommandFault ? error.exitCode : 1;
}
