// Events that follow from what has landed: nobody sends them, and whoever finds them due appends the same.
import { createHash } from 'node:crypto';
import type { LogRecord } from '../../log/log.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import type { CaseKey } from '../../takedown/case.js';

/** What such an event says; all else is empty. */
export type OwnEvent = Pick<TakedownRecord, 'type' | 'actorRole' | 'actorId'> &
  Partial<Pick<TakedownRecord, 'reportId' | 'cycle' | 'addressee' | 'rule' | 'n'>> & {
    /** 32 hexadecimal digits, the same whoever appends it. */
    readonly id: string;
    readonly occurredAtMs: number;
    readonly observedAtMs: number;
  };

const NOTHING = Buffer.alloc(0);
const DIGEST_BYTES = 8;

/**
 * As it stands in the log. The digest leaves the times out: two processes find the same event due at different moments,
 * and the later copy is a duplicate, not a conflict.
 */
export function ownRecord({ environment, locationKey }: CaseKey, event: OwnEvent): LogRecord {
  const { id, occurredAtMs, observedAtMs, type, actorRole, actorId } = event;
  const { reportId = '', cycle = 0, addressee = '', rule = '', n = 0 } = event;
  const said = { type, actorRole, actorId, reportId, cycle, addressee, rule, n };
  const key = Buffer.from(locationKey, 'hex');
  const record: TakedownRecord = {
    ...said,
    environment,
    eventKey: Buffer.from(id, 'hex'),
    eventId: '',
    digest: createHash('sha256')
      .update(JSON.stringify([environment, locationKey, ...Object.values(said)]))
      .digest()
      .subarray(0, DIGEST_BYTES),
    locationKey: key,
    place: null,
    occurredAt: { instantMs: occurredAtMs, precision: 'MS' },
    receivedAtMs: observedAtMs,
    observedAtMs,
    isHistory: false,
    seenVersion: null,
    report: null,
    finding: '',
    category: '',
    urgency: '',
    legalBasis: '',
    closedAs: '',
    relation: '',
    fromLocationKey: '',
    toLocationKey: '',
    stage: '',
    owner: '',
    previousOwner: '',
    sealed: [],
    noticeBox: NOTHING,
    canonicalisedWith: '',
  };
  return { key, value: takedownRecordCodec.encode(record) };
}
