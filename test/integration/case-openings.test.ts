import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decode } from '../../consumers/decode.js';
import { encodeRows, RECORD_COLUMNS } from '../../consumers/encode-row.js';
import { readCaseEvents } from '../../consumers/takedown/read-case-events.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { DECISION_VISIBILITIES, PRECISIONS, SOURCES, URGENCIES } from '../../schemas/vocabulary.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Row, Store } from '../../store/store.js';
import { foldCase } from '../../takedown/fold.js';
import { locationOf, RECEIVED_AT_MS, recordOf } from '../support/records.js';

let directory: string;
let store: Store;
let landed = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
  store = await openChdb({ directory, database: 'test' });
  await migrate(store, 'single', RECEIVED_AT_MS);
});

afterAll(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

/** Lands the records as one block. */
async function land(records: readonly ReportRecord[]): Promise<void> {
  const logged = records.map((record, i) => ({
    offset: landed + i,
    value: reportRecordCodec.encode(record),
  }));
  const rows = encodeRows(
    decode(logged).map((decoded) => {
      if (decoded.outcome !== 'READ') throw new Error('a record that cannot be read');
      return { ...decoded, outcome: 'REPORT', conflictFields: [] };
    }),
    {
      epoch: 1,
      partition: 0,
      landedAtMs: RECEIVED_AT_MS,
      enrichLocation: ({ ip }) =>
        ip === '192.0.2.1' ? { country: 'VN', asn: 64_500 } : { country: '', asn: 0 },
      lookupVersions: '',
    },
  );
  await store.insert({
    table: 'records',
    columns: RECORD_COLUMNS,
    format: 'Native',
    rows,
    rowCount: records.length,
    token: `block-${landed}`,
  });
  landed += records.length;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString().replace('T', ' ').replace('Z', '');

async function openings(): Promise<readonly Row[]> {
  return store.select('SELECT *, lower(hex(location_key)) AS key FROM case_openings ORDER BY key');
}

/** One of three reports: as sent at first, or amended. */
const statement = fc.record({
  report: fc.integer({ min: 0, max: 2 }),
  isAmendment: fc.boolean(),
  provider: fc.constantFrom('demo-platform', 'demo-host'),
  /** Few instants, so that some coincide. */
  afterMs: fc.integer({ min: 0, max: 3 }),
  places: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1 }),
  twice: fc.boolean(),
  urgency: fc.constantFrom(...URGENCIES),
  source: fc.constantFrom(...SOURCES),
  category: fc.constantFrom('CSAM' as const, 'GROOMING' as const),
  visibility: fc.option(fc.uniqueArray(fc.constantFrom(...DECISION_VISIBILITIES), { maxLength: 3 })),
  created: fc.option(
    fc.record({
      instantMs: fc.integer({ min: RECEIVED_AT_MS - 90_000, max: RECEIVED_AT_MS }),
      precision: fc.constantFrom(...PRECISIONS),
    }),
    { nil: null },
  ),
});

let world = 0;

describe('a case that nobody has acted on', () => {
  it('stands in case_openings as the fold of the same reports makes it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(statement, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (statements, inOneBlock) => {
          world += 1;
          const revisions = new Map<number, number>();
          const records = statements.map((one) => {
            const revision = revisions.get(one.report) ?? Number(one.isAmendment);
            revisions.set(one.report, revision + 1);
            const places = one.twice ? [...one.places, ...one.places] : one.places;
            return recordOf({
              reportId: `w${world}-${one.report}`,
              providerId: one.report === 0 ? 'demo-platform' : one.provider,
              revision,
              kind: revision === 0 ? 'INITIAL' : 'AMENDMENT',
              receivedAtMs: RECEIVED_AT_MS + one.afterMs,
              category: one.category,
              urgency: one.urgency,
              source: one.source,
              contentCreatedAt: one.created,
              decision:
                one.visibility === null
                  ? null
                  : {
                      visibility: one.visibility,
                      account: 'UNSPECIFIED',
                      monetary: 'UNSPECIFIED',
                      provision: 'UNSPECIFIED',
                      ground: 'UNSPECIFIED',
                    },
              locations: places.map((n) => locationOf(`w${world}-${n}.${n === 0 ? 'vn' : 'example'}`)),
            });
          });
          if (inOneBlock) await land(records);
          else for (const record of records) await land([record]);

          const keys = new Map(records.flatMap((r) => r.locations.map((l) => [hex(l.key), l.host] as const)));
          const events = await readCaseEvents(store.select.bind(store), 'TEST', [...keys.keys()]);
          const found = (await openings()).filter(({ key }) => keys.has(String(key)));
          expect(found).toHaveLength(keys.size);
          for (const row of found) {
            const key = String(row['key']);
            const ofCase = (events.get(key) ?? []).map(({ event }) => event);
            const named = records.filter(({ locations }) => locations.some((l) => hex(l.key) === key));
            expect(ofCase).toHaveLength(named.length);
            const { case: state } = foldCase({ environment: 'TEST', locationKey: key }, ofCase, []);
            const [cycle] = state.cycles;
            const initial = named.filter(({ kind }) => kind === 'INITIAL').length;
            const [first] = [...named].sort(
              (a, b) =>
                a.receivedAtMs - b.receivedAtMs ||
                Number(isClaim(a)) - Number(isClaim(b)) ||
                Buffer.compare(a.recordKey, b.recordKey),
            );
            expect(state.version).toBe(0);
            expect(row).toMatchObject({
              environment: 'TEST',
              status: state.status,
              stage: state.stage,
              urgency: state.urgency,
              category: state.category,
              reporter: first?.providerId,
              host: keys.get(key),
              registrable_domain: keys.get(key),
              is_vn_domain: state.host.isVnDomain,
              country: state.host.country,
              asn: Number(state.host.network),
              reports: String(Math.max(1, initial)),
              opened_at: text(cycle?.opened.earliestMs ?? null),
              last_observed_at: text(state.lastObservedAtMs),
              self_actioned_at: text(cycle?.selfActionedAtMs ?? null),
              self_actioned_by: cycle?.claims[0]?.addressee ?? '',
              content_created_at: text(state.contentCreatedAt?.instantMs ?? null),
              content_created_precision: state.contentCreatedAt?.precision ?? '',
            });
            if (named.every(({ kind }) => kind === 'INITIAL')) expect(state.reportCount).toBe(initial);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is none of what is no report of a location: zero attestations, retractions, reports without a location', async () => {
    const before = await openings();
    await land([
      recordOf({ reportId: 'none-1', locations: [] }),
      recordOf({ reportId: 'none-2', kind: 'ZERO_ATTESTATION', locations: [] }),
      recordOf({ reportId: 'none-3', kind: 'RETRACTION', revision: 1, locations: [] }),
    ]);
    expect(await openings()).toEqual(before);
  });
});

function isClaim({ decision }: ReportRecord): boolean {
  return decision?.visibility.some((one) => one === 'REMOVED' || one === 'DISABLED') ?? false;
}
