// A folded case as its row of `cases`.
import type { Case, Cycle, Duty } from '../../takedown/case.js';
import { spanOfTime } from '../../takedown/instants.js';
import { nextBellMs, openDeadlines } from '../../takedown/next-bell.js';
import { bellsAt } from './bells-at.js';

/** What a row says beside the case: of its first report, else of the first event that names its place. */
export interface FirstReport {
  /** Empty: unknown. */
  readonly reporter: string;
  readonly host: string;
  readonly registrableDomain: string;
}

interface KeptCase extends FirstReport {
  readonly state: Case;
  /** By the clock of whoever keeps it. */
  readonly nowMs: number;
  readonly duties: readonly (readonly [Cycle, Duty])[];
}

type Column = readonly [name: string, valueOf: (kept: KeptCase) => unknown];

const COLUMNS: readonly Column[] = [
  ['environment', ({ state }) => state.environment],
  ['location_key', ({ state }) => dashed(state.locationKey)],
  ['version', ({ state }) => state.eventCount],
  ['acts', ({ state }) => state.version],
  ['status', ({ state }) => state.status],
  ['stage', ({ state }) => state.stage ?? ''],
  ['owner', ({ state }) => (state.stage === null ? '' : state.owners[state.stage])],
  ['is_held', ({ state }) => state.isHeld],
  ['is_appealed', ({ state }) => state.isAppealed],
  ['report_count', ({ state }) => state.reportCount],
  ['retracted_count', ({ state }) => state.retractedCount],
  ['reports_since_down', ({ state }) => state.reportsSinceDown],
  ['reporter', ({ reporter }) => reporter],
  ['category', ({ state }) => state.category],
  ['urgency', ({ state }) => state.urgency],
  ['host', ({ host }) => host],
  ['registrable_domain', ({ registrableDomain }) => registrableDomain],
  ['is_vn_domain', ({ state }) => state.host.isVnDomain],
  ['country', ({ state }) => state.host.country],
  ['asn', ({ state }) => Number(state.host.network)],
  ['content_created_from', ({ state }) => createdOf(state)?.earliestMs ?? null],
  ['content_created_to', ({ state }) => createdOf(state)?.latestMs ?? null],
  ['opened_at', ({ state }) => state.cycles[0]?.opened.earliestMs ?? 0],
  ['live_from', ({ state }) => state.liveFromMs],
  ['last_observed_at', ({ state }) => state.lastObservedAtMs],
  ['next_bell_at', ({ state, nowMs }) => nextBell(state, nowMs)],
  ['next_due_at', ({ state, nowMs }) => nextDue(state, nowMs)?.dueMs ?? null],
  ['next_due_rule', ({ state, nowMs }) => nextDue(state, nowMs)?.rule ?? ''],
  ['next_due_addressee', ({ state, nowMs }) => nextDue(state, nowMs)?.addressee ?? ''],

  ofCycle('cycle_opened_by', ({ openedBy }) => openedBy),
  ofCycle('cycle_opened_from', ({ opened }) => opened.earliestMs),
  ofCycle('cycle_opened_to', ({ opened }) => opened.latestMs),
  ofCycle('cycle_status', ({ status }) => status),
  ofCycle('cycle_finding', ({ finding }) => finding ?? ''),
  ofCycle('cycle_assessed_from', ({ assessed }) => assessed?.earliestMs ?? null),
  ofCycle('cycle_assessed_to', ({ assessed }) => assessed?.latestMs ?? null),
  ofCycle('cycle_last_seen_up', ({ lastSeenUpMs }) => lastSeenUpMs),
  ofCycle('cycle_first_seen_down', ({ firstSeenDownMs }) => firstSeenDownMs),
  ofCycle('cycle_was_already_down', ({ wasAlreadyDown }) => wasAlreadyDown),
  ofCycle('cycle_self_actioned_at', ({ selfActionedAtMs }) => selfActionedAtMs),
  ofCycle('cycle_claimed_at', ({ claims }) => claims[0]?.observedAtMs ?? null),
  ofCycle('cycle_claimed_by', ({ claims }) => claims[0]?.addressee ?? ''),
  ofCycle('cycle_claims', ({ claims }) => claims.length),
  ofCycle('cycle_false_claims', ({ claims }) => claims.filter((claim) => claim.disputedAtMs !== null).length),
  ofCycle('cycle_ended_at', ({ endedAtMs }) => endedAtMs),
  ofCycle('cycle_leaves_cohort', ({ leavesCohort }) => leavesCohort),
  ofCycle('cycle_relation', ({ linkedTo }) => linkedTo?.relation ?? ''),

  ofDuty('duty_cycle', (_, { number }) => number),
  ofDuty('duty_trigger', ({ trigger }) => trigger),
  ofDuty('duty_addressee', ({ addressee }) => addressee),
  ofDuty('duty_from', ({ start }) => start.earliestMs),
  ofDuty('duty_to', ({ start }) => start.latestMs),
  ofDuty('duty_claimed_at', ({ addressee }, { claims }) => {
    return claims.find((claim) => claim.addressee === addressee)?.observedAtMs ?? null;
  }),

  [
    'deadline_duty',
    ({ duties }) => duties.flatMap(([, { deadlines }], duty) => deadlines.map(() => duty + 1)),
  ],
  ofDeadline('deadline_rule', ({ rule }) => rule),
  ofDeadline('deadline_ms', ({ limitMs }) => limitMs),
  ofDeadline('deadline_pauses', pausesOf),

  ['pause_kind', ({ state }) => state.pauses.map(({ kind }) => kind)],
  ['pause_from', ({ state }) => state.pauses.map(({ fromMs }) => fromMs)],
  ['pause_to', ({ state }) => state.pauses.map(({ toMs }) => toMs)],
  ['state', ({ state }) => JSON.stringify(state)],
];

/** Columns of `cases` in the order of the row. */
export const CASE_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** As one row of JSONCompactEachRow. `nowMs` decides from when on a deadline or a bell is no longer ahead. */
export function caseRow(state: Case, first: FirstReport, nowMs: number): readonly unknown[] {
  const duties = state.cycles.flatMap((cycle) => cycle.duties.map((duty) => [cycle, duty] as const));
  const kept: KeptCase = { state, ...first, nowMs, duties };
  return COLUMNS.map(([, valueOf]) => valueOf(kept));
}

function ofCycle(name: string, valueOf: (cycle: Cycle) => unknown): Column {
  return [name, ({ state }) => state.cycles.map(valueOf)];
}

function ofDuty(name: string, valueOf: (duty: Duty, cycle: Cycle) => unknown): Column {
  return [name, ({ duties }) => duties.map(([cycle, duty]) => valueOf(duty, cycle))];
}

function ofDeadline(name: string, valueOf: (deadline: Duty['deadlines'][number]) => unknown): Column {
  return [name, ({ duties }) => duties.flatMap(([, { deadlines }]) => deadlines.map(valueOf))];
}

/** HOLD, APPEAL, HOLD+APPEAL or empty. */
export function pausesOf({ pausedBy }: Duty['deadlines'][number]): string {
  return [...pausedBy].sort().reverse().join('+');
}

function createdOf({ contentCreatedAt }: Case): ReturnType<typeof spanOfTime> | undefined {
  return contentCreatedAt === null ? undefined : spanOfTime(contentCreatedAt);
}

/** The first bell that nobody has rung, past or to come; of a mere history none. */
function nextBell(state: Case, nowMs: number): number | null {
  if (state.liveFromMs === null) return null;
  const due = bellsAt(state, nowMs).map(({ atMs }) => atMs);
  const next = nextBellMs(state, nowMs);
  const all = next === null ? due : [...due, next];
  return all.length === 0 ? null : Math.min(...all);
}

function nextDue(state: Case, nowMs: number): ReturnType<typeof openDeadlines>[number] | undefined {
  return openDeadlines(state, nowMs).find(({ dueMs }) => dueMs !== null);
}

/** As the store takes a UUID. */
export function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
