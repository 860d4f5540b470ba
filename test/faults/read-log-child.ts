// A process that reads whole logs and prints, for each, one line of JSON: the digest of every record in order, and the
// fault that ended the reading. A damaged page may well end the process: it is a process of its own for that.
//
//   arguments: directories of logs
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openEmbeddedLog } from '../../log/embedded.js';
import { LogFault } from '../../log/log.js';
import { REPORTS_TOPIC } from '../../log/topics.js';

const ALL = { maxRecords: 1_000, maxBytes: 10_000_000, maxWaitMs: 0 };

async function readAll(directory: string, digests: string[]): Promise<void> {
  const log = openEmbeddedLog({ directory, maxBytes: 1_000_000_000, clock: () => performance.now() });
  const reading = await log.read('lachan.test.damage', [REPORTS_TOPIC], async (reader) => {
    for (let taken = await reader.take(ALL); taken.length > 0; taken = await reader.take(ALL)) {
      for (const { offset, value } of taken) {
        digests.push(createHash('sha256').update(`${offset}:`).update(value).digest('base64'));
      }
    }
  });
  await reading.ended;
  await log.close();
}

for (const directory of process.argv.slice(2)) {
  const digests: string[] = [];
  let fault = '';
  try {
    await readAll(directory, digests);
  } catch (error) {
    fault = error instanceof LogFault ? error.code : `other: ${String(error)}`;
  }
  writeSync(1, `${JSON.stringify({ digests, fault })}\n`);
}
process.exit();
