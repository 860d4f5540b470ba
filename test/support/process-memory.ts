// What a running process holds, as Linux tells it.
import { readFileSync } from 'node:fs';

/** Memory that no file stands behind, in bytes. */
export function anonymousBytes(pid: number): number {
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (found === null) throw new Error('the kernel does not tell the memory of a process');
  return Number(found[1]) * 1_024;
}
