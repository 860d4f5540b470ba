// The same report sent again is a duplicate; the same id with another content a conflict that names the fields.
// Depends only on the records before it in its partition, so a batch landed again gets the same verdicts.
import { Buffer } from 'node:buffer';
import type { ReportRecord } from '../schemas/report-record.js';
import { selectLandedDigests, type Before } from '../store/queries/known-keys.js';
import type { Select } from '../store/queries/select.js';
import type { DeadLetter, Decoded } from './decode.js';
import { FIELD_NAMES } from '../schemas/field-names.js';
import type { KnownKeys } from './known-keys.js';
import { LandingFault } from './land.js';

/** One per record of the batch, in order. */
export type Judged = JudgedRecord | DeadLetter;

export interface JudgedRecord {
  readonly outcome: 'REPORT' | 'DUPLICATE' | 'CONFLICT';
  readonly offset: number;
  readonly record: ReportRecord;
  readonly conflictFields: readonly string[];
}

/**
 * `before`: where the batch begins; only what stands before it is asked of the store. Rejects with
 * the store's fault, and then `known` must be loaded anew.
 */
export async function deduplicate(
  batch: readonly Decoded[],
  known: KnownKeys,
  select: Select,
  before: Before,
): Promise<readonly Judged[]> {
  const verdicts = batch.map((entry) =>
    entry.outcome === 'READ' ? known.judge(entry.record.recordKey, entry.record.payloadDigest) : undefined,
  );
  const asked = new Set<string>();
  batch.forEach((entry, i) => {
    if (entry.outcome === 'READ' && (verdicts[i] === 'MAYBE' || verdicts[i] === 'OTHER')) {
      asked.add(hex(entry.record.recordKey));
    }
  });
  const landed = await selectLandedDigests(select, before, [...asked]);
  const firstInBatch = new Map<string, ReportRecord>();

  return batch.map((entry, i): Judged => {
    if (entry.outcome === 'DEAD_LETTER') return entry;
    const { offset, record } = entry;
    const judged = (outcome: JudgedRecord['outcome'], conflictFields: readonly string[] = []): Judged => ({
      outcome,
      offset,
      record,
      conflictFields,
    });
    if (asked.size === 0) return judged(verdicts[i] === 'NEW' ? 'REPORT' : 'DUPLICATE');

    const key = hex(record.recordKey);
    if (verdicts[i] === 'NEW') {
      if (asked.has(key)) firstInBatch.set(key, record);
      return judged('REPORT');
    }
    if (verdicts[i] === 'SAME') return judged('DUPLICATE');
    const earlier = landed.get(key) ?? digestsOf(firstInBatch.get(key));
    if (earlier === undefined) {
      if (verdicts[i] === 'OTHER') throw new LandingFault('a remembered report is not in the store');
      known.remember(record.recordKey, record.payloadDigest);
      firstInBatch.set(key, record);
      return judged('REPORT');
    }
    if (earlier.digest === hex(record.payloadDigest)) return judged('DUPLICATE');
    return judged('CONFLICT', differingFields(earlier.fieldDigests, hex(record.fieldDigests)));
  });
}

function digestsOf(record: ReportRecord | undefined): { digest: string; fieldDigests: string } | undefined {
  if (record === undefined) return undefined;
  return { digest: hex(record.payloadDigest), fieldDigests: hex(record.fieldDigests) };
}

/** Fields that only one side has, or that have another digest; both in hex, 10 characters a field. */
function differingFields(a: string, b: string): readonly string[] {
  const [first, second] = [byField(a), byField(b)];
  return [...new Set([...first.keys(), ...second.keys()])]
    .filter((field) => first.get(field) !== second.get(field))
    .sort((x, y) => x - y)
    .map((field) => FIELD_NAMES[field] ?? `#${field}`);
}

function byField(digests: string): ReadonlyMap<number, string> {
  const fields = new Map<number, string>();
  for (let at = 0; at < digests.length; at += 10) {
    fields.set(parseInt(digests.slice(at, at + 2), 16), digests.slice(at + 2, at + 10));
  }
  return fields;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
