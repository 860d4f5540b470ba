// Loaded into a measured process before its own code (--import), in every thread of it: writes down which thread is
// which, by the kernel's ids, so that CPU can be told by thread from outside.
import { readlink } from 'node:fs';
import { appendFileSync, readdirSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['BENCH_THREADS_FILE'];
const POOL_THREADS = 4;
const MOST_LOOKS = 2_000;

if (file !== undefined) {
  const note = (role: string, tid: string): void => appendFileSync(file, `${role} ${tid}\n`);
  const idOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);
  note(isMainThread ? 'main' : 'worker', idOf(readlinkSync('/proc/thread-self')));
  if (isMainThread) {
    // Whatever runs already belongs to Node: the pool of the event loop, and helpers of V8.
    const before = readdirSync('/proc/self/task');
    const pool = new Set<string>();
    for (let looks = 0; pool.size < POOL_THREADS && looks < MOST_LOOKS; looks += 8) {
      const looked = Array.from({ length: 8 }, () => {
        return new Promise<string>((resolve, reject) => {
          readlink('/proc/thread-self', (error, link) =>
            error === null ? resolve(idOf(link)) : reject(error),
          );
        });
      });
      for (const tid of await Promise.all(looked)) pool.add(tid);
    }
    for (const tid of pool) note('pool', tid);
    for (const tid of before) if (!pool.has(tid) && tid !== String(process.pid)) note('v8', tid);
  }
}
