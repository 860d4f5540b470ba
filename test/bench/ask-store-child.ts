// Opens the engine of a stopped data directory in a process of its own, and answers SELECT statements.
import { DATABASE, dataDirectory } from '../../cli/embedded/data-directory.js';
import { openChdb } from '../../store/chdb.js';

const [directory = ''] = process.argv.slice(2);

process.once('message', (message) => {
  // The only one who starts this process is ask-store.ts, which sends a list of statements.
  answer(message as readonly string[]).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function answer(statements: readonly string[]): Promise<void> {
  const store = await openChdb({ directory: dataDirectory(directory).store, database: DATABASE });
  const answers: unknown[] = [];
  for (const statement of statements) answers.push(await store.select(statement));
  await store.close();
  process.send?.(answers, () => process.exit());
}
