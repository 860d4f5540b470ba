import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { decode, type Decoded } from '../../consumers/decode.js';
import { deduplicate, type Judged } from '../../consumers/deduplicate.js';
import { KnownKeys } from '../../consumers/known-keys.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { selectLandedKeys } from '../../store/queries/known-keys.js';
import { StoreFault } from '../../store/store.js';
import { LandedRows } from '../support/landed-rows.js';
import { locationOf, recordOf } from '../support/records.js';

const AMPLE = { maxExactKeys: 10_000, maxFilters: 4 };
/** So little that nearly every key is forgotten at once, and the store has to be asked. */
const TINY = { maxExactKeys: 2, maxFilters: 0 };

const before = (offset: number) => ({ epoch: 1, partition: 0, offset });
const read = (records: readonly ReportRecord[], from: number): readonly Decoded[] =>
  decode(records.map((record, index) => ({ offset: from + index, value: reportRecordCodec.encode(record) })));
const verdicts = (judged: readonly Judged[]): string[] =>
  judged.map((one) =>
    one.outcome === 'CONFLICT' ? `CONFLICT ${one.conflictFields.join(' ')}` : one.outcome,
  );

let landed: LandedRows;

/** Judges a batch as the pipeline does, and lands it. */
async function land(known: KnownKeys, batch: readonly Decoded[]): Promise<string[]> {
  const judged = await deduplicate(batch, known, landed.select, before(batch[0]?.offset ?? 0));
  landed.rows.push(...judged);
  return verdicts(judged);
}

/** What a consumer knows that takes the partition over at `offset`. */
async function loadedUpTo(offset: number, budget: typeof AMPLE): Promise<KnownKeys> {
  const known = new KnownKeys(budget);
  for await (const { key, digest } of selectLandedKeys(landed.select, before(offset)))
    known.remember(key, digest);
  return known;
}

beforeEach(() => {
  landed = new LandedRows();
});

describe.each([
  ['with all keys at hand', AMPLE],
  ['with hardly any key at hand', TINY],
])('deduplication %s', (_, budget) => {
  let known: KnownKeys;

  beforeEach(() => {
    known = new KnownKeys(budget);
  });

  it('calls the first of a report REPORT, and the same again DUPLICATE', async () => {
    expect(await land(known, read([recordOf()], 0))).toEqual(['REPORT']);
    expect(await land(known, read([recordOf(), recordOf()], 1))).toEqual(['DUPLICATE', 'DUPLICATE']);
  });

  it('finds duplicates within a batch, behind whatever stands between', async () => {
    const others = Array.from({ length: 8 }, (_, n) => recordOf({ reportId: `other-${n}` }));
    const batch = [recordOf(), ...others, recordOf()];
    expect(await land(known, read(batch, 0))).toEqual([...Array<string>(9).fill('REPORT'), 'DUPLICATE']);
  });

  it('names the fields in which another content differs from the first', async () => {
    const first = recordOf();
    const batch = [
      recordOf({ category: 'GROOMING' }),
      recordOf({ serviceName: 'another', confidence: 0.5 }),
      recordOf({ locations: [locationOf('host-2.example')] }),
    ];
    const expected = ['CONFLICT category', 'CONFLICT service_name confidence', 'CONFLICT locations'];
    expect(await land(known, read([first], 0))).toEqual(['REPORT']);
    expect(await land(known, read(batch, 1))).toEqual(expected);
    expect(await land(known, read([first, ...batch], 4))).toEqual(['DUPLICATE', ...expected]);
  });

  it('names them also when the first stands in the same batch', async () => {
    const batch = [recordOf(), recordOf({ category: 'GROOMING' }), recordOf(), recordOf({ confidence: 1 })];
    expect(await land(known, read(batch, 0))).toEqual([
      'REPORT',
      'CONFLICT category',
      'DUPLICATE',
      'CONFLICT confidence',
    ]);
  });

  it('compares with the first content only, never with a conflicting one', async () => {
    const other = recordOf({ category: 'GROOMING' });
    expect(await land(known, read([recordOf(), other, other], 0))).toEqual([
      'REPORT',
      'CONFLICT category',
      'CONFLICT category',
    ]);
  });

  it('names fields that only one of the two has, and those that the contract does not know yet', async () => {
    const digests = (...fields: readonly (readonly [number, string])[]): Buffer =>
      Buffer.concat(
        fields.map(([field, digest]) => Buffer.concat([Buffer.of(field), Buffer.from(digest, 'hex')])),
      );
    const first = recordOf({ fieldDigests: digests([11, '00000001'], [19, '00000002'], [255, '00000009']) });
    const second = recordOf({
      fieldDigests: digests([11, '00000001'], [26, '00000003'], [255, '0000000a']),
      payloadDigest: Buffer.alloc(8, 1),
    });
    expect(await land(known, read([first], 0))).toEqual(['REPORT']);
    expect(await land(known, read([second], 1))).toEqual(['CONFLICT service_name confidence #255']);
  });

  it('keeps another provider, another world and another revision apart', async () => {
    const batch = [
      recordOf(),
      recordOf({ providerId: 'another' }),
      recordOf({ environment: 'PRODUCTION' }),
      recordOf({ revision: 1, kind: 'AMENDMENT' }),
    ];
    expect(await land(known, read(batch, 0))).toEqual(['REPORT', 'REPORT', 'REPORT', 'REPORT']);
  });

  it('lets dead letters through where they stand', async () => {
    const dead: Decoded = {
      outcome: 'DEAD_LETTER',
      offset: 1,
      reason: 'UNDECODABLE',
      stage: 'decode',
      original: Buffer.from('x'),
      replayOf: '',
    };
    const [first, again] = [...read([recordOf()], 0), ...read([recordOf()], 2)];
    const judged = await deduplicate([first!, dead, again!], known, landed.select, before(0));
    expect(judged[1]).toBe(dead);
    expect(verdicts(judged)).toEqual(['REPORT', 'DEAD_LETTER', 'DUPLICATE']);
  });

  it('does not take the rows of a batch that had landed already for earlier ones', async () => {
    await land(known, read([recordOf({ reportId: 'earlier' })], 0));
    const batch = read(
      [recordOf(), recordOf({ category: 'GROOMING' }), recordOf({ reportId: 'earlier' })],
      1,
    );
    const first = await land(known, batch);
    expect(first).toEqual(['REPORT', 'CONFLICT category', 'DUPLICATE']);

    const again = await deduplicate(batch, await loadedUpTo(1, budget), landed.select, before(1));
    expect(verdicts(again)).toEqual(first);
  });

  it('passes on the fault of a store that does not answer', async () => {
    await land(known, read([recordOf()], 0));
    const fault = new StoreFault('never', 'the store of the test is gone');
    const asking = deduplicate(
      read([recordOf({ category: 'GROOMING' })], 1),
      known,
      () => Promise.reject(fault),
      before(1),
    );
    await expect(asking).rejects.toBe(fault);
  });
});

describe('deduplication', () => {
  it('does not ask the store while there are only new reports and plain duplicates', async () => {
    const known = new KnownKeys(AMPLE);
    await land(
      known,
      read(
        Array.from({ length: 500 }, (_, n) => recordOf({ reportId: `r-${n % 250}` })),
        0,
      ),
    );
    expect(landed.keysAsked).toBe(0);
  });

  const content = fc.record({
    reportId: fc.nat({ max: 12 }).map((n) => `r-${n}`),
    category: fc.constantFrom('CSAM', 'GROOMING', 'SEXTORTION'),
    serviceName: fc.constantFrom('', 'a service'),
  });

  it('tells what one tells who has read the whole log, however it is cut, and the same again on every replay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(content, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }),
        fc.record({ maxExactKeys: fc.integer({ min: 1, max: 20 }), maxFilters: fc.nat({ max: 3 }) }),
        async (batches, budget) => {
          landed = new LandedRows();
          const known = new KnownKeys(budget);
          const first = new Map<string, (typeof batches)[0][0]>();
          const told: { batch: readonly Decoded[]; said: string[] }[] = [];
          let offset = 0;
          for (const contents of batches) {
            const batch = read(
              contents.map((change) => recordOf(change)),
              offset,
            );
            const said = await land(known, batch);
            const expected = contents.map((change) => {
              const earlier = first.get(change.reportId);
              if (earlier === undefined) first.set(change.reportId, change);
              if (earlier === undefined) return 'REPORT';
              const fields = [
                ...(earlier.category === change.category ? [] : ['category']),
                ...(earlier.serviceName === change.serviceName ? [] : ['service_name']),
              ];
              return fields.length === 0 ? 'DUPLICATE' : `CONFLICT ${fields.join(' ')}`;
            });
            expect(said).toEqual(expected);
            told.push({ batch, said });
            offset += batch.length;
          }
          // Whoever takes over at any batch finds all rows landed, its own and later ones too.
          for (const { batch, said } of told) {
            const from = batch[0]!.offset;
            const again = await deduplicate(
              batch,
              await loadedUpTo(from, budget),
              landed.select,
              before(from),
            );
            expect(verdicts(again)).toEqual(said);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
