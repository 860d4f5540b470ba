// Events for tests of what the gateway takes from providers and operators.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { TakedownEventSchema, TakedownEventType, type TakedownEvent } from '@lachan/proto/takedown';
import type { Actor } from '../../gateway/takedown/actor.js';
import { RECEIVED_AT_MS, type Loose } from './reports.js';

/** Fields of an event, with plain numbers for enums. */
export type EventInit = Loose<TakedownEvent>;

/** Where the content of tests is. */
export const URL_OF_CASE = 'https://lachan-demo-1.vn/x';
export const LOCATION_KEY = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';

export const operator: Actor = {
  role: 'OPERATOR',
  id: 'lan',
  environment: 'TEST',
  mayImport: false,
};
export const importer: Actor = { ...operator, id: 'import-desk', mayImport: true };
export const verifier: Actor = { ...operator, role: 'VERIFIER', id: 'look-desk' };
export const provider: Actor = { ...operator, role: 'PROVIDER', id: 'demo-host' };

export const instant = (ms: number) => timestampFromMs(ms);
export const BEFORE = instant(RECEIVED_AT_MS - 3_600_000);

/** A good event of an operator, with changes. */
export function eventOf(change: EventInit = {}): TakedownEvent {
  const init = { eventId: 'e-1', type: TakedownEventType.TRIAGED, locationKey: LOCATION_KEY, ...change };
  // Enums of the contract are open: the wire may hold any number.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  return create(TakedownEventSchema, init as MessageInitShape<typeof TakedownEventSchema>);
}
