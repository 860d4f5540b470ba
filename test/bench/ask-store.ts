// Asks the store of a stopped product.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { owned } from './children.js';

const CHILD = fileURLToPath(new URL('./ask-store-child.js', import.meta.url));

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** One list of rows for each statement. */
export function askStore(dataDir: string, statements: readonly string[]): Promise<readonly Rows[]> {
  const child = owned(fork(CHILD, [dataDir], { serialization: 'advanced' }));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the store was not asked: ${code}`)));
    child.once('message', (answers) => resolve(answers as readonly Rows[]));
    child.send(statements);
  });
}

export function numberIn(rows: Rows | undefined, column: string): number {
  const value = Number(rows?.[0]?.[column]);
  if (Number.isNaN(value)) throw new TypeError(`no number in ${column}`);
  return value;
}
