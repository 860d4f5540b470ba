// A running read of the embedded log: a reader for each topic, their handlers, and how it all ends.
import { EmbeddedReader, type Assignment } from './embedded-read.js';
import { checkName } from './limits.js';
import type { PartitionHandler, Subscription } from './log.js';

/** As `Log.read`. Ends with NOT_OWNER when somebody else reads one of the topics as the same group. */
export async function subscribe(
  { store, clock, group }: Omit<Assignment, 'topic'>,
  topics: readonly string[],
  onAssigned: PartitionHandler,
): Promise<Subscription> {
  checkName('group', group);
  for (const topic of topics) checkName('topic', topic);
  const readers: EmbeddedReader[] = [];
  for (const topic of topics) readers.push(await EmbeddedReader.assign({ store, clock, group, topic }));

  const revokeAll = (): void => {
    for (const reader of readers) reader.revoke();
  };
  const handleAll = async (): Promise<void> => {
    const faults: unknown[] = [];
    const handle = async (reader: EmbeddedReader): Promise<void> => {
      try {
        await onAssigned(reader);
        if (reader.lost) throw reader.notOwner();
      } catch (fault) {
        faults.push(fault);
        revokeAll();
      }
    };
    await Promise.all(readers.map(handle));
    if (faults.length > 0) throw faults[0];
  };

  const ended = handleAll();
  return {
    ended,
    async close() {
      revokeAll();
      await Promise.allSettled([ended]);
    },
  };
}
