// Where the embedded setting keeps what: one directory, owned by one process at a time.
import { join, resolve } from 'node:path';
import { keyFilesIn, type KeyFiles } from '../keys.js';

export interface DataDirectory extends KeyFiles {
  readonly root: string;
  readonly store: string;
  readonly log: string;
  /** How to reach the process that holds the directory; removed when it ends in order. */
  readonly running: string;
}

export const DATABASE = 'lachan';

export function dataDirectory(root: string): DataDirectory {
  const absolute = resolve(root);
  return {
    root: absolute,
    store: join(absolute, 'store'),
    log: join(absolute, 'log'),
    ...keyFilesIn(join(absolute, 'keys')),
    running: join(absolute, 'running.json'),
  };
}

/** Beside the data directory, never inside: a copy of the data must not carry the key that opens it. */
export function defaultAuthorityKeyDir(root: string): string {
  return `${resolve(root)}-authority-key`;
}
