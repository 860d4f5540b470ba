#!/usr/bin/env node
// Entry point: one sub-command a file under commands, loaded when it is asked for.
import type { Command } from 'commander';
import { CommandFault } from './command-fault.js';
import { checkEnvironment, EnvironmentCommand, mentionsLachan } from './environment.js';

const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  start: async () => (await import('./commands/start.js')).addStart,
  providers: async () => (await import('./commands/providers.js')).addProviders,
  operators: async () => (await import('./commands/operators.js')).addOperators,
  submit: async () => (await import('./commands/submit.js')).addSubmit,
  cases: async () => (await import('./commands/cases.js')).addCases,
  queue: async () => (await import('./commands/queue.js')).addQueue,
  query: async () => (await import('./commands/query.js')).addQuery,
  'dead-letters': async () => (await import('./commands/dead-letters.js')).addDeadLetters,
  enrich: async () => (await import('./commands/enrich.js')).addEnrich,
  audit: async () => (await import('./commands/audit.js')).addAudit,
  migrate: async () => (await import('./commands/migrate.js')).addMigrate,
  unseal: async () => (await import('./commands/unseal.js')).addUnseal,
  gateway: async () => (await import('./commands/gateway.js')).addGateway,
  consumers: async () => (await import('./commands/consumers.js')).addConsumers,
  console: async () => (await import('./commands/console.js')).addConsole,
  keys: async () => (await import('./commands/keys.js')).addKeys,
  demo: async () => (await import('./commands/demo.js')).addDemo,
};
/** Failures end with 1: a script can tell them from a slip of its own. */
const WRONG_USAGE = 2;

const program = new EnvironmentCommand('lachan')
  .description(
    'One focal point where Internet platforms report harmful content about children.\n' +
      'Every option also exists as an environment variable: --data-dir is LACHAN_DATA_DIR.',
  )
  .showHelpAfterError('(add --help for what there is)')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));

try {
  const [asked = ''] = process.argv.slice(2);
  // A variable may belong to any command, and so may what was meant.
  const one = Object.hasOwn(COMMANDS, asked) && !mentionsLachan(process.env);
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (!one || name === asked) (await load())(program);
  }
  checkEnvironment(program, process.env);
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`lachan: ${error instanceof Error ? error.message : String(error)}\n`);
  if (!(error instanceof CommandFault) && process.env['LACHAN_DEBUG'] === 'true' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  process.exitCode = error instanceof CommandFault ? error.exitCode : 1;
}
