// Repeats what fails for now, for as long as the partition is ours.
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFault, type PartitionReader } from '../log/log.js';
import { StoreFault } from '../store/store.js';

/** A fault that may pass. */
export type PassingFault = StoreFault | LogFault;

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export interface Patience {
  /** Told of every fault after which the same is tried again. */
  readonly onRetry: (fault: PassingFault) => void;
  readonly retryMs: { readonly first: number; readonly most: number };
  /** How to wait; by the clock of the machine when left out. */
  readonly pause?: Pause | undefined;
}

/**
 * Does `work` until it succeeds. Rejects with a fault that no repetition mends, and with `LogFault`
 * (NOT_OWNER) instead of another attempt when the partition is lost.
 */
export async function patiently<T>(
  reader: PartitionReader,
  { onRetry, retryMs, pause = pauseByClock }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  for (let waitMs = retryMs.first; ; waitMs = Math.min(waitMs * 2, retryMs.most)) {
    try {
      if (!reader.owned())
        throw new LogFault('NOT_OWNER', `${reader.topic} partition ${reader.partition} is lost.`);
      return await work();
    } catch (fault) {
      if (!mayPass(fault)) throw fault;
      onRetry(fault);
    }
    await pause(waitMs, reader.revoked);
  }
}

async function pauseByClock(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects when the signal aborts.
  await Promise.allSettled([sleep(ms, undefined, { signal })]);
}

function mayPass(fault: unknown): fault is PassingFault {
  return fault instanceof StoreFault
    ? fault.retry === 'same-block'
    : fault instanceof LogFault && fault.retryable;
}
