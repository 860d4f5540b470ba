// A member of a group in a process of its own, so that a test can freeze it. Arguments: brokers, group, topic. Says in
// lines of JSON what it is assigned, and, the moment it is awake again, what it believes and what a commit answers.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

import { openKafkaLog } from '../../../log/kafka.js';
import { LogFault } from '../../../log/log.js';
import { kafkaLogOptions } from './log-options.js';

const [brokers = '', group = '', topic = ''] = process.argv.slice(2);
const TICK_MS = 20;
const FROZEN_MS = 1_000;

const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const log = await openKafkaLog(kafkaLogOptions(brokers.split(',')));
await log.read(group, [topic], async (reader) => {
  say({ assigned: reader.partition, committed: reader.committed?.metadata });
  let last = performance.now();
  for (;;) {
    await setTimeout(TICK_MS);
    const now = performance.now();
    const asleepMs = now - last;
    last = now;
    if (asleepMs < FROZEN_MS) continue;
    // In this order, and in the first turn after waking: so does landing before it inserts.
    const owned = reader.owned();
    const code = await reader.commit(99, 'of the frozen one').then(
      () => 'COMMITTED',
      (error: unknown) => (error instanceof LogFault ? error.code : String(error)),
    );
    say({ woken: reader.partition, owned, revoked: reader.revoked.aborted, commit: code });
    break;
  }
  if (!reader.revoked.aborted) await once(reader.revoked, 'abort');
});
