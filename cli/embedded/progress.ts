// How far the log has been written and how far it has landed: what back-pressure and trimming go by.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedLog } from '../../log/embedded-log.js';
import type { Log } from '../../log/log.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { OperationRefusal } from '../operation-refusal.js';

export class Progress {
  #appended = 0;
  #landed = 0;

  /** Resolves when the state that the log was left in is known too. */
  async read(log: Log, group: string): Promise<void> {
    const [extent] = await log.extents(REPORTS_TOPIC);
    const [committed] = await log.committed(group, REPORTS_TOPIC);
    this.#appended = Math.max(this.#appended, extent?.end ?? 0);
    this.#landed = Math.max(this.#landed, committed?.offset ?? extent?.first ?? 0);
  }

  noteLanded(topic: string, to: number): void {
    if (topic === REPORTS_TOPIC) this.#landed = Math.max(this.#landed, to + 1);
  }

  /** Durable records that have not landed yet. */
  lag(): number {
    return Math.max(0, this.#appended - this.#landed);
  }

  landed(): number {
    return this.#landed;
  }

  /** The log's append, observed. */
  watching(log: Log): Pick<Log, 'append'> {
    return {
      append: async (topic, records) => {
        const positions = await log.append(topic, records);
        const last = positions.at(-1);
        if (topic === REPORTS_TOPIC && last !== undefined) {
          this.#appended = Math.max(this.#appended, last.offset + 1);
        }
        return positions;
      },
    };
  }
}

const POLL_MS = 20;
const MOST_WAIT_MS = 300_000;

/** Until all that was durable when it was called has landed. Rejects when `problem` tells of one, or it takes too long. */
export async function untilLanded(progress: Progress, problem: () => string | undefined): Promise<void> {
  const end = progress.landed() + progress.lag();
  for (let waitedMs = 0; progress.landed() < end; waitedMs += POLL_MS) {
    const wrong = problem();
    if (wrong !== undefined) throw new OperationRefusal(wrong);
    if (waitedMs > MOST_WAIT_MS) throw new OperationRefusal('landing is far behind; try again later');
    await sleep(POLL_MS);
  }
}

const TRIM_STEP = 0.25;

/**
 * Deletes old records above `keepBytes`, a quarter of them at a time and never beyond what has landed.
 * The store has synced what was landed before its offset was committed.
 */
export async function trimLog(log: EmbeddedLog, progress: Progress, keepBytes: number): Promise<void> {
  if (log.usedBytes() <= keepBytes) return;
  const [extent] = await log.extents(REPORTS_TOPIC);
  if (extent === undefined) return;
  const before = extent.first + Math.ceil((extent.end - extent.first) * TRIM_STEP);
  await log.trim(REPORTS_TOPIC, Math.min(before, progress.landed()));
}
