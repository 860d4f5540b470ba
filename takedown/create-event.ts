// Events are constructed at borders: from the flat parts that the log, the store and the contract hold.
import type { EventTime } from '../schemas/report-record.js';
import type { Category, Urgency } from '../schemas/vocabulary.js';
import type { ActorRole, CloseReason, EventType, Finding, Relation, Stage } from './event-types.js';
import type { Host, ReportFacts, TakedownEvent } from './event.js';

/** Every field of every event; what a type does not have is empty, 0 or null and is not looked at. */
export interface EventParts {
  readonly id: string;
  readonly type: EventType;
  readonly actorRole: ActorRole;
  readonly actorId: string;
  readonly occurredAt: EventTime;
  readonly observedAtMs: number;
  readonly isHistory: boolean;
  readonly isOutdated: boolean;
  readonly report: ReportFacts | null;
  readonly reportId: string;
  readonly finding: Finding | null;
  readonly category: Category | null;
  readonly urgency: Urgency | null;
  readonly addressee: string;
  readonly legalBasis: string;
  readonly closedAs: CloseReason | null;
  readonly relation: Relation | null;
  readonly fromLocationKey: string;
  readonly toLocationKey: string;
  readonly host: Host | null;
  readonly stage: Stage | null;
  readonly owner: string;
  readonly previousOwner: string;
  readonly cycle: number;
  readonly rule: string;
  readonly n: number;
}

/** The field that is missing or not possible. */
export interface EventFault {
  readonly field: keyof EventParts;
}

export type Created = { readonly event: TakedownEvent } | { readonly fault: EventFault };

const MAX_ID = 128;
/** Year 10000: beyond it no instant is an honest one. */
const MAX_MS = 253_402_300_800_000;

export function createEvent(parts: EventParts): Created {
  const { id, type, occurredAt, observedAtMs, isHistory, isOutdated } = parts;
  if (id === '' || id.length > MAX_ID) return fault('id');
  if (!isInstant(observedAtMs)) return fault('observedAtMs');
  if (!isInstant(occurredAt.instantMs)) return fault('occurredAt');
  const actor = { role: parts.actorRole, id: parts.actorId };
  const common = { id, actor, occurredAt, observedAtMs, isHistory, isOutdated };
  const { report, reportId, finding, category, urgency, addressee, legalBasis } = parts;
  switch (type) {
    case 'REPORTED':
    case 'SELF_ACTIONED':
      return report === null ? fault('report') : created({ ...common, type, report });
    case 'RETRACTED':
      return reportId === '' ? fault('reportId') : created({ ...common, type, reportId });
    case 'ASSESSED':
      if (finding === null) return fault('finding');
      return created({ ...common, type, finding, category, urgency });
    case 'NOTICE_ISSUED':
      return created({ ...common, type, addressee, legalBasis, urgency });
    case 'ACKNOWLEDGED':
    case 'ACTION_CLAIMED':
    case 'BLOCK_ORDERED':
    case 'BLOCK_CONFIRMED':
    case 'BLOCK_VERIFIED':
      return addressee === '' ? fault('addressee') : created({ ...common, type, addressee });
    case 'CLOSED':
      return parts.closedAs === null ? fault('closedAs') : created({ ...common, type, as: parts.closedAs });
    case 'REAPPEARED': {
      const { relation, fromLocationKey, toLocationKey, host } = parts;
      if (relation === null) return fault('relation');
      if (fromLocationKey === '') return fault('fromLocationKey');
      if (toLocationKey === '') return fault('toLocationKey');
      return created({ ...common, type, relation, fromLocationKey, toLocationKey, host });
    }
    case 'ASSIGNED':
    case 'HANDED_OVER': {
      const { stage, owner, previousOwner: from } = parts;
      if (stage === null) return fault('stage');
      if (owner === '') return fault('owner');
      if (type === 'ASSIGNED') return created({ ...common, type, stage, owner });
      return from === '' ? fault('previousOwner') : created({ ...common, type, stage, from, to: owner });
    }
    case 'NOTICE_REPEATED':
    case 'BREACHED':
    case 'BREACH_WITHDRAWN': {
      const { cycle, rule, n } = parts;
      if (!Number.isInteger(cycle) || cycle < 1) return fault('cycle');
      if (!Number.isInteger(n) || n < 1) return fault('n');
      if ((rule === '') !== (type === 'NOTICE_REPEATED')) return fault('rule');
      return created({ ...common, type, cycle, addressee, rule, n });
    }
    case 'TRIAGED':
    case 'HOLD':
    case 'HOLD_ENDED':
    case 'VERIFIED_STILL_UP':
    case 'VERIFIED_DOWN':
    case 'ALREADY_DOWN':
    case 'ESCALATED':
    case 'APPEALED':
    case 'REINSTATED':
    case 'UPHELD':
    case 'REFERRED':
      return created({ ...common, type });
  }
}

const created = (event: TakedownEvent): Created => ({ event });
const fault = (field: keyof EventParts): Created => ({ fault: { field } });

function isInstant(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms < MAX_MS;
}
