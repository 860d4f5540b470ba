// lachan unseal: for the authority alone, on a machine that holds its private key.
import { constants, createPrivateKey, privateDecrypt, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Secret } from '../../gateway/secret.js';
import { openBox } from '../../gateway/seal.js';
import type { SealedEvent, SealedReport } from '../../store/queries/sealed.js';
import { CommandFault } from '../command-fault.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';

interface Flags extends Where {
  readonly privateKey: string;
  readonly case?: boolean;
}

export function addUnseal(program: Command): void {
  addWhere(
    program
      .command('unseal')
      .description(
        "open what is sealed in reports, or in the events of a case, with the authority's private key; prints JSON",
      )
      .argument('<id...>', 'UUIDs: authority report ids as in the receipts, or with --case keys of cases')
      .option('--case', 'the addresses and notes in what was done in these cases')
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
      const found =
        flags.case === true
          ? (await operations.sealedEvents(id)).map(eventOf)
          : (await operations.sealed(id)).map(reportOf);
      if (found.length === 0) unknown.push(id);
      for (const one of found) {
        const fields = opened(one, privateKey, dataKeys);
        process.stdout.write(`${JSON.stringify({ ...one.shown, fields })}\n`);
      }
    }
    if (unknown.length > 0)
      throw new CommandFault(
        flags.case === true
          ? `nothing sealed has landed in ${unknown.join(', ')}`
          : `no report has landed under ${unknown.join(', ')}`,
      );
  });
}

interface Boxes {
  /** What the boxes are bound to. */
  readonly id: string;
  readonly revision: number;
  readonly fields: readonly string[];
  readonly boxes: readonly string[];
  readonly wrappedKeys: readonly string[];
  readonly shown: Readonly<Record<string, unknown>>;
}

function reportOf(report: SealedReport): Boxes {
  const { authorityReportId: id, environment, revision, receivedAt } = report;
  const shown = { authority_report_id: id, environment, revision, received_at: receivedAt };
  return { ...report, id, shown };
}

function eventOf(event: SealedEvent): Boxes {
  const { eventKey: id, eventId, type, actorRole, actorId, environment, receivedAt } = event;
  const actor = { actor_role: actorRole, actor: actorId };
  const shown = { event_id: eventId, type, ...actor, environment, received_at: receivedAt };
  return { ...event, id, revision: 0, shown };
}

function opened(
  { id, revision, fields, boxes, wrappedKeys }: Boxes,
  privateKey: KeyObject,
  dataKeys: Map<string, Secret<Buffer>>,
): Readonly<Record<string, string>> {
  const boundTo = Buffer.from(id.replaceAll('-', ''), 'hex');
  const values = fields.map((field, i) => {
    const dataKey = unwrap(wrappedKeys[i] ?? '', privateKey, dataKeys);
    const value = openBox(dataKey, Buffer.from(boxes[i] ?? '', 'base64'), boundTo, revision, field);
    if (value === undefined) throw new CommandFault(`${field} of ${id} does not open: it was altered`);
    return [field, value] as const;
  });
  return Object.fromEntries(values);
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
