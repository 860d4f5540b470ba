// What the store answers about events of cases. They are answered from the view, which may land before its table or after.
import { selectCaseEvents, selectCasesBefore } from '../../store/queries/case-events.js';
import {
  RUN_TABLES,
  selectCasesToRing,
  selectEventCount,
  selectProgress,
  selectStoredCases,
  selectVerdicts,
} from '../../store/queries/kept-cases.js';
import { selectReportedCases, selectRetractedLocations } from '../../store/queries/landed-reports.js';
import type { SelectParams } from '../../store/queries/select.js';
import type { Row } from '../../store/store.js';
import type { DurableSink } from './fake-sink.js';
import type { Learn } from './sink-queries.js';

const BEFORE = { epoch: 1, partition: 0, offset: 1 };
const KEY = '00'.repeat(16);

export async function learnTakedown(learn: Learn): Promise<void> {
  await learn(
    (select) =>
      selectCasesBefore(select, BEFORE, [{ environment: 'TEST', locationKey: KEY, eventKey: KEY }], []),
    (sink, params) => {
      const found = new Map<string, { location: string; acts: number; known: string[] }>();
      const notActs = listOf(params, 'not_acts');
      for (const row of eventsOf(sink, params, 'cases')) {
        const { epoch, partition, offset } = params;
        if (row['log_epoch'] !== epoch || row['log_partition'] !== partition) continue;
        if (Number(row['log_offset']) >= Number(offset)) continue;
        const location = hexOf(row, 'location_key');
        const ofCase = found.get(location) ?? { location, acts: 0, known: [] };
        if (row['is_outdated'] === false && !notActs.includes(String(row['type']))) ofCase.acts += 1;
        if (listOf(params, 'events').includes(String(row['event_key'])))
          ofCase.known.push(hexOf(row, 'event_key') + String(row['digest']));
        found.set(location, ofCase);
      }
      return [...found.values()];
    },
  );
  await learn(
    (select) => selectCaseEvents(select, 'TEST', [KEY]),
    (sink, params) =>
      eventsOf(sink, params, 'keys').map((row) => ({
        ...row,
        location: hexOf(row, 'location_key'),
        id: hexOf(row, 'event_key'),
        occurred_ms: row['occurred_at'],
        observed_ms: row['observed_at'],
        created_ms: row['content_created_at'],
        provider_report_id: '',
      })),
  );
  await learn(
    (select) => selectEventCount(select, 'TEST', [KEY]),
    (sink, params) => [{ events: eventsOf(sink, params, 'keys').length }],
  );
  await learn(
    (select) => selectVerdicts(select, 'TEST', [KEY]),
    (sink, params) => {
      const newest = new Map<string, Row>();
      for (const row of ofCases(sink.rows('event_verdicts'), params, 'keys')) {
        const before = newest.get(String(row['event_key']));
        if (Number(row['version']) >= Number(before?.['version'] ?? 0))
          newest.set(String(row['event_key']), row);
      }
      return [...newest.values()].map((row) => ({
        key: hexOf(row, 'location_key'),
        event: hexOf(row, 'event_key'),
        effect: row['effect'],
        reason: row['reason'],
      }));
    },
  );
  await learn(
    (select) => selectStoredCases(select, 'TEST', [KEY]),
    (sink, params) => {
      const newest = new Map<string, number>();
      for (const row of ofCases(sink.rows('cases'), params, 'keys')) {
        const key = hexOf(row, 'location_key');
        newest.set(key, Math.max(newest.get(key) ?? 0, Number(row['version'])));
      }
      // Runs are made by the views of `cases`, which are not simulated.
      const runs = Object.fromEntries(RUN_TABLES.map((table) => [table, 0]));
      return [...newest].map(([key, version]) => ({ key, newest: version, ...runs }));
    },
  );
  await learn(
    (select) => selectProgress(select, 'reports', 1),
    (sink, { topic, epoch }) => {
      const last = new Map<number, number>();
      for (const row of sink.rows('case_progress')) {
        if (row['topic'] !== topic || row['log_epoch'] !== epoch) continue;
        const part = Number(row['log_partition']);
        last.set(part, Math.max(last.get(part) ?? 0, Number(row['to_offset'])));
      }
      return [...last].map(([part, to]) => ({ part, last: to }));
    },
  );
  // Nobody retracts a report, no report names a case that somebody has acted on, and without a notice no bell rings.
  const range = { epoch: 1, partition: 0, from: 0, to: 1 };
  await learn(
    (select) => selectReportedCases(select, range),
    () => [],
  );
  await learn(
    (select) => selectRetractedLocations(select, range),
    () => [],
  );
  await learn(
    (select) => selectCasesToRing(select, 0, 1),
    () => [],
  );
}

/** Rows of the view of the cases that `among` names. */
function eventsOf(sink: DurableSink, params: SelectParams, among: string): readonly Row[] {
  const rows = [...sink.totals.get('case_takedowns_of_records')!].flatMap(([group, n]) => {
    const [, , row] = JSON.parse(group) as readonly [string, string, Row];
    return Array<Row>(n).fill(row);
  });
  return ofCases(rows, params, among);
}

function ofCases(rows: readonly Row[], params: SelectParams, among: string): readonly Row[] {
  const keys = listOf(params, among);
  return rows.filter(
    (row) => row['environment'] === params['environment'] && keys.includes(String(row['location_key'])),
  );
}

function listOf(params: SelectParams, name: string): readonly string[] {
  const value = params[name];
  return Array.isArray(value) ? value.map(String) : [];
}

function hexOf(row: Row, column: string): string {
  return String(row[column]).replaceAll('-', '');
}
