// Batches of events through the gateway's own path, with a log in memory; clock, registries and store are the test's.
import { create, toBinary } from '@bufbuild/protobuf';
import type { TakedownEvent } from '@lachan/proto/takedown';
import { SubmitActionsRequestSchema } from '@lachan/proto/takedown-service';
import { Admission } from '../../gateway/admission.js';
import type { Actor } from '../../gateway/takedown/actor.js';
import { readEvents } from '../../gateway/takedown/read-events.js';
import {
  receiveEvents,
  type EventsAnswer,
  type ReceivedEvents,
} from '../../gateway/takedown/receive-events.js';
import { Addressees } from '../../gateway/takedown/resolve-addressee.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { isUnreadable, takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import type { Holding } from '../../store/queries/addressees.js';
import type { Select } from '../../store/queries/select.js';
import { keyed, sealer } from './gateway-records.js';
import { HeldLog } from './held-log.js';
import { RECEIVED_AT_MS } from './reports.js';

export function batchBytes(...events: readonly TakedownEvent[]): Uint8Array {
  return toBinary(SubmitActionsRequestSchema, create(SubmitActionsRequestSchema, { events: [...events] }));
}

export function held(kind: Holding['kind'], value: string, providerId: string): Holding {
  return { kind, value, providerId, addedAt: '2026-11-01 00:00:00.000' };
}

export class ReceivingEvents {
  readonly log = new HeldLog();
  readonly counts: ReceivedEvents[] = [];
  nowMs = RECEIVED_AT_MS;
  landingLag = 0;
  /** How often the store was asked. */
  questions = 0;
  select: Select = () => Promise.resolve([]);

  constructor(public holdings: readonly Holding[] = []) {}

  send(actor: Actor, ...events: readonly TakedownEvent[]): Promise<EventsAnswer> {
    return this.sendBytes(actor, batchBytes(...events));
  }

  sendBytes(actor: Actor, bytes: Uint8Array): Promise<EventsAnswer> {
    return receiveEvents(readEvents(bytes, 'SubmitActionsRequest'), actor, {
      log: this.log,
      keyed,
      dataKeys: { current: () => sealer },
      admission: new Admission(
        { maxInFlightBytes: 1e9, maxLandingLag: 100, creditPerStream: 1 },
        () => this.landingLag,
      ),
      addressees: { current: () => new Addressees(this.holdings) },
      select: (...asked) => {
        this.questions += 1;
        return this.select(...asked);
      },
      nowMs: () => this.nowMs,
      onReceived: (counts) => this.counts.push(counts),
    });
  }

  /** What one event of a good batch became. */
  async recordOf(actor: Actor, event: TakedownEvent): Promise<TakedownRecord> {
    const before = this.records().length;
    const answer = await this.send(actor, event);
    const record = this.records()[before];
    if (record === undefined) throw new Error(`no record: ${JSON.stringify(answer)}`);
    return record;
  }

  records(): readonly TakedownRecord[] {
    return this.log.records(TAKEDOWNS_TOPIC).map(({ value }) => {
      const record = takedownRecordCodec.decode(value);
      if (isUnreadable(record)) throw new Error('the gateway writes records that nobody can read');
      return record;
    });
  }
}
