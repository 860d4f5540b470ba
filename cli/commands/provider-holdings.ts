// lachan providers own|disown|key|owns: who answers for which locations, and to which key they are sealed.
import { createPublicKey, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Holding } from '../../store/queries/addressees.js';
import { CommandFault } from '../command-fault.js';
import { formatTable } from '../format-rows.js';
import { jsonOption } from '../options.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly json?: boolean;
  readonly domain?: readonly string[];
  readonly asn?: readonly string[];
  readonly cidr?: readonly string[];
}

export function addProviderHoldings(providers: Command): void {
  for (const [name, description, run] of [
    ['own', 'let a provider answer for domains, networks or ranges of addresses: notices go to it', own],
    ['disown', 'a provider no longer answers for them', disown],
  ] as const) {
    addWhere(
      providers
        .command(name)
        .description(description)
        .argument('<provider>', 'provider id')
        .option('--domain <domain...>', 'with all under it; the longest that is held counts')
        .option('--asn <number...>', 'of networks; count where neither domain nor range is held')
        .option('--cidr <range...>', 'such as 192.0.2.0/24; count where no domain is held')
        .addOption(jsonOption())
        .action(run),
    );
  }
  addWhere(
    providers
      .command('key')
      .description('register the public key of a provider: locations in its notices are sealed to it')
      .argument('<provider>', 'provider id')
      .argument('<file>', 'RSA public key in PEM, 2048 bits or more')
      .addOption(jsonOption())
      .action(setKey),
  );
  addWhere(
    providers
      .command('owns')
      .description('who answers for what')
      .argument('[provider]', 'provider id (default: all)')
      .addOption(jsonOption())
      .action(owns),
  );
}

async function own(provider: string, flags: Flags): Promise<void> {
  const added = await withOperations(flags, (operations) => operations.own(provider, holdingsOf(flags)));
  process.stdout.write(flags.json === true ? `${JSON.stringify({ added })}\n` : `added: ${added}\n`);
}

async function disown(provider: string, flags: Flags): Promise<void> {
  const removed = await withOperations(flags, (operations) => operations.disown(provider, holdingsOf(flags)));
  process.stdout.write(flags.json === true ? `${JSON.stringify({ removed })}\n` : `removed: ${removed}\n`);
}

function holdingsOf({ domain = [], asn = [], cidr = [] }: Flags) {
  return { domains: domain, asns: asn, cidrs: cidr };
}

async function setKey(provider: string, file: string, flags: Flags): Promise<void> {
  const pem = readPem(file);
  await withOperations(flags, (operations) => operations.setNoticeKey(provider, pem));
  const key = fingerprintOf(pem);
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ provider_id: provider, key })}\n`
      : `locations for ${provider} are sealed to the key ${key} from now on\n`,
  );
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFault(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function owns(provider: string | undefined, flags: Flags): Promise<void> {
  const held = await withOperations(flags, (operations) => operations.listHoldings(provider));
  const rows = held.map(rowOf);
  process.stdout.write(flags.json === true ? `${JSON.stringify(rows)}\n` : formatTable(rows));
}

function rowOf({ kind, value, providerId, addedAt }: Holding) {
  const shown = kind === 'NOTICE_KEY' ? fingerprintOf(value) : value;
  return { provider_id: providerId, kind, value: shown, added_at: addedAt };
}

/** SHA-256 of the key's SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER | sha256sum` gives it. */
function fingerprintOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}
