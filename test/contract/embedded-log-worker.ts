// The other thread of one process: reads and commits what the main thread appends.
import { parentPort, workerData } from 'node:worker_threads';

import { openEmbeddedLog } from '../../log/embedded.js';
import { LogFault } from '../../log/log.js';

const [directory, topic, group] = String(workerData).split('|');
if (parentPort === null || directory === undefined || topic === undefined || group === undefined)
  throw new Error('This runs as a worker with "directory|topic|group".');
const port = parentPort;

const log = openEmbeddedLog({ directory, maxBytes: 100_000_000, clock: () => performance.now() });
const subscription = await log.read(group, [topic], async (reader) => {
  let next = 0;
  while (!reader.revoked.aborted) {
    const taken = await reader.take({ maxRecords: 500, maxBytes: 1_000_000, maxWaitMs: 20 });
    for (const { offset, value } of taken) {
      if (offset !== next || Buffer.from(value).toString() !== `v-${offset}`)
        throw new Error('The worker read what nobody appended.');
      next += 1;
    }
    if (taken.length === 0) continue;
    await reader.commit(next, 'by the worker');
    port.postMessage(`read ${next}`);
  }
});
port.postMessage('reading');
try {
  await subscription.ended;
} catch (fault) {
  port.postMessage(fault instanceof LogFault ? fault.code : String(fault));
}
await log.close();
port.postMessage('closed');
