// Danger: kafkajs 2.2.4 keeps a timer of 1 ms running for every connection, for ever: its request queue plans the end
// of a throttling that does not exist, which lies in the past (`throttledUntil` is -1). Idle, that is several percent
// of a core. The one method that plans it is replaced by itself behind a question: is anything waiting at all?
// When nothing waits there is nothing to check later: `push` plans a check for what it has to leave waiting.
import { createRequire } from 'node:module';

const QUIET = Symbol('lachan.quiet');

/** Safe to call often. Does nothing where the client is not built as known. */
export function quietIdleConnections(): void {
  const loaded: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
  if (typeof loaded !== 'function' || QUIET in loaded) return;
  const queue: unknown = loaded.prototype;
  if (typeof queue !== 'object' || queue === null || !('scheduleCheckPendingRequests' in queue)) return;
  const schedule = queue.scheduleCheckPendingRequests;
  if (typeof schedule !== 'function') return;
  Object.defineProperty(loaded, QUIET, { value: true });
  queue.scheduleCheckPendingRequests = function scheduleIfPending(this: unknown): void {
    const pending: unknown =
      typeof this === 'object' && this !== null && 'pending' in this ? this.pending : undefined;
    if (!Array.isArray(pending) || pending.length > 0) Reflect.apply(schedule, this, []);
  };
}
