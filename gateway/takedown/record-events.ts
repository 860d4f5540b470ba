// SubmitActions, RecordEvents and AssignCase: what providers and operators say about cases.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AssignCaseRequestSchema,
  AssignCaseResponseSchema,
  RecordEventsResponseSchema,
  type AssignCaseRequest,
} from '@lachan/proto/authority-service';
import { Rule } from '@lachan/proto/report-service';
import {
  TakedownEventSchema,
  TakedownEventType,
  type EventReceipt,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { SubmitActionsResponseSchema } from '@lachan/proto/takedown-service';
import type { Operator } from '../authenticate-operator.js';
import type { Caller } from '../authenticate.js';
import type { Refusal } from '../refusal.js';
import { fault, Findings, violation } from '../violation.js';
import { operatorActor, providerActor } from './actor.js';
import { readEvents } from './read-events.js';
import { receiveEvents, type EventsAnswer, type ReceiveEventsDependencies } from './receive-events.js';

const unreadable: Refusal = {
  kind: 'invalid',
  violations: [violation('', fault(Rule.MALFORMED, 'The bytes are not a lachan.v1.AssignCaseRequest.'))],
};

/** TakedownService.SubmitActions: the encoded response, or why there is none. Rejects as `receiveEvents`. */
export async function submitActions(
  bytes: Uint8Array,
  caller: Caller,
  dependencies: ReceiveEventsDependencies,
): Promise<Uint8Array | Refusal> {
  const batch = readEvents(bytes, 'SubmitActionsRequest');
  return answered(await receiveEvents(batch, providerActor(caller), dependencies), (receipts) =>
    toBinary(SubmitActionsResponseSchema, create(SubmitActionsResponseSchema, { receipts })),
  );
}

/** AuthorityService.RecordEvents, likewise. */
export async function recordEvents(
  bytes: Uint8Array,
  operator: Operator,
  dependencies: ReceiveEventsDependencies,
): Promise<Uint8Array | Refusal> {
  const batch = readEvents(bytes, 'RecordEventsRequest');
  return answered(await receiveEvents(batch, operatorActor(operator), dependencies), (receipts) =>
    toBinary(RecordEventsResponseSchema, create(RecordEventsResponseSchema, { receipts })),
  );
}

/** AuthorityService.AssignCase, likewise. */
export async function assignCase(
  bytes: Uint8Array,
  operator: Operator,
  dependencies: ReceiveEventsDependencies,
): Promise<Uint8Array | Refusal> {
  const request = assignmentIn(bytes);
  if (request === undefined) return unreadable;
  const found = new Findings();
  if (request.$unknown !== undefined) found.addUnknown('', request.$unknown);
  const violations = found.result();
  if (violations.length > 0) return { kind: 'invalid', violations };
  const entries = [{ event: assignment(request) }];
  const batch = { kind: 'batch', bytes: bytes.length, entries } as const;
  return answered(await receiveEvents(batch, operatorActor(operator), dependencies), ([receipt]) =>
    toBinary(
      AssignCaseResponseSchema,
      create(AssignCaseResponseSchema, receipt === undefined ? {} : { receipt }),
    ),
  );
}

function assignmentIn(bytes: Uint8Array): AssignCaseRequest | undefined {
  try {
    return fromBinary(AssignCaseRequestSchema, bytes);
  } catch {
    return undefined;
  }
}

function assignment(request: AssignCaseRequest): TakedownEvent {
  const { eventId, locationKey, stage, owner, previousOwner, seenVersion } = request;
  const type = previousOwner === '' ? TakedownEventType.ASSIGNED : TakedownEventType.HANDED_OVER;
  const seen = seenVersion === undefined ? {} : { seenVersion };
  const said = { eventId, type, locationKey, stage, owner, previousOwner, ...seen };
  return create(TakedownEventSchema, said);
}

function answered(
  answer: EventsAnswer,
  encode: (receipts: EventReceipt[]) => Uint8Array,
): Uint8Array | Refusal {
  return answer.kind === 'receipts' ? encode(answer.receipts) : answer;
}
