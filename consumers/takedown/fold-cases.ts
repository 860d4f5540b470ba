// Cases out of all that has landed of them.
import type { Environment } from '../../schemas/vocabulary.js';
import { MOST_REPORTS } from '../../store/queries/case-events.js';
import { selectEventCount, selectReportTotals } from '../../store/queries/kept-cases.js';
import type { Select } from '../../store/queries/select.js';
import type { Case } from '../../takedown/case.js';
import type { TakedownEvent } from '../../takedown/event.js';
import { foldCase, type FoldedCase } from '../../takedown/fold.js';
import { compareEvents } from '../../takedown/instants.js';
import type { Rule } from '../../takedown/rule.js';
import { isDown } from '../../takedown/transitions.js';
import type { FirstReport } from './case-row.js';
import { readCaseEvents, type LandedEvent } from './read-case-events.js';

/** A case as its events make it, and what its row says beside. */
export interface KeptCase extends FirstReport {
  readonly state: Case;
  readonly verdicts: FoldedCase['verdicts'];
}

/** So many are in memory at once, but for a case that has more by itself. */
const EVENTS_AT_ONCE = 20_000;

/** Parts of the keys with events that fit into memory. */
export async function* fewEvents(
  select: Select,
  environment: Environment,
  keys: readonly string[],
): AsyncGenerator<readonly string[]> {
  const isFew = keys.length === 1 || (await selectEventCount(select, environment, keys)) <= EVENTS_AT_ONCE;
  if (isFew) {
    yield keys;
    return;
  }
  const half = Math.ceil(keys.length / 2);
  yield* fewEvents(select, environment, keys.slice(0, half));
  yield* fewEvents(select, environment, keys.slice(half));
}

/** The cases as all that has landed of them makes them: of `fewEvents`. */
export async function foldCases(
  { select, rules }: { readonly select: Select; readonly rules: readonly Rule[] },
  environment: Environment,
  keys: readonly string[],
): Promise<readonly KeptCase[]> {
  const kept: KeptCase[] = [];
  for (const [locationKey, landed] of await readCaseEvents(select, environment, keys)) {
    const events = landed.map(({ event }) => event);
    const { case: state, verdicts } = foldCase({ environment, locationKey }, events, rules);
    const whole = hasMoreReports(events) ? await withAllReports(select, state, events) : state;
    kept.push({ state: whole, verdicts, ...firstReport(landed) });
  }
  return kept;
}

function hasMoreReports(events: readonly TakedownEvent[]): boolean {
  const counts = new Map<string, number>();
  for (const event of events) {
    if (!('report' in event)) continue;
    const count = (counts.get(event.report.providerId) ?? 0) + 1;
    if (count >= MOST_REPORTS) return true;
    counts.set(event.report.providerId, count);
  }
  return false;
}

/** Reports that were not folded are counted, but change nothing else: neither urgency nor status. */
async function withAllReports(select: Select, state: Case, events: readonly TakedownEvent[]): Promise<Case> {
  const downMs = state.cycles.at(-1)?.firstSeenDownMs ?? 0;
  const totals = await selectReportTotals(select, state.environment, state.locationKey, downMs);
  const folded = events.filter((event) => 'report' in event).length;
  return {
    ...state,
    eventCount: state.eventCount - folded + totals.events,
    reportCount: Math.max(state.reportCount, totals.reports),
    reportsSinceDown: isDown(state.status) ? totals.reportsSince : state.reportsSinceDown,
    lastObservedAtMs: Math.max(state.lastObservedAtMs, totals.lastMs),
  };
}

function firstReport(landed: readonly LandedEvent[]): FirstReport {
  const ordered = [...landed].sort((a, b) => compareEvents(a.event, b.event));
  const first = ordered.find(({ event }) => 'report' in event);
  const { host, registrableDomain } = first ??
    ordered.find((one) => one.host !== '') ?? { host: '', registrableDomain: '' };
  const reporter = first !== undefined && 'report' in first.event ? first.event.report.providerId : '';
  return { reporter, host, registrableDomain };
}
