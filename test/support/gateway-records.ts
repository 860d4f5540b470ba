// Records as the gateway makes them, and the authority's way to open them.
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { ReportSchema } from '@lachan/proto/report';
import { canonicalise } from '../../gateway/canonicalise.js';
import { contentOf } from '../../gateway/decode-report.js';
import { digest, identify } from '../../gateway/identify.js';
import { createKeyedHash } from '../../gateway/keyed-hash.js';
import { boxBytes, createDataKey, openBox, type Sealer } from '../../gateway/seal.js';
import { Secret } from '../../gateway/secret.js';
import { RecordWriter } from '../../gateway/write-record.js';
import { isUnreadable, reportRecordCodec } from '../../schemas/record-codec.js';
import type { DataKeyRecord, ReportRecord } from '../../schemas/report-record.js';
import type { Environment } from '../../schemas/vocabulary.js';
import { RECEIVED_AT_MS, reportOf, type Init } from './reports.js';

export const authority = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const keyed = createKeyedHash(new Secret(new Uint8Array(32).fill(3)));
export const { sealer, record: dataKeyRecord } = createDataKey(authority.publicKey, RECEIVED_AT_MS);

/** What the authority gets out of a wrapped data key. */
export function unwrapped({ wrappedKey }: DataKeyRecord): Secret<Uint8Array> {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return new Secret<Uint8Array>(
    privateDecrypt({ key: authority.privateKey, padding, oaepHash: 'sha256' }, wrappedKey),
  );
}
const dataKey = unwrapped(dataKeyRecord);

export interface From {
  readonly environment?: Environment;
  readonly providerId?: string;
}

/** The record of a good report, as the log keeps it. */
export function recordBytesOf(
  init: Init,
  { environment = 'TEST', providerId = 'provider-a' }: From = {},
): Buffer {
  const report = reportOf(init);
  const identity = identify(keyed, environment, providerId, report.reportId, report.revision);
  const digests = digest(keyed, report, contentOf(toBinary(ReportSchema, report)), identity.recordKey);
  const urls = report.locations.map(({ url }) => (url === '' ? undefined : canonicalise(url)));
  const context = { environment, providerId, receivedAtMs: RECEIVED_AT_MS, keyed, sealer };
  return new RecordWriter(context, 1).write(report, identity, digests, urls).value;
}

/** The same, read from the log. */
export function recordOf(init: Init, from: From = {}): ReportRecord {
  const record = reportRecordCodec.decode(recordBytesOf(init, from));
  if (isUnreadable(record)) throw new Error('the gateway writes records that nobody can read');
  return record;
}

/** One sealed value by itself. */
export function boxOf(
  by: Sealer,
  authorityReportId: Uint8Array,
  revision: number,
  field: string,
  value: string,
): Buffer {
  const box = Buffer.alloc(boxBytes(value));
  by.sealInto(box, 0, authorityReportId, revision, field, value);
  return box;
}

/** What is sealed in the record, by path. */
export function opened(
  { authorityReportId, revision, sealed }: ReportRecord,
  key = dataKey,
): Record<string, string | undefined> {
  const entries = sealed.map(
    ({ field, box }) => [field, openBox(key, box, authorityReportId, revision, field)] as const,
  );
  if (new Set(sealed.map(({ field }) => field)).size !== sealed.length) throw new Error('sealed twice');
  return Object.fromEntries(entries);
}

/** Bytes as hexadecimal, so that records compare by what they hold. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
