// Every process that the benchmark starts, so that none outlives it.
import type { ChildProcess } from 'node:child_process';

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** `child`, ended with this process at the latest. */
export function owned<T extends ChildProcess>(child: T): T {
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}

/** Ends what still runs. */
export function endAll(): void {
  for (const child of alive) child.kill('SIGKILL');
}

/** Resolves with the exit code; kills the process when it does not end within `limitMs`. */
export function ended(child: ChildProcess, limitMs: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`a process did not end within ${limitMs} ms`));
    }, limitMs);
    child.once('exit', (code) => {
      clearTimeout(late);
      resolve(code);
    });
  });
}
