// A small workload with everything that landing knows: duplicates and conflicts within a batch and across batches, dead
// letters, three months and so up to four partitions of the table in a batch, data keys beside it.
import type { Plan, Setting } from './world.js';
import type { EventItem } from './takedown-workload.js';
import type { Item } from './workload.js';

const item = (report: Item['report'], content = 0, month = 0, revision = 0): Item => ({
  report,
  content,
  month,
  revision,
});

export const SETTING: Setting = {
  limits: { maxRecords: 4, maxBytes: 1_000_000, maxWaitMs: 20 },
  mostAtOnce: 100,
  maxExactKeys: 1_000,
  maxDeadLettersInARow: 1_000,
  lookups: 0,
  clockJumpMs: 0,
};

export const SMALL_PLAN: Plan = {
  chunks: [
    [item(1), item(2), item(1, 0, 1), item(2, 1), item('unreadable'), item(1, 2), item(3, 0, 1)],
    [item(1), item(4), item(3, 1, 1)],
  ],
  dataKeys: 1,
  partitions: 1,
  firstOffset: 5,
  settings: [SETTING],
  events: new Map(),
  learnsAfterMs: 0,
  viewsFirst: false,
};

const event = (n: EventItem['event'], seen: number | null = null, place = 1, content = 0): EventItem => ({
  event: n,
  content,
  place,
  seen,
});

/** Events of two cases: duplicates, conflicts and outdated acts within a batch and across batches, a dead letter. */
export const TAKEDOWN_PLAN: Plan = {
  ...SMALL_PLAN,
  chunks: [[item(1)], [item(1)]],
  dataKeys: 0,
  takedowns: [
    [event(1, 0), event(1), event(2, 0), event('unreadable'), event(2, 1, 2), event(1, null, 1, 1)],
    [event(3, 1), event(1, 9), event(2, 0, 2, 1), event(4, 1)],
  ],
};

/** As little as has all of it, in two batches: for what is tried many thousand times. */
export const SMALLEST_PLAN: Plan = {
  ...SMALL_PLAN,
  chunks: [
    [item(1), item(1, 0, 1), item('unreadable'), item(2)],
    [item(1, 2), item(2), item(4), item(4)],
  ],
};
