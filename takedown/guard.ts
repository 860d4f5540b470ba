// What an event needs beyond the status it meets. Looks at the case, changes nothing.
import { dueMs } from './clocks.js';
import { currentCycle, higherUrgency, openPause, type CycleDraft, type Draft } from './draft.js';
import type { RefusalReason } from './refusal-reasons.js';
import type { Answered, ReportFacts, TakedownEvent } from './event.js';
import { guardClose, guardReappear, MAX_CYCLES } from './guard-cycle.js';
import { effectiveMs } from './instants.js';
import type { Target } from './apply.js';
import { isDown, isRefusal, reasonOf, stepFor, type Refused, type Step } from './transitions.js';

const MAX_DUTIES = 32;
const MAX_CLAIMS = 1000;
const MAX_BLOCKS = 256;

const FOUNDED = new Set(['ILLEGAL', 'HARMFUL_NOT_ILLEGAL']);

export type Guarded =
  { readonly refused: RefusalReason } | { readonly refused?: undefined; readonly target: Target | 'NO_OP' };

/** Where the event leads from here, or why it may not happen. */
export function guard(draft: Draft, event: TakedownEvent): Guarded {
  const step = stepOf(draft, event);
  if (isRefusal(step)) return { refused: reasonOf(step) };
  if (step !== 'CLOSE') return { target: step };
  return { target: event.type === 'CLOSED' ? `CLOSED_${event.as}` : 'STAY' };
}

function stepOf(draft: Draft, event: TakedownEvent): Step {
  const cycle = currentCycle(draft);
  if (event.type === 'REAPPEARED') return guardReappear(draft, cycle, event);
  const step = stepFor(cycle.status, event.type);
  if (event.type === 'NOTICE_ISSUED' && event.isHistory && step === '!NOT_REPORTED') return 'NOTICE_ISSUED';
  if (isRefusal(step) || step === 'NO_OP') return step;
  return condition(draft, cycle, event) ?? step;
}

function condition(draft: Draft, cycle: CycleDraft, event: TakedownEvent): Step | undefined {
  switch (event.type) {
    case 'RETRACTED': {
      const report = draft.reports.get(event.reportId);
      if (report === undefined) return '!UNKNOWN_REPORT';
      if (event.actor.role === 'PROVIDER' && event.actor.id !== report.providerId) return '!NOT_ENTITLED';
      return report.isRetracted ? 'NO_OP' : undefined;
    }
    case 'REPORTED':
      return draft.reports.has(event.report.reportId) ? amend(draft, event.report) : undefined;
    case 'SELF_ACTIONED':
      return draft.reports.has(event.report.reportId) && cycle.selfActionedAtMs !== null
        ? amend(draft, event.report)
        : undefined;
    case 'ASSIGNED': {
      const owner = draft.owners[event.stage];
      if (owner === event.owner) return 'NO_OP';
      return owner === '' ? undefined : '!ALREADY_ASSIGNED';
    }
    case 'HANDED_OVER':
      return draft.owners[event.stage] === event.from ? undefined : '!NOT_THE_OWNER';
    case 'ASSESSED':
      return cycle.status === 'ASSESSED' && cycle.finding === event.finding ? 'NO_OP' : undefined;
    case 'HOLD':
      return openPause(draft, 'HOLD') === undefined ? undefined : 'NO_OP';
    case 'HOLD_ENDED':
      return openPause(draft, 'HOLD') === undefined ? '!NOT_HELD' : undefined;
    case 'APPEALED':
      return openPause(draft, 'APPEAL') === undefined ? undefined : 'NO_OP';
    case 'REINSTATED':
    case 'UPHELD':
      return openPause(draft, 'APPEAL') === undefined ? '!NOT_APPEALED' : undefined;
    case 'NOTICE_ISSUED': {
      const again = cycle.duties.some(
        (d) => d.trigger === 'NOTICE_ISSUED' && d.addressee === event.addressee,
      );
      if (again) return 'NO_OP';
      if (cycle.duties.length >= MAX_DUTIES) return '!TOO_MANY';
      return needFounded(cycle, event);
    }
    case 'BLOCK_ORDERED':
      if (cycle.blocks.some((block) => block.addressee === event.addressee)) return 'NO_OP';
      return cycle.blocks.length >= MAX_BLOCKS ? '!TOO_MANY' : needFounded(cycle, event);
    case 'BLOCK_CONFIRMED':
    case 'BLOCK_VERIFIED':
    case 'ACKNOWLEDGED':
    case 'ACTION_CLAIMED':
      return answer(cycle, event);
    case 'VERIFIED_STILL_UP':
      return isDown(cycle.status) && draft.cycles.length >= MAX_CYCLES ? '!TOO_MANY' : undefined;
    case 'ESCALATED':
      return event.isHistory || anyPassed(draft, cycle, effectiveMs(event)) ? undefined : '!NOT_BREACHED';
    case 'CLOSED':
      return guardClose(cycle, event);
    default:
      return undefined;
  }
}

/** A report that is known already counts again where it says what no report has said: it moves nothing. */
function amend({ reported, contentCreatedAt }: Draft, report: ReportFacts): Step {
  const isMoreUrgent =
    reported !== null && higherUrgency(reported.urgency, report.urgency) !== reported.urgency;
  const tellsAge = contentCreatedAt === null && report.contentCreatedAt !== null;
  return isMoreUrgent || tellsAge ? 'STAY' : 'NO_OP';
}

/** A history recorded elsewhere may leave out who assessed it, but not contradict it. */
function needFounded(cycle: CycleDraft, event: TakedownEvent): Refused | undefined {
  if (cycle.finding === null) return event.isHistory ? undefined : '!NOT_ASSESSED';
  return FOUNDED.has(cycle.finding) ? undefined : '!NOT_FOUNDED';
}

function answer(cycle: CycleDraft, event: Answered): Step | undefined {
  const of = <T extends { readonly addressee: string }>(list: readonly T[]): readonly T[] =>
    list.filter(({ addressee }) => addressee === event.addressee);
  if (event.type === 'BLOCK_CONFIRMED' || event.type === 'BLOCK_VERIFIED') {
    const block = of(cycle.blocks)[0];
    if (block === undefined) return '!NOT_ORDERED';
    const done = event.type === 'BLOCK_CONFIRMED' ? block.confirmedAtMs : block.verifiedAtMs;
    return done === null ? undefined : 'NO_OP';
  }
  const duties = of(cycle.duties).filter((duty) => duty.trigger === 'NOTICE_ISSUED');
  if (duties.length === 0) return '!NOT_ADDRESSED';
  if (event.type === 'ACKNOWLEDGED') {
    return duties.some((duty) => duty.acknowledgedAtMs === null) ? undefined : 'NO_OP';
  }
  if (of(cycle.claims).some((claim) => claim.disputedAtMs === null)) return 'NO_OP';
  return cycle.claims.length >= MAX_CLAIMS ? '!TOO_MANY' : undefined;
}

function anyPassed(draft: Draft, cycle: CycleDraft, atMs: number): boolean {
  const dues = cycle.duties.flatMap(({ start, deadlines }) =>
    deadlines.map((deadline) => dueMs(start.latestMs, deadline, draft.pauses)),
  );
  return dues.length === 0 || dues.some((due) => due !== null && due < atMs);
}
