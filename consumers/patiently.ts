// Repeats what fails for now, for as long as the partition is ours.
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFault, type PartitionReader } from '../log/log.js';
import { StoreFault } from '../store/store.js';

/** A fault that may pass. */
export type PassingFault = StoreFault | LogFault;

export interface Patience {
  /** Told of every fault after which the same is tried again. */
  readonly onRetry: (fault: PassingFault) => void;
  readonly retryMs: { readonly first: number; readonly most: number };
}

/**
 * Does `work` until it succeeds. Rejects with a fault that no repetition mends, and with `LogFault`
 * (NOT_OWNER) instead of another attempt when the partition is lost.
 */
export async function patiently<T>(
  reader: PartitionReader,
  { onRetry, retryMs }: Patience,
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
    // Rejects when the reader is revoked, which the next turn sees by itself.
    await Promise.allSettled([sleep(waitMs, undefined, { signal: reader.revoked })]);
  }
}

function mayPass(fault: unknown): fault is PassingFault {
  return fault instanceof StoreFault
    ? fault.retry === 'same-block'
    : fault instanceof LogFault && fault.retryable;
}
