// A process that opens the engine of a stopped data directory and tells it to do something that Lachan never would.
//
//   arguments: the data directory, a JSON array of statements
import { DATABASE, dataDirectory } from '../../cli/embedded/data-directory.js';
import { openChdb } from '../../store/chdb.js';

const [directory, statements] = process.argv.slice(2);
if (directory === undefined || statements === undefined) throw new Error('Arguments: directory, statements.');
const told: unknown = JSON.parse(statements);
if (!Array.isArray(told)) throw new TypeError('The statements are a JSON array.');

const store = await openChdb({ directory: dataDirectory(directory).store, database: DATABASE });
for (const statement of told) await store.command(String(statement));
await store.close();
