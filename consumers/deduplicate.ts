// The same report sent again is a duplicate; the same id with another content a conflict that names the fields.
// Depends only on the records before it in its partition, so a batch landed again gets the same verdicts.
import { Buffer } from 'node:buffer';
import { selectLandedDigests, type Before } from '../store/queries/known-keys.js';
import type { Select } from '../store/queries/select.js';
import type { DeadLetter, DecodedRecord } from './decode.js';
import { FIELD_NAMES } from '../schemas/field-names.js';
import type { KnownKeys } from './known-keys.js';
import { LandingFault } from './land.js';
import type { ReportBytes } from './report-bytes.js';
import type { Checked, RepeatedReplay } from './refuse-repeated-replays.js';

/** One per record of the batch, in order. */
export type Judged = JudgedRecord | DeadLetter | RepeatedReplay;

export interface JudgedRecord {
  readonly outcome: 'REPORT' | 'DUPLICATE' | 'CONFLICT';
  readonly offset: number;
  readonly record: ReportBytes;
  readonly conflictFields: readonly string[];
  /** As of a `DecodedRecord`. */
  readonly replayOf: string;
}

/**
 * `before`: where the batch begins; only what stands before it is asked of the store. Rejects with
 * the store's fault, and then `known` must be loaded anew.
 */
export async function deduplicate(
  batch: readonly Checked[],
  known: KnownKeys,
  select: Select,
  before: Before,
): Promise<readonly Judged[]> {
  const verdicts = batch.map((entry) =>
    entry.outcome === 'READ' ? known.judge(entry.record.recordKey, entry.record.payloadDigest) : undefined,
  );
  const asked = new Set<string>();
  // Nearly all keys are new and were not asked about, which four bytes of them show.
  const beginnings = new Set<number>();
  batch.forEach((entry, i) => {
    if (entry.outcome === 'READ' && (verdicts[i] === 'MAYBE' || verdicts[i] === 'OTHER')) {
      const { recordKey } = entry.record;
      asked.add(hex(recordKey));
      beginnings.add(beginningOf(recordKey));
    }
  });
  const landed = await selectLandedDigests(select, before, [...asked]);
  const firstInBatch = new Map<string, ReportBytes>();

  return batch.map((entry, i): Judged => {
    if (entry.outcome !== 'READ') return entry;
    const { record } = entry;
    if (verdicts[i] === 'NEW') {
      const { recordKey } = record;
      if (beginnings.has(beginningOf(recordKey))) firstInBatch.set(hex(recordKey), record);
      return judged(entry, 'REPORT');
    }
    if (verdicts[i] === 'SAME') return judged(entry, 'DUPLICATE');

    const key = hex(record.recordKey);
    const earlier = landed.get(key) ?? digestsOf(firstInBatch.get(key));
    if (earlier === undefined) {
      if (verdicts[i] === 'OTHER') throw new LandingFault('a remembered report is not in the store');
      known.remember(record.recordKey, record.payloadDigest);
      firstInBatch.set(key, record);
      return judged(entry, 'REPORT');
    }
    if (earlier.digest === hex(record.payloadDigest)) return judged(entry, 'DUPLICATE');
    return judged(entry, 'CONFLICT', differingFields(earlier.fieldDigests, hex(record.fieldDigests)));
  });
}

const NONE: readonly string[] = [];

function judged(
  { offset, record, replayOf }: DecodedRecord,
  outcome: JudgedRecord['outcome'],
  conflictFields = NONE,
): JudgedRecord {
  return { outcome, offset, record, conflictFields, replayOf };
}

function beginningOf(key: Uint8Array): number {
  return ((key[0] ?? 0) << 24) | ((key[1] ?? 0) << 16) | ((key[2] ?? 0) << 8) | (key[3] ?? 0);
}

function digestsOf(record: ReportBytes | undefined): { digest: string; fieldDigests: string } | undefined {
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
