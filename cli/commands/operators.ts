// lachan operators: who acts for the authority, and in which world.
import type { Command } from 'commander';
import { formatTable } from '../format-rows.js';
import { jsonOption } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly json?: boolean;
  readonly test?: boolean;
  readonly verifier?: boolean;
  readonly mayImport?: boolean;
}

export function addOperators(program: Command): void {
  const operators = program
    .command('operators')
    .description('who acts for the authority, and in which world');
  addWhere(
    operators
      .command('add')
      .description('make a credential; its token is shown this once')
      .argument('<name>', 'name of the operator; the same name again makes another credential for it')
      .option('--test', 'for the TEST world, which never meets the PRODUCTION one')
      .option('--verifier', 'only looks whether content is still there, and says so')
      .option('--may-import', 'may record histories with the times of whoever kept them')
      .addOption(jsonOption())
      .action(add),
  );
  addWhere(
    operators
      .command('list')
      .description('all credentials, without their tokens')
      .addOption(jsonOption())
      .action(list),
  );
  addWhere(
    operators
      .command('revoke')
      .description('end credentials, at once and for good')
      .argument('<which>', 'an operator id (all its credentials) or the beginning of a credential')
      .addOption(jsonOption())
      .action(revoke),
  );
}

async function add(name: string, flags: Flags): Promise<void> {
  const environment = flags.test === true ? 'TEST' : 'PRODUCTION';
  const role = flags.verifier === true ? 'VERIFIER' : 'OPERATOR';
  const made = await withOperations(flags, (operations) =>
    operations.addOperator(name, environment, role, flags.mayImport === true),
  );
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(made)}\n`
      : `operator     ${made.operator_id}\nenvironment  ${made.environment}\nrole         ${made.role}\n` +
          `may import   ${made.may_import ? 'yes' : 'no'}\ntoken        ${made.token}\n` +
          'The token is not kept and cannot be shown again.\n',
  );
}

async function list(flags: Flags): Promise<void> {
  const credentials = await withOperations(flags, (operations) => operations.listOperators());
  const rows = credentials.map((credential) => ({
    operator_id: credential.operatorId,
    name: credential.name,
    environment: credential.environment,
    role: credential.role,
    may_import: credential.mayImport,
    credential: credential.credentialHash.slice(0, 12),
    created_at: credential.createdAt,
    revoked_at: credential.revokedAt,
  }));
  process.stdout.write(flags.json === true ? `${JSON.stringify(rows)}\n` : formatTable(rows));
}

async function revoke(which: string, flags: Flags): Promise<void> {
  const revoked = await withOperations(flags, (operations) => operations.revokeOperator(which));
  process.stdout.write(flags.json === true ? `${JSON.stringify({ revoked })}\n` : `revoked: ${revoked}\n`);
}
