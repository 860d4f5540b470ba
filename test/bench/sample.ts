// Typical reports at every point of their way, for measuring one step at a time.
import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { decode } from '../../consumers/decode.js';
import { deduplicate, type Judged } from '../../consumers/deduplicate.js';
import { encodeRows } from '../../consumers/encode-row.js';
import { createEnrich } from '../../consumers/enrich.js';
import { KnownKeys } from '../../consumers/known-keys.js';
import type { Lookups } from '../../consumers/lookups/load-lookups.js';
import { Admission } from '../../gateway/admission.js';
import type { Caller } from '../../gateway/authenticate.js';
import { createKeyedHash } from '../../gateway/keyed-hash.js';
import { receive, type ReceiveDependencies } from '../../gateway/receive.js';
import { createDataKey } from '../../gateway/seal.js';
import { Secret } from '../../gateway/secret.js';
import type { LoggedRecord, LogRecord } from '../../log/log.js';
import { NumberPlan } from './number-plan.js';
import { TypicalReports } from './typical-reports.js';

export const caller: Caller = { providerId: 'benchmark', environment: 'PRODUCTION' };
const MIB = 1_048_576;

/** What `receive` needs, with `append` instead of a log. */
export function receiving(append: ReceiveDependencies['log']['append']): ReceiveDependencies {
  const { sealer } = createDataKey(newAuthorityKey(), Date.now());
  return {
    log: { append },
    keyed: createKeyedHash(new Secret(randomBytes(32))),
    dataKeys: { current: () => sealer },
    admission: new Admission(
      { maxInFlightBytes: 64 * MIB, maxLandingLag: 200_000, creditPerStream: 10_000 },
      () => 0,
    ),
    nowMs: Date.now,
    onReceived: () => undefined,
  };
}

function newAuthorityKey(): KeyObject {
  return createPublicKey(generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey);
}

/** Wire bytes of `count` batches. */
export function batchesOf(count: number, reports: number, duplicateShare: number): readonly Uint8Array[] {
  const typical = new TypicalReports(Date.now());
  const plan = new NumberPlan(duplicateShare, 1);
  return Array.from({ length: count }, (_, i) => typical.batch(i + 1, plan.take(reports)));
}

/** What the gateway would have appended, batch by batch. */
export async function recordsOf(batches: readonly Uint8Array[]): Promise<readonly (readonly LogRecord[])[]> {
  const appended: (readonly LogRecord[])[] = [];
  const dependencies = receiving((_topic, records) => {
    appended.push(records);
    return Promise.resolve([]);
  });
  for (const batch of batches) await receive(batch, 'StreamReportsRequest', caller, dependencies);
  return appended;
}

/** As landing reads them, from offset 0. */
export function loggedOf(batches: readonly (readonly LogRecord[])[]): readonly LoggedRecord[] {
  return batches.flat().map(({ value }, offset) => ({ offset, value }));
}

export function judgedOf(records: readonly LoggedRecord[]): Promise<readonly Judged[]> {
  const known = new KnownKeys({ maxExactKeys: 8_000_000, maxFilters: 64 });
  return deduplicate(decode(records), known, () => Promise.resolve([]), {
    epoch: 1,
    partition: 0,
    offset: 0,
  });
}

export function rowsOf(judged: readonly Judged[], lookups: Lookups): Buffer {
  return encodeRows(judged, {
    epoch: 1,
    partition: 0,
    landedAtMs: Date.now(),
    enrichLocation: createEnrich(lookups),
    lookupVersions: lookups.versions,
  });
}
