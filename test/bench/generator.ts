// The generator as seen from the benchmark.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { owned } from './children.js';
import type { FromGenerator, SendJob, SentAll, SentBatch } from './generator-messages.js';

const CHILD = fileURLToPath(new URL('./generator-child.js', import.meta.url));

export interface Sent extends SentAll {
  readonly batches: readonly SentBatch[];
}

/** Runs the job in a process of its own. Rejects when a report got no receipt. */
export function generate(
  job: SendJob,
  onProgress: (acceptances: number, batches: readonly SentBatch[]) => void,
): Promise<Sent> {
  const child = owned(
    fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' }),
  );
  const batches: SentBatch[] = [];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the generator has ended with ${code}`)));
    child.on('message', (message) => {
      // The only one who writes here is generator-child.ts.
      const said = message as FromGenerator;
      switch (said.kind) {
        case 'progress':
          batches.push(...said.batches);
          return onProgress(said.acceptances, said.batches);
        case 'done':
          return resolve({ ...said, batches });
        case 'failed':
          return reject(new Error(`the generator: ${said.message}`));
      }
    });
    child.send(job);
  });
}
