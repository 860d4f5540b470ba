// How far the log has been written and how far it has landed: what back-pressure and trimming go by.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedLog } from '../../log/embedded-log.js';
import type { Log } from '../../log/log.js';
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { OperationRefusal } from '../operation-refusal.js';

/** What reports and takedowns land from; data keys are a handful. */
const TOPICS = [REPORTS_TOPIC, TAKEDOWNS_TOPIC];

/** Ends of the one partition that a topic has here. */
interface Ends {
  appended: number;
  landed: number;
}

export class Progress {
  readonly #topics: ReadonlyMap<string, Ends> = new Map(
    TOPICS.map((topic) => [topic, { appended: 0, landed: 0 }]),
  );

  /** Resolves when the state that the log was left in is known too. */
  async read(log: Log, group: string): Promise<void> {
    for (const [topic, ends] of this.#topics) {
      const [extent] = await log.extents(topic);
      const [committed] = await log.committed(group, topic);
      ends.appended = Math.max(ends.appended, extent?.end ?? 0);
      ends.landed = Math.max(ends.landed, committed?.offset ?? extent?.first ?? 0);
    }
  }

  noteLanded(topic: string, to: number): void {
    const ends = this.#topics.get(topic);
    if (ends !== undefined) ends.landed = Math.max(ends.landed, to + 1);
  }

  /** Durable records that have not landed yet, as far as they were appended here. */
  lag(): number {
    let lag = 0;
    for (const { appended, landed } of this.#topics.values()) lag += Math.max(0, appended - landed);
    return lag;
  }

  landed(topic: string): number {
    return this.#topics.get(topic)?.landed ?? 0;
  }

  /** Whether by now all has landed that was durable at this moment. */
  untilNow(): () => boolean {
    const ends = [...this.#topics.values()].map((one) => [one, Math.max(one.appended, one.landed)] as const);
    return () => ends.every(([{ landed }, end]) => landed >= end);
  }

  /** The log's append, observed. */
  watching(log: Log): Pick<Log, 'append'> {
    return {
      append: async (topic, records) => {
        const positions = await log.append(topic, records);
        const last = positions.at(-1);
        const ends = this.#topics.get(topic);
        if (ends !== undefined && last !== undefined)
          ends.appended = Math.max(ends.appended, last.offset + 1);
        return positions;
      },
    };
  }
}

const POLL_MS = 20;
const MOST_WAIT_MS = 300_000;

/** Until all that was durable when it was called has landed. Rejects when `problem` tells of one, or it takes too long. */
export async function untilLanded(progress: Progress, problem: () => string | undefined): Promise<void> {
  const hasLanded = progress.untilNow();
  for (let waitedMs = 0; !hasLanded(); waitedMs += POLL_MS) {
    const wrong = problem();
    if (wrong !== undefined) throw new OperationRefusal(wrong);
    if (waitedMs > MOST_WAIT_MS) throw new OperationRefusal('landing is far behind; try again later');
    await sleep(POLL_MS);
  }
}

const TRIM_STEP = 0.25;

/**
 * Deletes old records above `keepBytes`, a quarter of each topic at a time and never beyond what has landed.
 * The store has synced what was landed before its offset was committed.
 */
export async function trimLog(log: EmbeddedLog, progress: Progress, keepBytes: number): Promise<void> {
  if (log.usedBytes() <= keepBytes) return;
  for (const topic of TOPICS) {
    const [extent] = await log.extents(topic);
    if (extent === undefined) continue;
    const before = extent.first + Math.ceil((extent.end - extent.first) * TRIM_STEP);
    await log.trim(topic, Math.min(before, progress.landed(topic)));
  }
}
