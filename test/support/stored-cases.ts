// Cases written to a store as landing keeps them, for tests of what is read from it.
import { createHash } from 'node:crypto';
import { CASE_COLUMNS, caseRow } from '../../consumers/takedown/case-row.js';
import { insertRows } from '../../consumers/takedown/insert-rows.js';
import { VOID_COLUMNS, voidRows } from '../../consumers/takedown/void-runs.js';
import { selectStoredCases } from '../../store/queries/kept-cases.js';
import type { Block, Store } from '../../store/store.js';
import type { Case } from '../../takedown/case.js';
import type { TakedownEvent } from '../../takedown/event.js';
import { foldCase } from '../../takedown/fold.js';
import { event, report } from '../unit/takedown/case-builder.js';
import { RULES } from './arbitrary-case.js';

export interface KeptForTest {
  readonly state: Case;
  readonly reporter: string;
}

/** Different for each name. */
export function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

export function foldKept(i: number, events: Iterable<TakedownEvent>): KeptForTest {
  const { case: state } = foldCase({ environment: 'TEST', locationKey: keyOf(`case ${i}`) }, events, RULES);
  return { state, reporter: `reporter-${i % 3}` };
}

/** In one block; what an earlier one has beyond these is made void, as by whoever keeps cases. */
export async function insertCases(store: Store, kept: readonly KeptForTest[], token: string): Promise<void> {
  const rows = kept.map(({ state, reporter }) =>
    JSON.stringify(
      caseRow(state, { reporter, host: 'lachan-demo-1.vn', registrableDomain: 'lachan-demo-1.vn' }, 0),
    ),
  );
  await store.insert({
    table: 'cases',
    columns: CASE_COLUMNS,
    rows: Buffer.from(`${rows.join('\n')}\n`),
    rowCount: rows.length,
    token: `cases:${token}`,
  });
  const states = kept.map(({ state }) => state);
  const keys = states.map(({ locationKey }) => locationKey);
  const stored = await selectStoredCases((...asked) => store.select(...asked), 'TEST', keys);
  const deps = { insert: (block: Block) => store.insert(block) };
  for (const [table, gone] of voidRows(states, stored)) await insertRows(deps, table, VOID_COLUMNS, gone, 0);
}

export interface ReportForTest {
  /** Of the location, in hexadecimal. */
  readonly key: string;
  readonly i: number;
  readonly receivedMs: number;
  readonly isSelfActioned: boolean;
  readonly asCase: KeptForTest;
}

/** A report of a location that nobody acts on, and what the fold makes of it. */
export function reported(i: number, receivedMs: number, isSelfActioned: boolean): ReportForTest {
  const key = keyOf(`report ${i}`);
  const reportId = keyOf(`authority ${i}`);
  const providerId = `reporter-${i % 3}`;
  const contentCreatedAt = { instantMs: receivedMs - i * 7_200_000, precision: 'DAY' } as const;
  const one = event(isSelfActioned ? 'SELF_ACTIONED' : 'REPORTED', receivedMs, {
    report: report({ reportId, providerId, contentCreatedAt }),
  });
  const { case: state } = foldCase({ environment: 'TEST', locationKey: key }, [one], RULES);
  return { key, i, receivedMs, isSelfActioned, asCase: { state, reporter: providerId } };
}

const RECORD_COLUMNS = [
  'log_offset',
  'outcome',
  'environment',
  'provider_id',
  'report_id',
  'kind',
  'authority_report_id',
  'record_key',
  'received_at',
  'category',
  'urgency',
  'content_created_at',
  'content_created_precision',
  'decision_visibility',
  'location_keys',
  'location_hosts',
  'location_domains',
  'location_is_vn_domain',
  'location_service_names',
  'location_ips',
  'location_countries',
  'location_asns',
];

let offset = 0;

export async function insertReports(store: Store, reports: readonly ReportForTest[]): Promise<void> {
  const rows = reports.map(({ key, i, receivedMs, isSelfActioned, asCase }) => {
    const { category, urgency, host, contentCreatedAt } = asCase.state;
    const identity = ['REPORT', 'TEST', asCase.reporter, `r-${i}`, 'INITIAL', uuid(keyOf(`authority ${i}`))];
    const created = [contentCreatedAt?.instantMs, contentCreatedAt?.precision];
    const place = [[uuid(key)], ['lachan-demo-1.vn'], ['lachan-demo-1.vn'], [host.isVnDomain], [''], ['']];
    const about = [category, urgency, ...created, isSelfActioned ? ['REMOVED'] : []];
    const record = [...identity, uuid(keyOf(`record ${offset}`)), receivedMs, ...about, ...place];
    return JSON.stringify([offset++, ...record, [host.country], [Number(host.network)]]);
  });
  await store.insert({
    table: 'records',
    columns: RECORD_COLUMNS,
    rows: Buffer.from(`${rows.join('\n')}\n`),
    rowCount: rows.length,
    token: `reports:${offset}`,
  });
}

function uuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
