// A process that opens the engine's directory and says how that went, as one line of JSON.
//
//   open    only opens; says "opened", or the fault
//   insert  inserts three rows and says what then stands in the table
import { openChdb } from '../../store/chdb.js';
import { StoreFault } from '../../store/store.js';

const [directory, mode] = process.argv.slice(2);
if (directory === undefined || mode === undefined) throw new Error('Arguments: directory, open or insert.');

async function attempt(path: string): Promise<unknown> {
  const store = await openChdb({ directory: path, database: 'test' });
  if (mode !== 'insert') {
    await store.close();
    return 'opened';
  }
  await store.command(`
    CREATE TABLE pairs (n UInt64, word String) ENGINE = MergeTree ORDER BY n
    SETTINGS non_replicated_deduplication_window = 100`);
  const rows = Buffer.from('[1,"one"]\n[2,"two"]\n[3,"three"]\n');
  await store.insert({ table: 'pairs', columns: ['n', 'word'], rows, rowCount: 3, token: 'a' });
  const found = await store.select('SELECT n, word FROM pairs ORDER BY n');
  await store.close();
  return found;
}

const said = await attempt(directory).catch((fault: unknown) =>
  fault instanceof StoreFault ? { retry: fault.retry, message: fault.message } : String(fault),
);
await new Promise((resolve) => process.stdout.write(JSON.stringify(said), resolve));
