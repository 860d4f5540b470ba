// Each stage has one owner; which stage a case is in follows from its status.
import type { Cycle } from './case.js';
import type { Stage } from './event-types.js';

/** Who has to move next; null once nobody has to. */
export function stageOf(cycle: Pick<Cycle, 'status' | 'finding' | 'escalatedAtMs'>): Stage | null {
  switch (cycle.status) {
    case 'REPORTED':
      return 'TRIAGE';
    case 'TRIAGED':
      return 'ASSESSMENT';
    case 'REAPPEARED':
      // What was assessed before it came back need not be assessed again.
      return cycle.finding === null ? 'ASSESSMENT' : 'NOTICE';
    case 'ASSESSED':
    case 'NOTICE_ISSUED':
    case 'ACKNOWLEDGED':
      return 'NOTICE';
    case 'VERIFIED_STILL_UP':
      return cycle.escalatedAtMs === null ? 'NOTICE' : 'ESCALATION';
    case 'ESCALATED':
      return 'ESCALATION';
    case 'SELF_ACTIONED':
    case 'ACTION_CLAIMED':
    case 'ALREADY_DOWN':
    case 'VERIFIED_DOWN':
      return 'VERIFICATION';
    case 'UNREPORTED':
    case 'CLOSED_DOWN':
    case 'CLOSED_NOT_ILLEGAL':
    case 'CLOSED_NOT_IN_JURISDICTION':
    case 'CLOSED_NOT_RESOLVABLE':
    case 'REFERRED':
    case 'RETRACTED':
    case 'REINSTATED':
      return null;
  }
}
