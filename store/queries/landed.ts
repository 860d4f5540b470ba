// What has landed of each partition: what start checks against the log, and what the audit counts.
import { numberOf, textsOf, textOf, type Select } from './select.js';

/** The shape of a topic when it was first read. */
export interface LogEpoch {
  readonly topic: string;
  readonly epoch: number;
  readonly partitions: number;
  readonly firstOffsets: readonly number[];
}

/** The newest epoch of each topic. */
export async function selectEpochs(select: Select): Promise<readonly LogEpoch[]> {
  const rows = await select(`
    SELECT topic, max(log_epochs.log_epoch) AS epoch, argMax(partitions, log_epochs.log_epoch) AS parts,
      arrayMap(o -> toString(o), argMax(first_offsets, log_epochs.log_epoch)) AS firsts
    FROM log_epochs GROUP BY topic ORDER BY topic`);
  return rows.map((row) => ({
    topic: textOf(row, 'topic'),
    epoch: numberOf(row, 'epoch'),
    partitions: numberOf(row, 'parts'),
    firstOffsets: textsOf(row, 'firsts').map(Number),
  }));
}

/** The tables that records land in, by what they hold. */
export type LandingTable = RecordTable | 'data_keys';
/** Those whose records may be dead letters. */
export type RecordTable = 'records' | 'takedown_records';

/** Where rows of one partition stand. */
export interface LandedPartition {
  readonly epoch: number;
  readonly partition: number;
}

/** Rows of one partition with from <= offset < to. */
export interface LandedRange {
  readonly rows: number;
  readonly distinctOffsets: number;
}

/** Offsets are compared some at a time: the engine keeps all that it compares in memory. */
const OFFSETS_AT_ONCE = 5_000_000;

export async function selectLandedRange(
  select: Select,
  table: LandingTable,
  where: LandedPartition & { readonly from: number; readonly to: number },
): Promise<LandedRange> {
  const found = { rows: 0, distinctOffsets: 0 };
  for (let from = where.from; from < where.to; from += OFFSETS_AT_ONCE) {
    const to = Math.min(from + OFFSETS_AT_ONCE, where.to);
    const [row = {}] = await select(
      `SELECT count() AS rows, uniqExact(log_offset) AS offsets FROM ${table}
       WHERE log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
         AND log_offset >= {from:UInt64} AND log_offset < {to:UInt64}`,
      { ...where, from, to },
    );
    found.rows += numberOf(row, 'rows');
    found.distinctOffsets += numberOf(row, 'offsets');
  }
  return found;
}

/** Lowest and highest offset of a partition; -1 and -1 when it has no row. */
export async function selectLandedSpan(
  select: Select,
  table: LandingTable,
  where: LandedPartition,
): Promise<{ readonly first: number; readonly last: number }> {
  const [row = {}] = await select(
    `SELECT if(count() = 0, -1, toInt64(min(log_offset))) AS first,
       if(count() = 0, -1, toInt64(max(log_offset))) AS last
     FROM ${table} WHERE log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}`,
    { ...where },
  );
  return { first: numberOf(row, 'first'), last: numberOf(row, 'last') };
}

/** Rows under one outcome and key; a report under its key must stand once. */
export interface ReportCounts {
  readonly rows: number;
  readonly reports: number;
  readonly distinctReports: number;
}

const KEYS_AT_ONCE = 5_000_000;

export async function selectReportCounts(select: Select): Promise<ReportCounts> {
  const [all = {}] = await select('SELECT count() AS rows FROM records');
  const rows = numberOf(all, 'rows');
  const passes = Math.ceil(rows / KEYS_AT_ONCE);
  const found = { rows, reports: 0, distinctReports: 0 };
  for (let pass = 0; pass < passes; pass += 1) {
    const [row = {}] = await select(
      `SELECT count() AS reports, uniqExact(record_key) AS keys FROM records
       WHERE outcome = 'REPORT' AND cityHash64(record_key) % {passes:UInt32} = {pass:UInt32}`,
      { passes, pass },
    );
    found.reports += numberOf(row, 'reports');
    found.distinctReports += numberOf(row, 'keys');
  }
  return found;
}
