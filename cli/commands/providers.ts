// lachan providers: who may report, and for which world.
import type { Command } from 'commander';
import { jsonOption } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';
import { formatTable } from '../format-rows.js';
import { addProviderHoldings } from './provider-holdings.js';
import { addProviderReport } from './provider-report.js';

interface Flags extends Where {
  readonly json?: boolean;
  readonly test?: boolean;
}

export function addProviders(program: Command): void {
  const providers = program.command('providers').description('who may report, and for which world');
  addWhere(
    providers
      .command('add')
      .description('make a credential; its token is shown this once')
      .argument('<name>', 'name of the provider; the same name again makes another credential for it')
      .option('--test', 'for the TEST world, which never meets the PRODUCTION one')
      .addOption(jsonOption())
      .action(add),
  );
  addWhere(
    providers
      .command('list')
      .description('all credentials, without their tokens')
      .addOption(jsonOption())
      .action(list),
  );
  addWhere(
    providers
      .command('revoke')
      .description('end credentials, at once and for good')
      .argument('<which>', 'a provider id (all its credentials) or the beginning of a credential')
      .addOption(jsonOption())
      .action(revoke),
  );
  addProviderHoldings(providers);
  addProviderReport(providers);
}

async function add(name: string, flags: Flags): Promise<void> {
  const environment = flags.test === true ? 'TEST' : 'PRODUCTION';
  const made = await withOperations(flags, (operations) => operations.addProvider(name, environment));
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(made)}\n`
      : `provider     ${made.provider_id}\nenvironment  ${made.environment}\ntoken        ${made.token}\n` +
          'The token is not kept and cannot be shown again.\n',
  );
}

async function list(flags: Flags): Promise<void> {
  const credentials = await withOperations(flags, (operations) => operations.listProviders());
  const rows = credentials.map(({ providerId, name, environment, credentialHash, createdAt, revokedAt }) => ({
    provider_id: providerId,
    name,
    environment,
    credential: credentialHash.slice(0, 12),
    created_at: createdAt,
    revoked_at: revokedAt,
  }));
  process.stdout.write(flags.json === true ? `${JSON.stringify(rows)}\n` : formatTable(rows));
}

async function revoke(which: string, flags: Flags): Promise<void> {
  const revoked = await withOperations(flags, (operations) => operations.revokeProvider(which));
  process.stdout.write(flags.json === true ? `${JSON.stringify({ revoked })}\n` : `revoked: ${revoked}\n`);
}
