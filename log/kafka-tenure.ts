// How long partitions are ours: from an agreement of the group until the first sign that it may be over.
import { setMaxListeners } from 'node:events';

import type { Agreement } from './kafka-member.js';
import { LogFault } from './log.js';

/** Our own lease ends before the coordinator's patience does, so that nothing begins at the last moment. */
const LEASE_SHARE = 2 / 3;

export class Tenure {
  readonly agreement: Agreement;
  readonly #leaseMs: number;
  readonly #now: () => number;
  readonly #over = new AbortController();
  #aliveAt: number;
  #reason = '';

  constructor(agreement: Agreement, sessionTimeoutMs: number, now: () => number) {
    this.agreement = agreement;
    this.#leaseMs = sessionTimeoutMs * LEASE_SHARE;
    this.#now = now;
    this.#aliveAt = agreement.aliveAt;
    // Each partition waits for it, however many there are.
    setMaxListeners(0, this.over);
  }

  /** Aborted when it is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get reason(): string {
    return this.#reason;
  }

  /** False for good from the first time on: a process that was frozen finds its lease over before it does anything. */
  holds(): boolean {
    if (!this.over.aborted && this.#now() - this.#aliveAt >= this.#leaseMs)
      this.end('the coordinator has not been reached in time');
    return !this.over.aborted;
  }

  /** The coordinator has answered a heartbeat that left here at `sentAt`. */
  renew(sentAt: number): void {
    if (this.holds()) this.#aliveAt = sentAt;
  }

  end(reason: string): void {
    if (this.over.aborted) return;
    this.#reason = reason;
    this.#over.abort();
  }

  notOwner(topic: string, partition: number): LogFault {
    return new LogFault('NOT_OWNER', `Partition ${partition} of ${topic} is lost: ${this.#reason}.`);
  }
}
