// What the views of landing tables have counted, and what the tables say they must have counted.
import type { RecordTable } from './landed.js';
import { numberOf, textOf, type Select } from './select.js';

/** Groups are named by world, day and, where the view has it, outcome. */
const VIEWS = {
  record_totals: {
    of: 'records',
    inView: `SELECT concat(environment, ' ', outcome, ' ', toString(toDate(hour))) AS part, sum(records) AS n
      FROM record_totals GROUP BY part`,
    part: `concat(environment, ' ', outcome, ' ', toString(toDate(received_at)))`,
    count: '1',
  },
  host_totals: {
    of: 'records',
    inView: `SELECT concat(environment, ' ', toString(day)) AS part, sum(reports) AS n
      FROM host_totals GROUP BY part`,
    part: `concat(environment, ' ', toString(toDate(received_at, 'Asia/Ho_Chi_Minh')))`,
    count: `if(outcome = 'REPORT' AND revision = 0, length(arrayDistinct(arrayFilter(place -> place.2 != '', arrayZip(
      location_domains, location_hosts, location_is_vn_domain, location_countries, location_asns)))), 0)`,
  },
  report_outcomes_of_records: {
    of: 'records',
    inView: `SELECT concat(environment, ' ', toString(toDate(received_at))) AS part, count() AS n
      FROM report_outcomes GROUP BY part`,
    part: `concat(environment, ' ', toString(toDate(received_at)))`,
    count: `if(authority_report_id != toUUID('00000000-0000-0000-0000-000000000000'), 1, 0)`,
  },
  case_reports_of_records: {
    of: 'records',
    inView: `SELECT concat(environment, ' ', toString(toDate(received_at))) AS part, count() AS n
      FROM case_reports GROUP BY part`,
    part: `concat(environment, ' ', toString(toDate(received_at)))`,
    count: `if(outcome = 'REPORT' AND kind IN ('INITIAL', 'AMENDMENT'), length(arrayDistinct(location_keys)), 0)`,
  },
  case_takedowns_of_records: {
    of: 'takedown_records',
    inView: `SELECT concat(environment, ' ', toString(toDate(observed_at))) AS part, count() AS n
      FROM case_takedowns GROUP BY part`,
    part: `concat(environment, ' ', toString(toDate(observed_at)))`,
    count: `if(outcome = 'EVENT', 1, 0)`,
  },
} as const satisfies Record<string, { readonly of: RecordTable; [more: string]: string }>;

export type CountedView = keyof typeof VIEWS;

/** The views of a table whose counts can be compared with it. */
export function countedViews(table: RecordTable): readonly CountedView[] {
  const views: readonly CountedView[] = [
    'record_totals',
    'host_totals',
    'report_outcomes_of_records',
    'case_reports_of_records',
    'case_takedowns_of_records',
  ];
  return views.filter((view) => VIEWS[view].of === table);
}

/** What a view has counted, by group. */
export async function selectViewCounts(
  select: Select,
  view: CountedView,
): Promise<ReadonlyMap<string, number>> {
  const rows = await select(VIEWS[view].inView);
  return new Map(rows.map((row) => [textOf(row, 'part'), numberOf(row, 'n')]));
}

/**
 * What the table says a view must have counted, by group: at least the rows that stand before
 * `committed` (the offset of each partition), at most all.
 */
export async function selectCountable(
  select: Select,
  view: CountedView,
  settled: { readonly epoch: number; readonly committed: readonly number[] },
): Promise<ReadonlyMap<string, { readonly least: number; readonly most: number }>> {
  const rows = await select(
    `SELECT part, sumIf(n, is_settled) AS least, sum(n) AS most
     FROM (
       SELECT ${VIEWS[view].part} AS part, ${VIEWS[view].count} AS n,
         log_epoch != {epoch:UInt32} OR log_offset < {committed:Array(UInt64)}[log_partition + 1] AS is_settled
       FROM ${VIEWS[view].of}
     ) GROUP BY part`,
    { ...settled },
  );
  return new Map(
    rows.map((row) => [textOf(row, 'part'), { least: numberOf(row, 'least'), most: numberOf(row, 'most') }]),
  );
}
