// Which fields an event of each type needs and takes: the comments of takedown.proto as a table.
import type { DescField } from '@bufbuild/protobuf';
import { TakedownEventSchema } from '@lachan/proto/takedown';
import type { EventType, NotificationType } from '../../takedown/event-types.js';
import type { Actor } from './actor.js';

/** What somebody may say; notifications are rung by the authority's clock. */
export type ActType = Exclude<EventType, NotificationType>;

export interface FieldsOfType {
  readonly needed: readonly DescField[];
  /** What neither this type nor every type takes. */
  readonly forbidden: readonly DescField[];
}

interface Names {
  readonly needs?: readonly string[];
  readonly takes?: readonly string[];
}

/** Whatever the type; what is needed of them is checked by itself. */
const OF_ALL = [
  'event_id',
  'type',
  'location',
  'location_key',
  'occurred_at',
  'observed_at',
  'seen_version',
  'note',
];
const REPORT: Names = {
  needs: ['observed_at'],
  takes: ['category', 'urgency', 'reporter', 'source', 'content_created_at'],
};
const ANSWER: Names = { needs: ['addressee'] };
const OWN_ANSWER: Names = { takes: ['addressee'] };

const OF_OPERATORS: Readonly<Record<ActType, Names>> = {
  REPORTED: REPORT,
  SELF_ACTIONED: REPORT,
  RETRACTED: { needs: ['report_id'], takes: ['reporter'] },
  ASSIGNED: { needs: ['stage', 'owner'] },
  HANDED_OVER: { needs: ['stage', 'owner', 'previous_owner'] },
  TRIAGED: {},
  ASSESSED: { takes: ['reason', 'category', 'urgency'] },
  HOLD: {},
  HOLD_ENDED: {},
  NOTICE_ISSUED: { takes: ['addressee', 'legal_basis', 'urgency'] },
  ACKNOWLEDGED: ANSWER,
  ACTION_CLAIMED: ANSWER,
  VERIFIED_STILL_UP: {},
  ESCALATED: {},
  BLOCK_ORDERED: ANSWER,
  BLOCK_CONFIRMED: ANSWER,
  BLOCK_VERIFIED: ANSWER,
  ALREADY_DOWN: {},
  VERIFIED_DOWN: {},
  APPEALED: {},
  REINSTATED: {},
  UPHELD: {},
  CLOSED: { takes: ['reason'] },
  REFERRED: {},
  REAPPEARED: { takes: ['relation', 'from_location_key', 'to_location_key'] },
};

/** All that a provider says about itself through the gateway, beside its reports. */
const OF_PROVIDERS: Partial<Readonly<Record<ActType, Names>>> = {
  RETRACTED: { needs: ['report_id'] },
  ACKNOWLEDGED: OWN_ANSWER,
  ACTION_CLAIMED: OWN_ANSWER,
  BLOCK_CONFIRMED: OWN_ANSWER,
  APPEALED: {},
};

const { VERIFIED_STILL_UP, BLOCK_VERIFIED, ALREADY_DOWN, VERIFIED_DOWN, REAPPEARED } = OF_OPERATORS;
/** What somebody has seen who only looks. */
const OF_VERIFIERS = { VERIFIED_STILL_UP, BLOCK_VERIFIED, ALREADY_DOWN, VERIFIED_DOWN, REAPPEARED };

const FIELDS: Readonly<Record<Actor['role'], ReadonlyMap<string, FieldsOfType>>> = {
  PROVIDER: fieldsByType(OF_PROVIDERS),
  OPERATOR: fieldsByType(OF_OPERATORS),
  VERIFIER: fieldsByType(OF_VERIFIERS),
};

/** Undefined where such an actor may not say this at all. */
export function fieldsFor(role: Actor['role'], type: EventType): FieldsOfType | undefined {
  return FIELDS[role].get(type);
}

function fieldsByType(table: Readonly<Record<string, Names>>): ReadonlyMap<string, FieldsOfType> {
  return new Map(
    Object.entries(table).map(([type, { needs = [], takes = [] }]) => {
      const { fields } = TakedownEventSchema;
      const known = [...OF_ALL, ...needs, ...takes];
      const needed = fields.filter(({ name }) => needs.includes(name));
      const forbidden = fields.filter(({ name }) => !known.includes(name));
      return [type, { needed, forbidden }];
    }),
  );
}
