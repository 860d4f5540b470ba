import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc64Avro } from '../../schemas/crc-64-avro.js';
import {
  DATA_KEY_RECORD_VERSIONS,
  dataKeyRecordCodec,
  fingerprint,
  isUnreadable,
  parseSchema,
  REPLAYED_RECORD_VERSIONS,
  replayedRecordCodec,
  REPORT_RECORD_VERSIONS,
  reportRecordCodec,
  TAKEDOWN_RECORD_VERSIONS,
  takedownRecordCodec,
} from '../../schemas/record-codec.js';
import { anyRecord } from '../support/arbitrary-record.js';
import { locationOf, recordOf } from '../support/records.js';
import { fullEvent } from '../support/takedown-records.js';

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/avro/${name}`, import.meta.url));
const schemaOf = (version: string): string =>
  readFileSync(new URL(`../../schemas/avro/${version}`, import.meta.url), 'utf8');

/** The cases of Apache Avro's own file: a schema, its canonical form and, where it is given, its fingerprint. */
function officialCases(): { input: string; canonical: string; expected: bigint }[] {
  const cases: { input: string; canonical: string; expected: bigint }[] = [];
  const pattern =
    /^<<INPUT(?: (?<line>.+)|\n(?<lines>[^]*?)\nINPUT)\n<<canonical (?<canonical>.+)\n<<fingerprint (?<expected>-?\d+)$/gm;
  for (const { groups = {} } of fixture('schema-tests.txt').toString('utf8').matchAll(pattern)) {
    const { line, lines, canonical = '', expected = '' } = groups;
    cases.push({ input: line ?? lines ?? '', canonical, expected: BigInt.asUintN(64, BigInt(expected)) });
  }
  return cases;
}

/** Any value of the schema. */
const sampleOf = (schema: ReturnType<typeof parseSchema>): unknown => schema.random();

/** A record as the log may hold it: nothing but fields and values. */
const plain = (record: unknown): unknown => JSON.parse(JSON.stringify(record));

const full = recordOf({
  annotations: ['first', 'second'],
  severities: [{ axis: 'IWF', grade: 'A', assessedBy: 'HOTLINE' }],
  locations: [locationOf('lachan-demo-1.vn'), locationOf('host-1.example')],
  items: [
    {
      contentTypes: ['IMAGE'],
      sizeBytes: 1,
      uploadedAt: { instantMs: 0, precision: 'DAY' },
      publiclyAvailable: true,
      viewedByProvider: null,
      annotations: ['VIRAL'],
      fingerprints: [{ algorithm: 'SHA256', value: 'ab'.repeat(32), basis: 'ORIGINAL', quality: 100 }],
    },
  ],
  confidence: 0.5,
  bundle: { id: 'b', incidentCount: 2 },
  sealed: [{ field: 'locations[0].url', token: Buffer.alloc(16, 1), box: Buffer.alloc(40, 2) }],
});

describe('fingerprints of schemas', () => {
  const cases = officialCases();

  it('are checked against all that Apache Avro gives', () => {
    expect(cases).toHaveLength(26);
  });

  it.each(cases)('are those of Apache Avro: $canonical', ({ canonical, expected }) => {
    expect(crc64Avro(Buffer.from(canonical, 'utf8'))).toBe(expected);
  });

  // Left out: unions that have no branch, or branches that a plain value cannot tell apart.
  const strict = cases.filter(({ canonical }) => canonical !== '[]' && !canonical.includes('"int","long"'));

  it.each(strict)('are made from the canonical form: $input', ({ input, expected }) => {
    expect(fingerprint(parseSchema(input)).readBigUInt64LE()).toBe(expected);
  });
});

describe('single-object encoding', () => {
  it('is read as the Java implementation writes it', () => {
    const message = fixture('messageV1/test_message.bin');
    const schema = parseSchema(fixture('messageV1/test_schema.avsc').toString('utf8'));
    expect(message.subarray(0, 2)).toEqual(Buffer.from([0xc3, 0x01]));
    expect(message.subarray(2, 10)).toEqual(fingerprint(schema));
    expect(plain(schema.fromBuffer(message.subarray(10)))).toEqual({
      id: 42,
      name: 'Bill',
      tags: ['dog_lover', 'cat_hater'],
    });
  });

  it.each([
    ['report records', reportRecordCodec, full, REPORT_RECORD_VERSIONS],
    [
      'data key records',
      dataKeyRecordCodec,
      {
        keyId: Buffer.alloc(8, 1),
        wrappedKey: Buffer.alloc(256, 2),
        publicKeyFingerprint: Buffer.alloc(32, 3),
        createdAtMs: 1,
      },
      DATA_KEY_RECORD_VERSIONS,
    ],
    [
      'replayed records',
      replayedRecordCodec,
      { epoch: 1, partition: 0, offset: Number.MAX_SAFE_INTEGER, original: Buffer.from('bytes') },
      REPLAYED_RECORD_VERSIONS,
    ],
    ['events of cases', takedownRecordCodec, fullEvent, TAKEDOWN_RECORD_VERSIONS],
  ] as const)('names the newest schema in front of %s', (_, codec, record, versions) => {
    // Each codec stands beside a record of its own kind.
    const bytes = (codec as { encode(record: unknown): Buffer }).encode(record);
    const newest = parseSchema(schemaOf(versions.at(-1)!));
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0xc3, 0x01]));
    expect(bytes.subarray(2, 10)).toEqual(fingerprint(newest));
    expect(plain(codec.decode(bytes))).toEqual(plain(record));
  });
});

describe('a report record', () => {
  it('comes back as it went in, whatever it holds', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const back = reportRecordCodec.decode(reportRecordCodec.encode(record));
        expect(isUnreadable(back)).toBe(false);
        expect(plain(back)).toEqual(plain(record));
      }),
      { numRuns: 300 },
    );
  });

  it('takes every revision and every number of incidents that the contract allows', () => {
    const record = recordOf({ revision: 0xffff_ffff, bundle: { id: 'b', incidentCount: 0xffff_ffff } });
    expect(plain(reportRecordCodec.decode(reportRecordCodec.encode(record)))).toEqual(plain(record));
  });

  it('still reads the bytes that version 1 wrote', () => {
    expect(plain(reportRecordCodec.decode(Buffer.from(GOLDEN_V1, 'hex')))).toEqual(plain(full));
  });

  it('of every version is read by the newest, and every version reads every other', () => {
    const types = REPORT_RECORD_VERSIONS.map((version) => parseSchema(schemaOf(version)));
    for (const writer of types) {
      for (const reader of types) {
        const written = writer.toBuffer(sampleOf(writer));
        const read: unknown = reader.fromBuffer(written, reader.createResolver(writer));
        expect(reader.isValid(read)).toBe(true);
      }
      const bytes = Buffer.concat([
        Buffer.from([0xc3, 0x01]),
        fingerprint(writer),
        writer.toBuffer(sampleOf(writer)),
      ]);
      expect(isUnreadable(reportRecordCodec.decode(bytes))).toBe(false);
    }
    expect(new Set(types.map((type) => fingerprint(type).toString('hex'))).size).toBe(types.length);
  });
});

describe('an event of a case', () => {
  it('still is read from the bytes that version 1 wrote', () => {
    expect(plain(takedownRecordCodec.decode(Buffer.from(GOLDEN_EVENT_V1, 'hex')))).toEqual(plain(fullEvent));
  });

  it('of every version is read by the newest, and every version reads every other', () => {
    const types = TAKEDOWN_RECORD_VERSIONS.map((version) => parseSchema(schemaOf(version)));
    for (const writer of types) {
      for (const reader of types) {
        const written = writer.toBuffer(sampleOf(writer));
        const read: unknown = reader.fromBuffer(written, reader.createResolver(writer));
        expect(reader.isValid(read)).toBe(true);
      }
    }
    expect(new Set(types.map((type) => fingerprint(type).toString('hex'))).size).toBe(types.length);
  });
});

describe('bytes that are no record', () => {
  const bytes = reportRecordCodec.encode(full);

  it('are unreadable wherever a record is cut off', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(reportRecordCodec.decode(bytes.subarray(0, length))).toEqual({ unreadable: 'UNDECODABLE' });
    }
  });

  it('are unreadable when a record is followed by more', () => {
    const longer = Buffer.concat([bytes, Buffer.from([0])]);
    expect(reportRecordCodec.decode(longer)).toEqual({ unreadable: 'UNDECODABLE' });
  });

  it('never throw: with any one byte changed they are another record or unreadable', () => {
    const names = Object.keys(reportRecordCodec.decode(bytes)).join();
    const found = { UNDECODABLE: 0, UNKNOWN_SCHEMA: 0, record: 0 };
    const changed = Buffer.from(bytes);
    const { stackTraceLimit } = Error;
    // Most of the time would go into stack traces that nobody reads.
    Error.stackTraceLimit = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let by = 1; by < 256; by += 1) {
        changed[at] = bytes[at]! ^ by;
        const decoded = reportRecordCodec.decode(changed);
        if (isUnreadable(decoded)) found[decoded.unreadable] += 1;
        else if (Object.keys(decoded).join() === names) found.record += 1;
      }
      changed[at] = bytes[at]!;
    }
    Error.stackTraceLimit = stackTraceLimit;
    expect(found.UNKNOWN_SCHEMA).toBe(8 * 255);
    expect(found.UNDECODABLE).toBeGreaterThan(2 * 255);
    expect(found.UNDECODABLE + found.UNKNOWN_SCHEMA + found.record).toBe(bytes.length * 255);
  });

  it('never throw, whatever they are', () => {
    const header = bytes.subarray(0, 10);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (random, withHeader) => {
        const found = reportRecordCodec.decode(withHeader ? Buffer.concat([header, random]) : random);
        expect(isUnreadable(found)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['more items than bytes', '80e1eb17'],
    ['more items than can be counted', 'ffffffffffffffffff01'],
    ['a negative number of items', 'ffc3d72f02'],
  ])('are given up at once when they announce %s', (_, count) => {
    const at = bytes.indexOf(Buffer.from('\u0004\u000afirst', 'latin1'));
    expect(at).toBeGreaterThan(0);
    const bomb = Buffer.concat([bytes.subarray(0, at), Buffer.from(count, 'hex'), bytes.subarray(at + 1)]);
    const before = process.memoryUsage().heapUsed;
    for (let time = 0; time < 1_000; time += 1) {
      expect(reportRecordCodec.decode(bomb)).toEqual({ unreadable: 'UNDECODABLE' });
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  });
});

/** `full`, written when version 1 was the newest. Released versions stay readable: this is never changed. */
const GOLDEN_V1 = [
  'c3015bcfbc676b21382b021a64656d6f2d706c6174666f726d06722d31000081bc4afa3d6d26cbf74b28206196c3e4417fc7',
  'd24a60f16ebfdd6b8b73e22d5cf494993e1158af51280b3d38655d13055539df14ad4a89571a040655418090f298b3680000',
  '00000280d6ba95b3680200000200040a66697273740c7365636f6e640002040241040000000004a511c6a6d981ef29cda284',
  'cb6765ab62206c616368616e2d64656d6f2d312e766e206c616368616e2d64656d6f2d312e766e0100123139322e302e322e',
  '3162784b3e002f68eb6dea5c3b035faaaa1c686f73742d312e6578616d706c651c686f73742d312e6578616d706c65000012',
  '3139322e302e322e310000000202040002020006020100020200020680016162616261626162616261626162616261626162',
  '61626162616261626162616261626162616261626162616261626162616261626162616261626162616261620202c8010000',
  '000202000000000000e03f0000000002026204000002206c6f636174696f6e735b305d2e75726c0101010101010101010101',
  '01010101015002020202020202020202020202020202020202020202020202020202020202020202020202020202003e7075',
  '626c696320737566666978206c697374206f6620746865207465737473',
].join('');

/** `fullEvent`, written when version 1 was the newest. Released versions stay readable: this is never changed. */
const GOLDEN_EVENT_V1 = [
  'c3014fd83fe76033cb300854455354e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e106652d31d1d1d1d1d1d1d1d1105245504f5254',
  '4544104f50455241544f52086f702d311c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c02206c616368616e2d64656d6f2d312e766e',
  '206c616368616e2d64656d6f2d312e766e0100123139322e302e322e31c0e6ea98b368044d538090f298b3688090f298b368',
  '010206024061626162616261626162616261626162616261626162616261626162616261621a64656d6f2d706c6174666f72',
  '6d084353414d0e524f5554494e4516555345525f4e4f544943450280a0bfc6b268064441590c7265706f72740e66696e6469',
  '6e671063617465676f72790e757267656e637912616464726573736565166c6567616c20626173697312636c6f7365642061',
  '731072656c6174696f6e0866726f6d04746f0a73746167650a6f776e65721c70726576696f7573206f776e6572080872756c',
  '650a02086e6f7465010101010101010101010101010101015002020202020202020202020202020202020202020202020202',
  '0202020202020202020202020202020008030303033e7075626c696320737566666978206c697374206f6620746865207465',
  '737473',
].join('');
