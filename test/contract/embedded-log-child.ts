// A process that appends until something stops it, and prints what it was promised as soon as it was.
//
//   append  until killed; prints "<first offset> <append> <count>" for each append that resolved
//   fill    until the disk is full; prints "<code> <retryable>", makes room with trim, appends once more
//           and prints "<end when full> <offset of the last append>"
import { writeSync } from 'node:fs';

import { openEmbeddedLog } from '../../log/embedded.js';
import { LogFault, type Log, type LogRecord } from '../../log/log.js';
import { CRASH_TOPIC, valueOf } from './embedded-log-values.js';

async function appendForEver(log: Log, lane: number): Promise<never> {
  for (let turn = 1; ; turn += 1) {
    const append = `${process.pid}-${lane}-${turn}`;
    const records = Array.from({ length: 1 + ((turn * 7) % 50) }, (_, index) => ({
      key: Buffer.from('k'),
      value: Buffer.from(valueOf(append, index)),
    }));
    const positions = await log.append(CRASH_TOPIC, records);
    writeSync(1, `${positions[0]?.offset ?? -1} ${append} ${positions.length}\n`);
  }
}

async function fill(log: Log, records: readonly LogRecord[]): Promise<LogFault> {
  for (;;) {
    try {
      await log.append(CRASH_TOPIC, records);
    } catch (fault) {
      if (fault instanceof LogFault) return fault;
      throw fault;
    }
  }
}

const [directory, mode] = process.argv.slice(2);
if (directory === undefined) throw new Error('Arguments: directory, append or fill.');
const log = openEmbeddedLog({ directory, maxBytes: 1_000_000_000, clock: () => performance.now() });

if (mode === 'append') {
  await Promise.all([0, 1, 2, 3].map((lane) => appendForEver(log, lane)));
} else {
  const record = { key: Buffer.from('k'), value: Buffer.alloc(2_000, 'x') };
  const records = Array.from({ length: 100 }, () => record);
  const fault = await fill(log, records);
  writeSync(1, `${fault.code} ${fault.retryable}\n`);
  const [extent] = await log.extents(CRASH_TOPIC);
  const end = extent?.end ?? 0;
  await log.trim(CRASH_TOPIC, end);
  const [position] = await log.append(CRASH_TOPIC, records);
  writeSync(1, `${end} ${position?.offset ?? -1}\n`);
  await log.close();
}
