import type { DescField } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence, timestampFromDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { FingerprintAlgorithm, ReportSchema, ReportKind } from '@lachan/proto/report';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUnreadable, reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { completeReport, goodReport } from '../support/arbitrary-report.js';
import { recordBytesOf, recordOf } from '../support/gateway-records.js';
import { good, RECEIVED_AT_MS, reportOf, type Init } from '../support/reports.js';

/** Sealed, or derived from what is sealed: not compared with the message one to one. */
const elsewhere: ReadonlySet<string> = new Set([
  'keywords',
  'urgency_reason',
  'locations',
  'additional_info',
  'retraction_reason',
  'attested_period',
  'uploader_ip',
  'legal_reference',
  'account_of_subject',
  'reason',
]);

/** What has to arrive of a message, in the words of our own: enums by name, times in milliseconds, nothing as null. */
function expected(message: ReflectMessage): Record<string, unknown> {
  const isSubject = message.desc.name === 'Subject';
  const fields = message.fields.filter(
    ({ name }) => !elsewhere.has(name) && !(isSubject && name === 'account'),
  );
  return Object.fromEntries(fields.map((field) => [field.localName, expectedValue(message, field)]));
}

function expectedValue(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case 'enum':
      return word(field.enum, message.get(field), field.name);
    case 'list': {
      const entries: unknown[] = [...message.get(field)];
      if (field.listKind === 'enum') return entries.map((entry) => word(field.enum, Number(entry), ''));
      return field.listKind === 'message'
        ? entries.map((entry) => expected(entry as ReflectMessage))
        : entries;
    }
    case 'message': {
      if (!message.isSet(field)) return null;
      const inner = message.get(field);
      if (field.message.name !== 'EventTime') return expected(inner);
      const { instant, precision } = inner.message as unknown as { instant: Timestamp; precision: number };
      return { instantMs: wholeMs(instant), precision: ['MS', 'MS', 'SECOND', 'MINUTE', 'DAY'][precision] };
    }
    default: {
      const value: unknown =
        message.isSet(field) || field.presence === FeatureSet_FieldPresence.IMPLICIT
          ? message.get(field)
          : null;
      if (field.name === 'service_name') return String(value).normalize('NFC');
      return typeof value === 'bigint' ? Number(value) : value;
    }
  }
}

interface Words {
  readonly name: string;
  readonly values: readonly { readonly number: number; readonly name: string }[];
}
/** `CATEGORY_CSAM` of `Category` → `CSAM`; the unspecified kind and urgency have a meaning. */
function word(words: Words, number: number, field: string): string {
  const meant = number === 0 && (field === 'kind' || field === 'urgency') ? 1 : number;
  const name = words.values.find((value) => value.number === meant)?.name ?? '';
  const bare = name.slice(words.name.replace(/(?<=[a-z])[A-Z]/g, '_$&').length + 1);
  // Ages begin with a digit, which no name may.
  return /^\d/.test(bare) ? `AGE_${bare}` : bare;
}

const wholeMs = ({ seconds, nanos }: Timestamp): number =>
  Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);

const hexadecimal = ['MD5', 'SHA1', 'SHA256', 'SHA512', 'PDQ'];
const withLowerCaseDigits = (items: ReportRecord['items']): unknown =>
  items.map((item) => ({
    ...item,
    fingerprints: item.fingerprints.map(({ value, ...rest }) => ({
      ...rest,
      value: hexadecimal.includes(rest.algorithm) ? value.toLowerCase() : value,
    })),
  }));

describe('the record of a report', () => {
  it('holds every open field of the message, in the words of the domain', () => {
    fc.assert(
      fc.property(goodReport, (init) => {
        const record = recordOf(init);
        const wanted = expected(reflect(ReportSchema, reportOf(init)));
        expect(record).toMatchObject({
          ...wanted,
          items: withLowerCaseDigits(wanted['items'] as ReportRecord['items']),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is written byte for byte as the codec of the log writes it', () => {
    fc.assert(
      fc.property(fc.oneof(goodReport, completeReport), (init) => {
        const bytes = recordBytesOf(init);
        const record = reportRecordCodec.decode(bytes);
        if (isUnreadable(record)) throw new Error(`the record is ${record.unreadable}`);
        expect(reportRecordCodec.encode(record).toString('hex')).toBe(bytes.toString('hex'));
      }),
      { numRuns: 500 },
    );
  });

  it('can be written for the largest numbers that the contract allows', () => {
    const largest: Init = {
      ...good,
      kind: ReportKind.AMENDMENT,
      revision: 0xffff_ffff,
      streamSequence: 2n ** 53n - 1n,
      items: [{ sizeBytes: 2n ** 53n - 1n }],
      bundle: { id: 'b', incidentCount: 0xffff_ffff },
    };
    const read = reportRecordCodec.decode(reportRecordCodec.encode(recordOf(largest)));
    expect(read).toMatchObject({
      revision: 4_294_967_295,
      streamSequence: 9_007_199_254_740_991,
      items: [{ sizeBytes: 9_007_199_254_740_991 }],
      bundle: { incidentCount: 4_294_967_295 },
    });
  });

  it('says for whom, when, and with which list of public suffixes it was made', () => {
    expect(recordOf(good, { environment: 'PRODUCTION', providerId: 'p' })).toMatchObject({
      environment: 'PRODUCTION',
      providerId: 'p',
      receivedAtMs: RECEIVED_AT_MS,
      canonicalisedWith: expect.stringMatching(/^tldts \d+\.\d+\.\d+$/) as string,
    });
  });

  it('keeps a time in its second and on its day, however near the next one it is', () => {
    const late = { seconds: 1_772_323_199n, nanos: 999_999_999 };
    const record = recordOf({ ...good, detectedAt: { instant: late, precision: 4 } });
    expect(record.detectedAt).toEqual({ instantMs: 1_772_323_199_999, precision: 'DAY' });
  });

  it('keeps the period of an attestation from its start to its end', () => {
    const attest = (start: Timestamp, end: Timestamp): ReportRecord['attestedPeriod'] =>
      recordOf({
        reportId: 'r',
        kind: ReportKind.ZERO_ATTESTATION,
        attestedPeriod: { start, end },
      }).attestedPeriod;
    const day = [new Date('2026-10-01T00:00:00Z'), new Date('2026-10-02T00:00:00Z')].map(timestampFromDate);
    expect(attest(day[0]!, day[1]!)).toEqual({ startMs: 1_790_812_800_000, endMs: 1_790_899_200_000 });
    const [from, to] = [reportTime(600_000), reportTime(1_400_000)];
    expect(attest(from, to)).toEqual({ startMs: 5_000, endMs: 5_001 });
  });

  it('has hexadecimal digests in lower case and the others as they were reported', () => {
    const record = recordOf({
      ...good,
      items: [
        {
          fingerprints: [
            { algorithm: FingerprintAlgorithm.MD5, value: 'aB'.repeat(16) },
            { algorithm: FingerprintAlgorithm.PHOTODNA, value: 'aBcD' },
          ],
        },
      ],
    });
    expect(record.items[0]?.fingerprints.map(({ value }) => value)).toEqual(['ab'.repeat(16), 'aBcD']);
  });
});

function reportTime(nanos: number): Timestamp {
  return { $typeName: 'google.protobuf.Timestamp', seconds: 5n, nanos };
}
