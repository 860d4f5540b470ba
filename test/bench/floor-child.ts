// The engine by itself: rows that were encoded beforehand, into the table and its views, 20,000 in a block as landing
// sends them under load. Nothing that lands through this engine can be faster.
import { join } from 'node:path';
import { RECORD_COLUMNS } from '../../consumers/encode-row.js';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { batchesOf, judgedOf, loggedOf, recordsOf, rowsOf } from './sample.js';

const [root = '', duplicateShare = '', wantedRows = ''] = process.argv.slice(2);
const REPORTS_IN_BATCH = 500;
const ROWS_IN_BLOCK = 20_000;

const batches = batchesOf(ROWS_IN_BLOCK / REPORTS_IN_BATCH, REPORTS_IN_BATCH, Number(duplicateShare));
const rows = rowsOf(await judgedOf(loggedOf(await recordsOf(batches))), loadLookups());
const store = await openChdb({ directory: join(root, 'store'), database: 'lachan' });
await migrate(store, 'single', Date.now());

const blocks = Math.max(2, Math.round(Number(wantedRows) / ROWS_IN_BLOCK));
const cpuBefore = process.cpuUsage();
const beganMs = performance.now();
for (let block = 0; block < blocks; block += 1) {
  const token = `block-${block}`;
  await store.insert({
    table: 'records',
    columns: RECORD_COLUMNS,
    format: 'Native',
    rows,
    rowCount: ROWS_IN_BLOCK,
    token,
  });
}
const seconds = (performance.now() - beganMs) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
await store.close();
const inserted = blocks * ROWS_IN_BLOCK;
process.send?.(
  { perS: inserted / seconds, cpuUs: (user + system) / inserted, bytesPerRow: rows.length / ROWS_IN_BLOCK },
  () => process.exit(),
);
