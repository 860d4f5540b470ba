// What the materialised views of schemas/clickhouse count, by the groups that they count by.
import type { Row } from '../../store/store.js';

/** Rows or reports by group. */
export type Totals = Map<string, number>;

interface View {
  readonly name: string;
  readonly of: string;
  /** The groups in which a row counts, once each. */
  readonly groupsOf: (row: Row) => readonly string[];
}

const HOUR_MS = 3_600_000;
/** What is not the same when a row comes again, and is in no view. */
const LANDING = { landed_at: 0, lookup_versions: '' };

const views: readonly View[] = [
  {
    name: 'record_totals',
    of: 'records',
    groupsOf: (row) => [
      JSON.stringify([
        row['environment'],
        utc(Math.floor(Number(row['received_at']) / HOUR_MS) * HOUR_MS),
        row['outcome'],
        row['kind'],
        row['revision'] === 0,
        row['category'],
        row['provider_id'],
        row['detection_method'],
        row['is_vn'],
      ]),
    ],
  },
  {
    name: 'host_totals',
    of: 'records',
    groupsOf: (row) => {
      if (row['outcome'] !== 'REPORT' || row['revision'] !== 0) return [];
      const day = utc(Number(row['received_at']) + 7 * HOUR_MS).slice(0, 10);
      const [domains, hosts, vns, countries, asns] = [
        'location_domains',
        'location_hosts',
        'location_is_vn_domain',
        'location_countries',
        'location_asns',
      ].map((column) => listOf(row, column));
      const places = hosts!.map((host, at) => [domains![at], host, vns![at], countries![at], asns![at]]);
      const groups = places
        .filter(([, host]) => host !== '')
        .map((place) => [row['environment'], day, ...place]);
      return [...new Set(groups.map((group) => JSON.stringify(group)))];
    },
  },
  {
    name: 'report_outcomes_of_records',
    of: 'records',
    groupsOf: (row) => {
      // Of a record that could not be read, only zeros.
      if (!/[1-9a-f]/.test(String(row['authority_report_id']))) return [];
      const position = ['log_epoch', 'log_partition', 'log_offset'].map((column) => row[column]);
      return [JSON.stringify([row['environment'], utc(Number(row['received_at'])), ...position])];
    },
  },
  {
    name: 'case_reports_of_records',
    of: 'records',
    groupsOf(row) {
      if (row['outcome'] !== 'REPORT' || (row['kind'] !== 'INITIAL' && row['kind'] !== 'AMENDMENT'))
        return [];
      const received = utc(Number(row['received_at']));
      return [...new Set(listOf(row, 'location_keys'))].map((key) =>
        JSON.stringify([row['environment'], received, key, row['record_key']]),
      );
    },
  },
  {
    name: 'case_takedowns_of_records',
    of: 'takedown_records',
    groupsOf: (row) =>
      row['outcome'] === 'EVENT'
        ? [JSON.stringify([row['environment'], utc(Number(row['observed_at'])), { ...row, ...LANDING }])]
        : [],
  },
];

export const VIEWS: readonly View[] = views.map(({ groupsOf, ...view }) => {
  // Rows are asked again and again.
  const known = new WeakMap<Row, readonly string[]>();
  return {
    ...view,
    groupsOf(row) {
      const groups = known.get(row) ?? groupsOf(row);
      known.set(row, groups);
      return groups;
    },
  };
});

function utc(ms: number): string {
  return new Date(ms).toISOString();
}

function listOf(row: Row, column: string): readonly unknown[] {
  const value = row[column];
  if (!Array.isArray(value)) throw new Error(`${column} holds no list`);
  return value;
}
