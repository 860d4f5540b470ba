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
export type LandingTable = 'records' | 'data_keys';

/** The highest offset that has landed, or -1. */
export async function selectLastLanded(
  select: Select,
  table: LandingTable,
  epoch: number,
  partition: number,
): Promise<number> {
  const rows = await select(
    `SELECT if(count() = 0, -1, toInt64(max(log_offset))) AS last FROM ${table}
     WHERE log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}`,
    { epoch, partition },
  );
  return rows[0] === undefined ? -1 : numberOf(rows[0], 'last');
}

/** Rows of one partition with from <= offset < to. */
export interface LandedRange {
  readonly rows: number;
  readonly distinctOffsets: number;
  /** Rows of the same partition and epoch outside the range. */
  readonly outside: number;
}

export async function selectLandedRange(
  select: Select,
  table: LandingTable,
  where: { readonly epoch: number; readonly partition: number; readonly from: number; readonly to: number },
): Promise<LandedRange> {
  const rows = await select(
    `SELECT countIf(inside) AS rows, uniqExactIf(log_offset, inside) AS offsets, countIf(NOT inside) AS outside
     FROM (
       SELECT log_offset, log_offset >= {from:UInt64} AND log_offset < {to:UInt64} AS inside FROM ${table}
       WHERE log_epoch = {epoch:UInt32} AND log_partition = {partition:UInt32}
     )`,
    { ...where },
  );
  const row = rows[0] ?? {};
  return {
    rows: numberOf(row, 'rows'),
    distinctOffsets: numberOf(row, 'offsets'),
    outside: numberOf(row, 'outside'),
  };
}

/** Totals of the landing table beside those of its view, and what must not be there. */
export interface Totals {
  readonly rows: number;
  readonly viewRows: number;
  /** Environments and outcomes in which table and view differ. */
  readonly differing: number;
  readonly reports: number;
  readonly distinctReports: number;
}

export async function selectTotals(select: Select): Promise<Totals> {
  const rows = await select(`
    WITH
      in_table AS (SELECT environment, outcome, count() AS n FROM records GROUP BY environment, outcome),
      in_view AS (SELECT environment, outcome, sum(records) AS n FROM record_totals GROUP BY environment, outcome)
    SELECT
      (SELECT sum(n) FROM in_table) AS rows,
      (SELECT sum(n) FROM in_view) AS view_rows,
      (SELECT countIf(t.n != v.n) FROM in_table t FULL OUTER JOIN in_view v
         ON t.environment = v.environment AND t.outcome = v.outcome) AS differing,
      (SELECT count() FROM records WHERE outcome = 'REPORT') AS reports,
      (SELECT uniqExact(record_key) FROM records WHERE outcome = 'REPORT') AS distinct_reports`);
  const row = rows[0] ?? {};
  return {
    rows: numberOf(row, 'rows'),
    viewRows: numberOf(row, 'view_rows'),
    differing: numberOf(row, 'differing'),
    reports: numberOf(row, 'reports'),
    distinctReports: numberOf(row, 'distinct_reports'),
  };
}
