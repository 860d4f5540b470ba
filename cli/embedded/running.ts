// How commands find the process that holds a data directory: a small file, readable by its owner only.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { DataDirectory } from './data-directory.js';

export interface Running {
  readonly pid: number;
  readonly http: string;
  readonly grpc: string;
  readonly token: string;
}

export function writeRunning(directory: DataDirectory, running: Running): void {
  writeFileSync(directory.running, JSON.stringify(running), { mode: 0o600 });
}

export function removeRunning(directory: DataDirectory): void {
  rmSync(directory.running, { force: true });
}

/** What the file says, if its process is alive; a process that was killed leaves the file behind. */
export function readRunning(directory: DataDirectory): Running | undefined {
  let text: string;
  try {
    text = readFileSync(directory.running, 'utf8');
  } catch {
    return undefined;
  }
  const { pid, http, grpc, token } = JSON.parse(text) as Partial<Running>;
  if (
    typeof pid !== 'number' ||
    typeof http !== 'string' ||
    typeof grpc !== 'string' ||
    typeof token !== 'string'
  ) {
    return undefined;
  }
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  return { pid, http, grpc, token };
}
