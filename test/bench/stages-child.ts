// Each step by itself, in one process: CPU per report, the median of several rounds over the same reports.
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { StreamReportsRequestSchema } from '@lachan/proto/report-service';
import { decode } from '../../consumers/decode.js';
import { deduplicate } from '../../consumers/deduplicate.js';
import { RECORD_COLUMNS } from '../../consumers/encode-row.js';
import { KnownKeys } from '../../consumers/known-keys.js';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { canonicalise } from '../../gateway/canonicalise.js';
import { digest, identify, newIdentity } from '../../gateway/identify.js';
import { readBatch } from '../../gateway/read-batch.js';
import { receive } from '../../gateway/receive.js';
import { validate } from '../../gateway/validate.js';
import { RecordWriter } from '../../gateway/write-record.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import type { LoggedRecord } from '../../log/log.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { batchesOf, caller, judgedOf, loggedOf, receiving, recordsOf, rowsOf } from './sample.js';
import { seededRandom } from '../../cli/demo/random.js';
import { median } from './statistics.js';

const [root = '', duplicateShare = '', rounds = ''] = process.argv.slice(2);
const BATCHES = 40;
const REPORTS_IN_BATCH = 500;
const REPORTS = BATCHES * REPORTS_IN_BATCH;
const WARM_UP_ROUNDS = 2;
const MIB = 1_048_576;
const TOPIC = 'bench.reports';

/** CPU microseconds of the round under way, by step. */
const spent = new Map<string, number>();
const found = new Map<string, number[]>();
async function stage<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const made = await work();
  const { user, system } = process.cpuUsage(before);
  spent.set(name, (spent.get(name) ?? 0) + user + system);
  return made;
}

const lookups = loadLookups();
const log = openEmbeddedLog({
  directory: join(root, 'log'),
  maxBytes: 4_096 * MIB,
  clock: () => performance.now(),
});
const store = await openChdb({ directory: join(root, 'store'), database: 'lachan' });
await migrate(store, 'single', Date.now());
const batches = batchesOf(BATCHES, REPORTS_IN_BATCH, Number(duplicateShare));
const toNowhere = receiving(() => Promise.resolve([]));
const { keyed, dataKeys } = toNowhere;
const receivedAtMs = Date.now();
const random = seededRandom(1);
// Those of the reports stand in no lookup: they are set aside for documentation.
const addresses = Array.from({ length: REPORTS }, () =>
  Array.from({ length: 4 }, () => Math.floor(random() * 223) + 1).join('.'),
);

for (let round = 0; round < WARM_UP_ROUNDS + Number(rounds); round += 1) {
  spent.clear();
  await gatewayRound();
  await landingRound(round);
  if (round < WARM_UP_ROUNDS) continue;
  for (const [name, us] of spent) found.set(name, [...(found.get(name) ?? []), us / REPORTS]);
}
await log.close();
await store.close();
const medians = [...found].map(([name, values]) => [name, median(values)] as const);
process.send?.(medians, () => process.exit());

/** Batch by batch, as they come: what lives longer than its batch would cost the collector more than it does. */
async function gatewayRound(): Promise<void> {
  // What a machine is worth in this hour: the design takes 5 µs for it, so figures of two hours compare by it.
  for (const batch of batches) {
    await stage('yardstick: @bufbuild/protobuf decodes the message', () =>
      fromBinary(StreamReportsRequestSchema, batch),
    );
  }
  for (const batch of batches) {
    const entries = await stage('decode the message', () => {
      const split = readBatch(batch, 'StreamReportsRequest');
      if (split.kind === 'refused') throw new Error('the generator makes bad batches');
      return Array.from(split.entries, (entry) => {
        if (entry.report === undefined) throw new Error('the generator makes bad reports');
        return entry;
      });
    });
    const verdicts = await stage('canonicalise', () =>
      entries.map(({ report }) => report.locations.map(({ url }) => canonicalise(url))),
    );
    await stage('validate', () =>
      entries.forEach(({ report }, i) => {
        const violations = validate(report, receivedAtMs, verdicts[i] ?? []);
        if (violations.length > 0) throw new Error(`not a good report: ${violations[0]?.field ?? ''}`);
      }),
    );
    const { environment, providerId } = caller;
    await stage('identify', () => {
      for (const { report, content } of entries) {
        const identity = identify(keyed, environment, providerId, report.reportId, report.revision);
        digest(keyed, report, content, identity.recordKey);
      }
    });
    const identity = newIdentity();
    const digests = { payloadDigest: Buffer.alloc(8), fieldDigests: Buffer.alloc(50) };
    await stage('seal and write the record', () => {
      const context = { environment, providerId, receivedAtMs, keyed, sealer: dataKeys.current() };
      const writer = new RecordWriter(context, entries.length);
      entries.forEach(({ report }, i) => writer.write(report, identity, digests, verdicts[i] ?? []));
    });
  }
  for (const batch of batches) {
    await stage('all of the gateway without transport and log', () =>
      receive(batch, 'StreamReportsRequest', caller, toNowhere),
    );
  }
}

async function landingRound(round: number): Promise<void> {
  const appended = await recordsOf(batches);
  await stage('append', () => Promise.all(appended.map((records) => log.append(TOPIC, records))));
  await stage('read', () => readBack(round));
  await log.trim(TOPIC, (round + 1) * REPORTS);
  const logged = loggedOf(appended);
  const decoded = await stage('decode the record', () => decode(logged));
  const known = new KnownKeys({ maxExactKeys: 8_000_000, maxFilters: 64 });
  await stage('deduplicate', () =>
    deduplicate(decoded, known, () => Promise.resolve([]), { epoch: 1, partition: 0, offset: 0 }),
  );
  await stage('enrich', () => {
    for (const address of addresses) {
      lookups.country(address);
      lookups.asn(address);
    }
  });
  const judged = await judgedOf(logged);
  const rows = await stage('encode the row', () => rowsOf(judged, lookups));
  await stage('insert', () =>
    store.insert({
      table: 'records',
      columns: RECORD_COLUMNS,
      format: 'Native',
      rows,
      rowCount: logged.length,
      token: `round-${round}`,
    }),
  );
}

/** What the round has appended, as landing takes it. */
async function readBack(round: number): Promise<void> {
  let taken: readonly LoggedRecord[] = [];
  const subscription = await log.read(`bench-${round}`, [TOPIC], async (reader) => {
    taken = await reader.take({ maxRecords: REPORTS, maxBytes: 64 * MIB, maxWaitMs: 1_000 });
  });
  await subscription.ended;
  if (taken.length !== REPORTS) throw new Error(`${taken.length} records were read back`);
}
