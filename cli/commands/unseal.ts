// lachan unseal: for the authority alone, on a machine that holds its private key.
import { constants, createPrivateKey, privateDecrypt, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Secret } from '../../gateway/secret.js';
import { openBox } from '../../gateway/seal.js';
import type { SealedReport } from '../../store/queries/sealed.js';
import { CommandFault } from '../command-fault.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly privateKey: string;
}

export function addUnseal(program: Command): void {
  addWhere(
    program
      .command('unseal')
      .description("open the sealed fields of reports with the authority's private key; prints JSON")
      .argument('<authority-report-id...>', 'UUIDs, as in the receipts')
      .requiredOption('--private-key <file>', 'PEM; the data directory never holds it')
      .action(unseal),
  );
}

async function unseal(ids: readonly string[], flags: Flags): Promise<void> {
  const bad = ids.filter((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id));
  if (bad.length > 0) throw new CommandFault(`not a UUID: ${bad.join(', ')}`, 2);
  const privateKey = createPrivateKey(readFileSync(flags.privateKey));
  const dataKeys = new Map<string, Secret<Buffer>>();
  await withOperations(flags, async (operations) => {
    const unknown: string[] = [];
    for (const id of ids) {
      const reports = await operations.sealed(id);
      if (reports.length === 0) unknown.push(id);
      for (const report of reports) {
        process.stdout.write(`${JSON.stringify(opened(report, privateKey, dataKeys))}\n`);
      }
    }
    if (unknown.length > 0) throw new CommandFault(`no report has landed under ${unknown.join(', ')}`);
  });
}

function opened(report: SealedReport, privateKey: KeyObject, dataKeys: Map<string, Secret<Buffer>>): unknown {
  const id = Buffer.from(report.authorityReportId.replaceAll('-', ''), 'hex');
  const fields = report.fields.map((field, i) => {
    const dataKey = unwrap(report.wrappedKeys[i] ?? '', privateKey, dataKeys);
    const value = openBox(dataKey, Buffer.from(report.boxes[i] ?? '', 'base64'), id, report.revision, field);
    if (value === undefined)
      throw new CommandFault(`${field} of ${report.authorityReportId} does not open: it was altered`);
    return [field, value] as const;
  });
  return {
    authority_report_id: report.authorityReportId,
    environment: report.environment,
    revision: report.revision,
    received_at: report.receivedAt,
    fields: Object.fromEntries(fields),
  };
}

function unwrap(wrapped: string, privateKey: KeyObject, known: Map<string, Secret<Buffer>>): Secret<Buffer> {
  const before = known.get(wrapped);
  if (before !== undefined) return before;
  if (wrapped === '')
    throw new CommandFault('the data key of a box has not landed; try again in a few seconds');
  let key: Secret<Buffer>;
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    key = new Secret(
      privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, Buffer.from(wrapped, 'base64')),
    );
  } catch {
    throw new CommandFault(
      'this private key does not open the data key: it is not the one of this authority',
    );
  }
  known.set(wrapped, key);
  return key;
}
