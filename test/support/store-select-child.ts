// A process that opens the engine of a stopped data directory, asks it, and prints the answers as JSON.
//
//   arguments: the data directory, a file that holds a JSON array of SELECT statements
import { readFileSync } from 'node:fs';
import { DATABASE, dataDirectory } from '../../cli/embedded/data-directory.js';
import { openChdb } from '../../store/chdb.js';

const [directory, statements] = process.argv.slice(2);
if (directory === undefined || statements === undefined) throw new Error('Arguments: directory, statements.');
const asked: unknown = JSON.parse(readFileSync(statements, 'utf8'));
if (!Array.isArray(asked)) throw new TypeError('The statements are a JSON array.');

const store = await openChdb({ directory: dataDirectory(directory).store, database: DATABASE });
const answers: unknown[] = [];
for (const statement of asked) answers.push(await store.select(String(statement)));
await store.close();
await new Promise((resolve) => process.stdout.write(JSON.stringify(answers), resolve));
