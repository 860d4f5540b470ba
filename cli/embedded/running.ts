// How commands find the process that holds a data directory: a small file, readable by its owner only.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { DataDirectory } from './data-directory.js';

export interface Running {
  readonly pid: number;
  readonly http: string;
  readonly grpc: string;
  readonly token: string;
}

export function writeRunning(directory: DataDirectory, running: Running): void {
  const draft = `${directory.running}.new`;
  writeFileSync(draft, JSON.stringify(running), { mode: 0o600 });
  // In one step: whoever reads finds all of it or nothing.
  renameSync(draft, directory.running);
}

export function removeRunning(directory: DataDirectory): void {
  rmSync(directory.running, { force: true });
}

/** What the file says, if its process is alive; a process that was killed leaves the file behind. */
export function readRunning(directory: DataDirectory): Running | undefined {
  const running = runningOf(readJson(directory.running));
  if (running === undefined) return undefined;
  try {
    process.kill(running.pid, 0);
  } catch {
    return undefined;
  }
  return running;
}

/** Undefined when the file is not there, or does not hold JSON. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function runningOf(value: unknown): Running | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, http, grpc, token }: Readonly<Partial<Record<keyof Running, unknown>>> = value;
  if (
    typeof pid !== 'number' ||
    typeof http !== 'string' ||
    typeof grpc !== 'string' ||
    typeof token !== 'string'
  ) {
    return undefined;
  }
  return { pid, http, grpc, token };
}
