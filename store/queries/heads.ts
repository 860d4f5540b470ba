// Up to which offset of the log what has landed may be told: the one question that is asked every second.
import { within, type LaneRange } from './lane-ranges.js';
import { numberOf, textOf, type Select } from './select.js';

export interface LandedHeads {
  /** The newest epoch of each topic that was ever read. */
  readonly epochs: ReadonlyMap<string, number>;
  /** Of the topic of events: up to and with which offset their cases are folded. */
  readonly folded: readonly { readonly epoch: number; readonly partition: number; readonly to: number }[];
  /** Of the topic of reports: how many records have landed from the asked offset on, and the highest offset of them. */
  readonly reports: readonly { readonly partition: number; readonly rows: number; readonly last: number }[];
}

const FAR = 9_007_199_254_740_991;

/** `reports`: from which offset of each partition of which epoch on; undefined: not asked for. */
export async function selectHeads(
  select: Select,
  reports: { readonly epoch: number; readonly from: readonly number[] } | undefined,
): Promise<LandedHeads> {
  const ranges = (reports?.from ?? []).map((from, partition): LaneRange => ({ partition, from, to: FAR }));
  const { where, params } = within({ epoch: reports?.epoch ?? 0, ranges });
  const rows = await select(
    `SELECT 'epoch' AS what, topic AS name, max(log_epochs.log_epoch) AS epoch, toUInt32(0) AS part,
       toUInt64(0) AS found, toUInt64(0) AS last FROM log_epochs GROUP BY topic
     UNION ALL
     SELECT 'folded', '', log_epoch, log_partition, 0, max(to_offset) FROM case_progress
     WHERE topic = 'takedowns' GROUP BY log_epoch, log_partition` +
      (reports === undefined
        ? ''
        : `
     UNION ALL
     SELECT 'reports', '', any(log_epoch), log_partition, count(), max(log_offset) FROM records
     WHERE environment IN ('PRODUCTION', 'TEST', 'UNKNOWN') AND ${where} GROUP BY log_partition`),
    reports === undefined ? {} : params,
  );
  const of = (what: string) => rows.filter((row) => row['what'] === what);
  return {
    epochs: new Map(of('epoch').map((row) => [textOf(row, 'name'), numberOf(row, 'epoch')])),
    folded: of('folded').map((row) => ({
      epoch: numberOf(row, 'epoch'),
      partition: numberOf(row, 'part'),
      to: numberOf(row, 'last'),
    })),
    reports: of('reports').map((row) => ({
      partition: numberOf(row, 'part'),
      rows: numberOf(row, 'found'),
      last: numberOf(row, 'last'),
    })),
  };
}

/** The highest landed offset of each partition of the topic of reports that has any. Reads the whole column. */
export async function selectLastOffsets(
  select: Select,
  epoch: number,
): Promise<readonly { readonly partition: number; readonly last: number }[]> {
  const rows = await select(
    `SELECT log_partition AS part, max(log_offset) AS last FROM records
     WHERE environment IN ('PRODUCTION', 'TEST', 'UNKNOWN') AND log_epoch = {epoch:UInt32} GROUP BY part`,
    { epoch },
  );
  return rows.map((row) => ({ partition: numberOf(row, 'part'), last: numberOf(row, 'last') }));
}
