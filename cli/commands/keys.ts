// lachan keys: what a cluster needs before its first start. The embedded setting makes its own.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandFault } from '../command-fault.js';
import { keyFilesIn, makeKeys } from '../keys.js';

interface Flags {
  readonly out: string;
  readonly authorityKeyDir?: string;
}

export function addKeys(program: Command): void {
  program
    .command('keys')
    .description('keys of a cluster, made once')
    .command('make')
    .description("the identity key and the authority's pair of keys; overwrites nothing")
    .requiredOption('--out <dir>', 'for identity.key and authority-public.pem: what every gateway reads')
    .option(
      '--authority-key-dir <dir>',
      "for authority-private.pem, which no process of Lachan needs (default: the other directory's name + -authority-key)",
    )
    .action(make);
}

async function make(flags: Flags): Promise<void> {
  const out = resolve(flags.out);
  if (existsSync(out)) throw new CommandFault(`${out} is there already: keys are written to a new directory`);
  const files = keyFilesIn(out);
  const privateFile = await makeKeys(files, resolve(flags.authorityKeyDir ?? `${out}-authority-key`));
  process.stdout.write(
    `identity key             ${files.identityKey}\nauthority's public key   ${files.authorityPublicKey}\n` +
      `authority's private key  ${privateFile}\n` +
      'Back up the identity key apart from the data. Move the private key to where only the authority can read it.\n',
  );
}
