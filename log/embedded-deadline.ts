// A disk that does not answer must not keep callers waiting for ever, nor let their writes pile up.
import { setTimeout } from 'node:timers/promises';

import type { Store } from './embedded-store.js';
import { LogFault } from './log.js';

/** Writes that the disk may still owe an answer before new ones are refused at once. */
const MAX_UNANSWERED = 16;

/**
 * The same store, but a write or flush that takes longer than `deadlineMs` rejects UNAVAILABLE. What
 * becomes of it is unknown then, as for every rejected append: the guards of later writes see to the rest.
 */
export function withDeadline(store: Store, deadlineMs: number): Store {
  let unanswered = 0;
  const inTime = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (unanswered >= MAX_UNANSWERED) throw new LogFault('UNAVAILABLE', 'The disk does not answer.');
    unanswered += 1;
    const answer = begin().finally(() => {
      unanswered -= 1;
    });
    const answered = new AbortController();
    try {
      return await Promise.race([answer, tooLate(deadlineMs, answered.signal)]);
    } finally {
      answered.abort();
    }
  };
  return {
    ...store,
    write: (changes) => inTime(() => store.write(changes)),
    flushed: () => inTime(() => store.flushed()),
  };
}

async function tooLate(deadlineMs: number, answered: AbortSignal): Promise<never> {
  await setTimeout(deadlineMs, undefined, { signal: answered });
  throw new LogFault('UNAVAILABLE', `The disk has not answered for ${deadlineMs} ms.`);
}
