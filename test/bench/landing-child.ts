// Landing by itself: whatever stands in an embedded log, into a fresh engine, as fast as it goes.
import { openEmbeddedLog } from '../../log/embedded.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { LANDING_GROUP, startConsumers } from '../../consumers/pipeline.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';

const [logDirectory = '', storeDirectory = ''] = process.argv.slice(2);
const MIB = 1_048_576;
const POLL_MS = 20;

const store = await openChdb({ directory: storeDirectory, database: 'lachan' });
await migrate(store, 'single', Date.now());
const log = openEmbeddedLog({
  directory: logDirectory,
  maxBytes: 16_384 * MIB,
  clock: () => performance.now(),
});
const lookups = loadLookups();
const [extent] = await log.extents(REPORTS_TOPIC);
if (extent === undefined) throw new Error('the log has no reports');
const records = extent.end - extent.first;

const cpuBefore = process.cpuUsage();
const beganMs = performance.now();
const consumers = await startConsumers({
  log,
  store,
  lookups,
  rules: [],
  nowMs: Date.now,
  // As in `start`.
  limits: { maxRecords: 20_000, maxBytes: 16 * MIB, maxWaitMs: 250 },
  dedup: { maxExactKeys: 8_000_000, maxFilters: 64 },
  onLanded: () => undefined,
  onRetry: (_topic, fault) => process.stderr.write(`${fault.message}\n`),
});
consumers.ended.catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
for (;;) {
  const [committed] = await log.committed(LANDING_GROUP, REPORTS_TOPIC);
  if ((committed?.offset ?? 0) >= extent.end) break;
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
const seconds = (performance.now() - beganMs) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
await consumers.close();
await log.close();
await store.close();
process.send?.({ records, seconds, cpuUs: user + system }, () => process.exit());
