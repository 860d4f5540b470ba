// The bells of a case: what must have been told by a given instant and was not. Notifications, not facts.
import type { Case, Cycle, Duty, Notification } from './case.js';
import { breachedAtMs, standingClaim } from './breach.js';
import { dueMs, runningMs } from './clocks.js';
import { DAY_MS } from './instants.js';
import { notificationId } from './notification-id.js';

/** A notice that was neither claimed nor seen down is sent again after each day of running clock. */
export const REPEAT_MS = DAY_MS;

/** The last of its repeats; older ones that nobody rang stay silent. */
const MAX_REPEATS = 100;

export interface DueNotification extends Notification {
  /** The same for the same bell, whoever rings it. */
  readonly id: string;
  /** When it was due: what `occurredAt` of its event says. */
  readonly atMs: number;
}

/**
 * What is due at `asOfMs` and not recorded, in order of time; nothing for instants before the case became
 * live. Asking twice gives the same ids.
 */
export function dueNotifications(state: Case, asOfMs: number): readonly DueNotification[] {
  const { liveFromMs } = state;
  if (liveFromMs === null) return [];
  return [...breaches(state, asOfMs), ...repeats(state, asOfMs)]
    .filter(({ atMs }) => atMs >= liveFromMs)
    .map((bell) => ({ ...bell, id: notificationId(state, bell) }))
    .sort((a, b) => a.atMs - b.atMs);
}

type Bell = Omit<DueNotification, 'id'>;

/** A breach that is not recorded is rung; one that is recorded and no longer true is withdrawn. */
function breaches(state: Case, asOfMs: number): readonly Bell[] {
  const nameOf = (of: Pick<Notification, 'cycle' | 'addressee' | 'rule'>): string =>
    JSON.stringify([of.cycle, of.addressee, of.rule]);
  const told = new Map<string, { readonly of: Notification; breached: number; withdrawn: number }>();
  for (const of of state.notifications) {
    if (of.type === 'NOTICE_REPEATED') continue;
    const counts = told.get(nameOf(of)) ?? { of, breached: 0, withdrawn: 0 };
    if (of.type === 'BREACHED') counts.breached++;
    else counts.withdrawn++;
    told.set(nameOf(of), counts);
  }
  const bells: Bell[] = [];
  const breached = new Set<string>();
  for (const [cycle, duty] of dutiesOf(state)) {
    for (const deadline of duty.deadlines) {
      const atMs = breachedAtMs(state, cycle, duty, deadline, asOfMs);
      if (atMs === null) continue;
      const of = { cycle: cycle.number, addressee: duty.addressee, rule: deadline.rule };
      breached.add(nameOf(of));
      const counts = told.get(nameOf(of)) ?? { breached: 0, withdrawn: 0 };
      if (counts.breached > counts.withdrawn) continue;
      bells.push({ type: 'BREACHED', ...of, n: counts.breached + 1, atMs });
    }
  }
  for (const [name, { of, ...counts }] of told) {
    if (breached.has(name) || counts.breached <= counts.withdrawn) continue;
    const n = counts.withdrawn + 1;
    bells.push({ ...of, type: 'BREACH_WITHDRAWN', n, atMs: state.lastObservedAtMs });
  }
  return bells;
}

function repeats(state: Case, asOfMs: number): readonly Bell[] {
  const told = new Set<string>();
  for (const { type, cycle, addressee, n } of state.notifications) {
    if (type === 'NOTICE_REPEATED') told.add(JSON.stringify([cycle, addressee, n]));
  }
  const bells: Bell[] = [];
  for (const [cycle, duty] of dutiesOf(state)) {
    if (duty.trigger !== 'NOTICE_ISSUED') continue;
    const { addressee } = duty;
    const end = Math.min(asOfMs, cycle.firstSeenDownMs ?? Infinity, cycle.endedAtMs ?? Infinity);
    const last = Math.floor(runningMs(duty.start.earliestMs, end, state.pauses, ['HOLD']) / REPEAT_MS);
    for (let n = Math.max(1, last - MAX_REPEATS + 1); n <= last; n++) {
      const atMs = repeatMs(state, duty, n);
      if (atMs === null || atMs > end) break;
      if (told.has(JSON.stringify([cycle.number, addressee, n]))) continue;
      if (standingClaim(cycle, addressee, atMs) !== undefined) continue;
      bells.push({ type: 'NOTICE_REPEATED', cycle: cycle.number, addressee, rule: '', n, atMs });
    }
  }
  return bells;
}

/** When the n-th repeat of a notice is due; null while a hold without an end is on. */
export function repeatMs({ pauses }: Pick<Case, 'pauses'>, { start }: Duty, n: number): number | null {
  return dueMs(start.earliestMs, { limitMs: n * REPEAT_MS, pausedBy: ['HOLD'] }, pauses);
}

function* dutiesOf(state: Case): Generator<readonly [Cycle, Duty]> {
  for (const cycle of state.cycles) for (const duty of cycle.duties) yield [cycle, duty];
}
