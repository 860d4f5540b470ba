import { clone, create, equals, fromBinary, toBinary, type DescField } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Precision, ReportKind, ReportSchema, Urgency, type Report } from '@lachan/proto/report';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../gateway/decode-report.js';
import { digest } from '../../gateway/identify.js';
import { createKeyedHash, HASH_DOMAINS } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';
import { goodReport } from '../support/arbitrary-report.js';
import { countsOneAsNone, encodeAnyhow, type Choose } from '../support/other-encodings.js';
import { sipHashReference } from '../support/sip-hash-reference.js';
import { good, reportOf, type Init } from '../support/reports.js';

const keyed = createKeyedHash(new Secret(new Uint8Array(32).fill(3)));
const recordKey = Buffer.alloc(16, 5);

/** The contract's own list: told apart from the content in report.proto. */
const notContent: readonly string[] = ['stream_sequence', 'correlation_id', 'reported_at'];
const contentFields = ReportSchema.fields.filter(({ name }) => !notContent.includes(name));

interface DigestText {
  readonly payload: string;
  /** By field number, in the order given. */
  readonly fields: readonly (readonly [number: number, digest: string])[];
}

function digestOfBytes(bytes: Uint8Array): DigestText {
  const { payloadDigest, fieldDigests } = digest(
    keyed,
    fromBinary(ReportSchema, bytes),
    contentOf(bytes),
    recordKey,
  );
  expect(fieldDigests.length % 5).toBe(0);
  const fields = Array.from({ length: fieldDigests.length / 5 }, (_, i) => {
    const one = Buffer.from(fieldDigests.subarray(i * 5, i * 5 + 5));
    return [one[0] ?? 0, one.toString('hex', 1)] as const;
  });
  return { payload: Buffer.from(payloadDigest).toString('hex'), fields };
}
const digestOf = (report: Report): DigestText => digestOfBytes(toBinary(ReportSchema, report));

/** Numbers of the fields in which two digests differ. */
function differing(a: DigestText, b: DigestText): number[] {
  const [ofA, ofB] = [new Map(a.fields), new Map(b.fields)];
  const numbers = new Set([...ofA.keys(), ...ofB.keys()]);
  return [...numbers].filter((number) => ofA.get(number) !== ofB.get(number)).sort((x, y) => x - y);
}

/** What the report means: explicit defaults taken out. */
function asMeant(report: Report): Report {
  const meant = clone(ReportSchema, report);
  withoutExplicitDefaults(reflect(ReportSchema, meant));
  return meant;
}
function withoutExplicitDefaults(message: ReflectMessage): void {
  for (const field of message.fields) {
    if (field.fieldKind === 'enum' && countsOneAsNone(field) && message.get(field) === 1)
      message.clear(field);
    if (field.fieldKind === 'message' && message.isSet(field)) withoutExplicitDefaults(message.get(field));
    if (field.fieldKind === 'list' && field.listKind === 'message') {
      for (const entry of message.get(field)) withoutExplicitDefaults(entry as ReflectMessage);
    }
  }
}

/** The documented digests, from each field's own encoding. */
function documented(report: Report): DigestText {
  const whole = reflect(ReportSchema, asMeant(report));
  const parts = contentFields
    .toSorted((a, b) => a.number - b.number)
    .filter((field) => whole.isSet(field))
    .map((field) => {
      const alone = reflect(ReportSchema, create(ReportSchema));
      alone.set(field, whole.get(field));
      return { number: field.number, bytes: toBinary(ReportSchema, alone.message as Report) };
    });
  const hashed = parts.map(({ number, bytes }) => ({
    number,
    hash: sipHashReference(keyed.of(HASH_DOMAINS.fieldDigest), Buffer.concat([recordKey, bytes])),
  }));
  const joined = Buffer.concat(hashed.flatMap(({ number, hash }) => [Uint8Array.of(number), hash]));
  return {
    payload: sipHashReference(keyed.of(HASH_DOMAINS.payloadDigest), joined).toString('hex'),
    fields: hashed.map(({ number, hash }) => [number, hash.toString('hex', 0, 4)]),
  };
}

/** Mostly the first of what there is to choose from, which is the usual form. */
const calm = fc.oneof({ arbitrary: fc.constant(0), weight: 30 }, { arbitrary: fc.nat(), weight: 1 });
const choices: fc.Arbitrary<Choose> = fc
  .oneof(fc.infiniteStream(calm), fc.infiniteStream(fc.nat()))
  .map((stream) => (bound: number) => (bound === 0 ? 0 : Number(stream.next().value) % bound));

describe('the digest of a report', () => {
  it('is taken over its content by field number, each field with a digest of its own', () => {
    fc.assert(
      fc.property(goodReport, (init) => {
        const report = reportOf(init);
        expect(digestOf(report)).toEqual(documented(report));
      }),
      { numRuns: 300 },
    );
  });

  it('is the same however the sender has encoded it', () => {
    fc.assert(
      fc.property(goodReport, choices, (init, choose) => {
        const report = reportOf(init);
        const bytes = encodeAnyhow(ReportSchema, report, choose);
        expect(asMeant(fromBinary(ReportSchema, bytes))).toEqual(asMeant(report));
        expect(digestOfBytes(bytes)).toEqual(documented(report));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<{ what: string; without: Init; spelled: Init }>([
    { what: 'kind INITIAL', without: {}, spelled: { kind: ReportKind.INITIAL } },
    { what: 'urgency ROUTINE', without: {}, spelled: { urgency: Urgency.ROUTINE } },
    ...['contentCreatedAt', 'incidentAt', 'detectedAt', 'decidedAt'].map((name) => ({
      what: `${name} to the MS`,
      without: { [name]: { instant: {} } },
      spelled: { [name]: { instant: {}, precision: Precision.MS } },
    })),
    {
      what: 'uploaded_at of an item to the MS',
      without: { items: [{}, { uploadedAt: { instant: {} } }] },
      spelled: { items: [{}, { uploadedAt: { instant: {}, precision: Precision.MS } }] },
    },
  ])('is the same with and without an explicit $what', ({ without, spelled }) => {
    expect(digestOf(reportOf({ ...good, ...spelled }))).toEqual(digestOf(reportOf({ ...good, ...without })));
  });

  it('is the same wherever the fields stand that are no content', () => {
    fc.assert(
      fc.property(goodReport, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 5 }), (init, inserted) => {
        const isMark = (field: DescField): boolean => notContent.includes(field.name);
        const content = only(reportOf(init), (field) => !isMark(field));
        const chunks = fieldsOf(toBinary(ReportSchema, content));
        const marks = fieldsOf(toBinary(ReportSchema, only(reportOf(init), isMark)));
        for (const [which, where] of inserted) {
          const mark = marks[which % marks.length];
          if (mark !== undefined) chunks.splice(where % (chunks.length + 1), 0, mark);
        }
        expect(digestOfBytes(Buffer.concat(chunks))).toEqual(documented(content));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves out how often, when and under which mark it was sent', () => {
    fc.assert(
      fc.property(goodReport, goodReport, (init, other) => {
        const marks = ReportSchema.fields.filter(({ name }) => notContent.includes(name));
        const again = marks.reduce(
          (report, mark) => withFieldOf(report, reportOf(other), mark),
          reportOf(init),
        );
        expect(digestOf(again)).toEqual(digestOf(reportOf(init)));
      }),
    );
  });

  it('differs in exactly the field that differs', () => {
    fc.assert(
      fc.property(goodReport, goodReport, fc.constantFrom(...contentFields), (init, other, field) => {
        const report = reportOf(init);
        const changed = withFieldOf(report, reportOf(other), field);
        fc.pre(!equals(ReportSchema, asMeant(changed), asMeant(report)));
        const [before, after] = [digestOf(report), digestOf(changed)];
        expect(after.payload).not.toBe(before.payload);
        expect(differing(before, after)).toEqual([field.number]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is bound to the record: equal values in different records do not show', () => {
    const bytes = toBinary(ReportSchema, reportOf({ reportId: 'r-1', additionalInfo: 'the same' }));
    const inAnother = digest(keyed, fromBinary(ReportSchema, bytes), contentOf(bytes), Buffer.alloc(16, 6));
    const shown = inAnother.fieldDigests.toString('hex');
    for (const [, one] of digestOfBytes(bytes).fields) expect(shown).not.toContain(one);
  });
});

function withFieldOf(report: Report, other: Report, field: DescField): Report {
  const changed = reflect(ReportSchema, clone(ReportSchema, report));
  const source = reflect(ReportSchema, other);
  if (source.isSet(field)) changed.set(field, source.get(field));
  else changed.clear(field);
  return changed.message as Report;
}

/** The fields of an encoded report, one after another. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const fields: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [, wireType] = reader.tag();
    reader.skip(wireType);
    fields.push(bytes.subarray(start, reader.pos));
  }
  return fields;
}

/** The report with only some of its fields. */
function only(report: Report, isKept: (field: DescField) => boolean): Report {
  const kept = reflect(ReportSchema, clone(ReportSchema, report));
  for (const field of kept.fields) if (!isKept(field)) kept.clear(field);
  return kept.message as Report;
}
