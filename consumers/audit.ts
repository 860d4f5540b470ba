// The proof of promise 3: every record taken from the log is exactly one row, per topic, epoch and partition.
import type { Log } from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC } from '../log/topics.js';
import { selectEpochs, selectLandedRange, selectTotals, type LandingTable } from '../store/queries/landed.js';
import type { Store } from '../store/store.js';
import { pendingOf } from './land.js';

/** What was found in one partition. Offsets: from the first ever read to the committed one. */
export interface PartitionAudit {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly firstOffset: number;
  readonly committedOffset: number;
  readonly logEnd: number;
  readonly rows: number;
  readonly missing: number;
  readonly repeated: number;
  /** Rows that no commit and no intent accounts for. */
  readonly unaccounted: number;
}

export interface Audit {
  readonly holds: boolean;
  readonly problems: readonly string[];
  readonly partitions: readonly PartitionAudit[];
  readonly tableRows: number;
  readonly viewRows: number;
  readonly reports: number;
  readonly distinctReports: number;
}

const TOPICS: readonly { readonly topic: string; readonly table: LandingTable }[] = [
  { topic: REPORTS_TOPIC, table: 'records' },
  { topic: DATA_KEYS_TOPIC, table: 'data_keys' },
];

const ATTEMPTS = 20;

/**
 * Audits while landing goes on: when a batch was being landed meanwhile, looks again, a bounded number
 * of times. `group` is the group that lands.
 */
export async function audit(log: Log, store: Store, group: string): Promise<Audit> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await progress(log, group);
    const result = await auditOnce(log, store, group);
    const after = await progress(log, group);
    // Between intent and commit the table and its views may be out of step, rightly.
    if (result.holds || attempt === ATTEMPTS || (before === after && !before.includes('pending')))
      return result;
  }
}

async function progress(log: Log, group: string): Promise<string> {
  const committed = await Promise.all(TOPICS.map(({ topic }) => log.committed(group, topic)));
  return JSON.stringify(committed);
}

async function auditOnce(log: Log, store: Store, group: string): Promise<Audit> {
  const select = store.select.bind(store);
  const epochs = await selectEpochs(select);
  const partitions: PartitionAudit[] = [];
  const problems: string[] = [];
  let inFlight = false;
  for (const { topic, table } of TOPICS) {
    const known = epochs.find((epoch) => epoch.topic === topic);
    if (known === undefined) continue;
    const extents = await log.extents(topic);
    const commits = await log.committed(group, topic);
    for (const { partition, end } of extents) {
      const firstOffset = known.firstOffsets[partition] ?? 0;
      const commit = commits[partition];
      const committedOffset = commit?.offset ?? firstOffset;
      const pending = pendingOf(commit?.metadata ?? '');
      const where = { epoch: known.epoch, partition };
      const landed = await selectLandedRange(select, table, {
        ...where,
        from: firstOffset,
        to: committedOffset,
      });
      const begun =
        pending === undefined
          ? { rows: 0, distinctOffsets: 0 }
          : await selectLandedRange(select, table, { ...where, from: pending.from, to: pending.to + 1 });
      inFlight ||= pending !== undefined;
      const found = {
        topic,
        epoch: known.epoch,
        partition,
        firstOffset,
        committedOffset,
        logEnd: end,
        rows: landed.rows,
        missing: committedOffset - firstOffset - landed.distinctOffsets,
        repeated: landed.rows - landed.distinctOffsets + begun.rows - begun.distinctOffsets,
        unaccounted: landed.outside - begun.rows,
      };
      partitions.push(found);
      const where_ = `${topic} partition ${partition}`;
      if (found.missing !== 0) problems.push(`${where_}: ${found.missing} records have no row`);
      if (found.repeated !== 0) problems.push(`${where_}: ${found.repeated} rows too many for their records`);
      if (found.unaccounted !== 0)
        problems.push(`${where_}: ${found.unaccounted} rows that nothing accounts for`);
      if (committedOffset > end) problems.push(`${where_}: committed beyond the end of the log`);
    }
  }
  const totals = await selectTotals(select);
  if (totals.differing > 0 || (totals.rows !== totals.viewRows && !inFlight)) {
    problems.push(`the totals view counts ${totals.viewRows} records, the table ${totals.rows}`);
  }
  if (totals.reports !== totals.distinctReports) {
    problems.push(`${totals.reports - totals.distinctReports} reports stand more than once`);
  }
  return {
    holds: problems.length === 0,
    problems,
    partitions,
    tableRows: totals.rows,
    viewRows: totals.viewRows,
    reports: totals.reports,
    distinctReports: totals.distinctReports,
  };
}
