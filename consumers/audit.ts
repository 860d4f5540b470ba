// The proof of promise 3: every record taken from the log is exactly one row, per topic, epoch and partition.
import type { Log } from '../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../log/topics.js';
import {
  selectEpochs,
  selectLandedRange,
  selectLandedSpan,
  selectReportCounts,
  type LandedRange,
  type LandingTable,
} from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import {
  countedViews,
  selectCountable,
  selectViewCounts,
  type CountedView,
} from '../store/queries/view-counts.js';
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
  { topic: TAKEDOWNS_TOPIC, table: 'takedown_records' },
];

/** What landing had made of a partition when the audit began. */
interface Settled {
  readonly topic: string;
  readonly table: LandingTable;
  readonly epoch: number;
  readonly partition: number;
  readonly firstOffset: number;
  readonly committedOffset: number;
}

/**
 * Audits while landing goes on, without waiting for a quiet moment. What was committed before the
 * store is asked must stand there whole; of what comes later, only as much may stand there as has
 * been begun when the store has answered. `group` is the group that lands.
 */
export async function audit(log: Log, store: Store, group: string): Promise<Audit> {
  const select = store.select.bind(store);
  const epochs = await selectEpochs(select);
  const partitions: PartitionAudit[] = [];
  const problems: string[] = [];
  let viewRows = 0;
  for (const { topic, table } of TOPICS) {
    const known = epochs.find((epoch) => epoch.topic === topic);
    if (known === undefined) continue;
    const { epoch, firstOffsets } = known;
    const settled = (await log.committed(group, topic)).map((commit, partition): Settled => {
      const firstOffset = firstOffsets[partition] ?? 0;
      return { topic, table, epoch, partition, firstOffset, committedOffset: commit?.offset ?? firstOffset };
    });
    for (const partition of settled) {
      const found = await auditPartition(log, select, group, partition);
      partitions.push(found);
      problems.push(...problemsOf(found));
    }
    if (table === 'data_keys') continue;
    const committed = settled.map(({ committedOffset }) => committedOffset);
    for (const view of countedViews(table)) {
      const found = await auditView(select, view, { epoch, committed });
      if (view === 'record_totals') viewRows = found.counted;
      if (found.apart > 0) problems.push(`${view} counts ${found.apart} too many or too few`);
    }
  }
  const { rows, reports, distinctReports } = await selectReportCounts(select);
  if (reports !== distinctReports) problems.push(`${reports - distinctReports} reports stand more than once`);
  return {
    holds: problems.length === 0,
    problems,
    partitions,
    tableRows: rows,
    viewRows,
    reports,
    distinctReports,
  };
}

async function auditPartition(
  log: Log,
  select: Select,
  group: string,
  { topic, table, epoch, partition, firstOffset, committedOffset }: Settled,
): Promise<PartitionAudit> {
  const where = { epoch, partition };
  const range = (from: number, to: number): Promise<LandedRange> =>
    selectLandedRange(select, table, { ...where, from, to });
  const settled = await range(firstOffset, committedOffset);
  const span = await selectLandedSpan(select, table, where);
  const begun = await range(committedOffset, span.last + 1);
  const commit = (await log.committed(group, topic))[partition];
  const lastBegun = pendingOf(commit?.metadata ?? '')?.to ?? (commit?.offset ?? firstOffset) - 1;
  const beyond = await range(lastBegun + 1, span.last + 1);
  const below = span.first < 0 ? NONE : await range(span.first, firstOffset);
  return {
    topic,
    epoch,
    partition,
    firstOffset,
    committedOffset,
    logEnd: (await log.extents(topic))[partition]?.end ?? 0,
    rows: settled.rows,
    missing: committedOffset - firstOffset - settled.distinctOffsets,
    repeated: settled.rows - settled.distinctOffsets + begun.rows - begun.distinctOffsets,
    unaccounted: below.rows + beyond.rows,
  };
}

const NONE: LandedRange = { rows: 0, distinctOffsets: 0 };

function problemsOf(found: PartitionAudit): readonly string[] {
  const place = `${found.topic} partition ${found.partition}`;
  const problems: string[] = [];
  if (found.missing !== 0) problems.push(`${place}: ${found.missing} records have no row`);
  if (found.repeated !== 0) problems.push(`${place}: ${found.repeated} rows too many for their records`);
  if (found.unaccounted !== 0) problems.push(`${place}: ${found.unaccounted} rows that nothing accounts for`);
  if (found.committedOffset > found.logEnd) problems.push(`${place}: committed beyond the end of the log`);
  return problems;
}

/** A row is in the table before it is in a view: so the view is asked first. */
async function auditView(
  select: Select,
  view: CountedView,
  settled: { readonly epoch: number; readonly committed: readonly number[] },
): Promise<{ readonly counted: number; readonly apart: number }> {
  const counts = await selectViewCounts(select, view);
  const countable = await selectCountable(select, view, settled);
  let counted = 0;
  let apart = 0;
  for (const n of counts.values()) counted += n;
  for (const part of new Set([...counts.keys(), ...countable.keys()])) {
    const n = counts.get(part) ?? 0;
    const { least, most } = countable.get(part) ?? { least: 0, most: 0 };
    apart += Math.max(0, least - n, n - most);
  }
  return { counted, apart };
}
