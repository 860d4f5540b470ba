// The log of one machine as a whole: what was appended, who reads it, and how all of it ends.
import { Appender } from './embedded-append.js';
import { withDeadline } from './embedded-deadline.js';
import type { Store } from './embedded-store.js';
import { subscribe } from './embedded-subscribe.js';
import { trim } from './embedded-trim.js';
import { checkName } from './limits.js';
import { LogFault, type Log, type Subscription } from './log.js';

export interface EmbeddedLog extends Log {
  /**
   * Deletes the chunks whose records all stand before `beforeOffset`; the caller knows that they have
   * landed. Works in steps; each is durable, and an interrupted `trim` is simply called again.
   */
  trim(topic: string, beforeOffset: number): Promise<void>;
  /** Bytes on disk that the records of all topics occupy now. */
  usedBytes(): number;
}

/** How long the disk may take for one transaction. */
const WRITE_DEADLINE_MS = 30_000;

/** The log over an open store, which it closes in the end. For the parameters see `EmbeddedLogOptions`. */
export function embeddedLog(
  disk: Store,
  maxBytes: number,
  clock: () => number,
  writeDeadlineMs = WRITE_DEADLINE_MS,
): EmbeddedLog {
  const store = withDeadline(disk, writeDeadlineMs);
  const appender = new Appender(store, maxBytes);
  const reads = new Set<Promise<Subscription>>();
  let closing: Promise<void> | undefined;

  const checkOpen = (): void => {
    if (closing !== undefined) throw new LogFault('UNAVAILABLE', 'The log is closed.');
  };
  const close = async (): Promise<void> => {
    await Promise.allSettled([...reads].map(async (read) => (await read).close()));
    await appender.close();
    await store.close();
  };

  return {
    async append(topic, records) {
      checkOpen();
      return appender.append(topic, records);
    },
    async read(group, topics, onAssigned) {
      checkOpen();
      const read = subscribe({ store, clock, group }, topics, onAssigned);
      reads.add(read);
      try {
        const running = await read;
        return { ended: running.ended.finally(() => reads.delete(read)), close: () => running.close() };
      } catch (fault) {
        reads.delete(read);
        throw fault;
      }
    },
    extents: (topic) =>
      promise(() =>
        store.read((view) => [
          {
            partition: 0,
            first: view.mark(['head', topic])?.at ?? 0,
            end: view.mark(['tail', topic])?.at ?? 0,
          },
        ]),
      ),
    committed: (group, topic) =>
      promise(() => {
        const mark = store.read((view) => view.mark(['committed', group, topic]));
        return [mark && { offset: mark.at, metadata: mark.note }];
      }),
    async trim(topic, beforeOffset) {
      checkOpen();
      checkName('topic', topic);
      await trim(store, topic, beforeOffset);
    },
    usedBytes: () => store.read((view) => view.usedBytes()),
    close: () => (closing ??= close()),
  };
}

/** What `make` returns or throws, as a promise. */
const promise = <T>(make: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(make());
  });
