import { Buffer } from 'node:buffer';
import { toBinary } from '@bufbuild/protobuf';
import { ReceiptStatus, Rule } from '@lachan/proto/report-service';
import { TakedownEventSchema, TakedownEventType } from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import type { EventsAnswer } from '../../gateway/takedown/receive-events.js';
import { LogFault } from '../../log/log.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import {
  BEFORE,
  eventOf,
  importer,
  LOCATION_KEY,
  operator,
  provider,
  URL_OF_CASE,
} from '../support/events.js';
import { isPending } from '../support/held-log.js';
import { batchBytes, held, ReceivingEvents } from '../support/receiving-events.js';

const { ACTION_CLAIMED, NOTICE_ISSUED, TRIAGED } = TakedownEventType;

function receipts(answer: EventsAnswer) {
  if (answer.kind !== 'receipts') throw new Error(`no receipts: ${answer.kind}`);
  return answer.receipts;
}

describe('a batch of events', () => {
  it('is answered event by event, in order: 3 bad ones of 500 leave 497 accepted', async () => {
    const gateway = new ReceivingEvents();
    const bad = [7, 250, 499];
    const events = Array.from({ length: 500 }, (_, i) =>
      eventOf(bad.includes(i) ? { eventId: 'not an id' } : { eventId: `e-${i}` }),
    );
    const given = receipts(await gateway.send(operator, ...events));
    expect(given.map(({ index }) => index)).toEqual(events.map((_, i) => i));
    expect(given.flatMap(({ status }, i) => (status === ReceiptStatus.REJECTED ? [i] : []))).toEqual(bad);
    expect(given[7]?.violations).toMatchObject([{ field: 'event_id', rule: Rule.FORMAT }]);
    expect(given[7]?.eventId).toBe('');
    expect(gateway.records().map(({ eventId }) => eventId)).toEqual(
      events.flatMap(({ eventId }, i) => (bad.includes(i) ? [] : [eventId])),
    );
    expect(gateway.counts).toEqual([{ accepted: 497, rejected: 3, unaddressed: 0 }]);
  });

  it('is answered only once the log has it', async () => {
    const gateway = new ReceivingEvents();
    gateway.log.hold();
    const answer = gateway.send(operator, eventOf());
    expect(await isPending(answer)).toBe(true);
    gateway.log.letGo();
    expect(receipts(await answer).map(({ status }) => status)).toEqual([ReceiptStatus.ACCEPTED]);
    expect(gateway.records()).toHaveLength(1);
  });

  it.each([
    ['UNAVAILABLE', 'unavailable'],
    ['FULL', 'wait'],
  ] as const)('is to be sent again where the log is %s, and nothing of it counts', async (code, kind) => {
    const gateway = new ReceivingEvents();
    gateway.log.failWith(new LogFault(code, 'not now'));
    expect(await gateway.send(operator, eventOf())).toMatchObject({ kind, retryAfterMs: 1_000 });
    expect(gateway.counts).toEqual([]);
  });

  it('does not hide a fault of the log that does not pass', async () => {
    const gateway = new ReceivingEvents();
    gateway.log.failWith(new LogFault('DAMAGED', 'for good'));
    await expect(gateway.send(operator, eventOf())).rejects.toThrow('for good');
  });

  it('waits while landing is behind', async () => {
    const gateway = new ReceivingEvents();
    gateway.landingLag = 101;
    expect(await gateway.send(operator, eventOf())).toMatchObject({ kind: 'wait' });
    expect(gateway.records()).toEqual([]);
  });

  it.each<[string, Uint8Array, string]>([
    ['without events', batchBytes(), 'events REQUIRED'],
    [
      'of 1,001 events',
      batchBytes(...Array.from({ length: 1_001 }, (_, i) => eventOf({ eventId: `e-${i}` }))),
      'events TOO_MANY',
    ],
    ['with a field that the contract does not have', Buffer.from([0x98, 0x06, 0x01]), '#99 UNKNOWN_FIELD'],
    ['of nonsense', Buffer.from('not protobuf at all'), ' MALFORMED'],
    ['that is cut off', batchBytes(eventOf()).subarray(0, 12), ' MALFORMED'],
  ])('%s is refused whole', async (_, bytes, expected) => {
    const answer = await new ReceivingEvents().sendBytes(operator, bytes);
    if (answer.kind !== 'invalid') throw new Error(`not refused: ${answer.kind}`);
    expect(answer.violations.map(({ field, rule }) => `${field} ${Rule[rule]}`)).toContain(expected);
  });

  it('refuses an unreadable event alone', async () => {
    const good = toBinary(TakedownEventSchema, eventOf());
    const bytes = Buffer.from([0x0a, 2, 0xff, 0xff, 0x0a, good.length, ...good]);
    const gateway = new ReceivingEvents();
    const given = receipts(await gateway.sendBytes(operator, bytes));
    expect(given.map(({ status }) => status)).toEqual([ReceiptStatus.REJECTED, ReceiptStatus.ACCEPTED]);
    expect(given[0]?.violations).toMatchObject([{ field: '', rule: Rule.MALFORMED }]);
  });
});

describe('an event', () => {
  it('is the same event when it is sent again, by key or by place, later and through anybody', async () => {
    const gateway = new ReceivingEvents();
    const first = await gateway.recordOf(
      operator,
      eventOf({ locationKey: '', location: { url: URL_OF_CASE } }),
    );
    gateway.nowMs += 86_400_000;
    const key = Buffer.from(first.locationKey).toString('hex');
    const locationKey = key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const again = await gateway.recordOf(operator, eventOf({ locationKey }));
    expect(again.eventKey).toEqual(first.eventKey);
    expect(again.digest).toEqual(first.digest);
  });

  it('of another actor, world or content is another', async () => {
    const gateway = new ReceivingEvents();
    const first = await gateway.recordOf(operator, eventOf());
    const keys = [
      await gateway.recordOf({ ...operator, id: 'minh' }, eventOf()),
      await gateway.recordOf({ ...operator, environment: 'PRODUCTION' }, eventOf()),
      await gateway.recordOf(operator, eventOf({ eventId: 'e-2' })),
    ].map(({ eventKey }) => eventKey);
    for (const key of keys) expect(key).not.toEqual(first.eventKey);
    const other = await gateway.recordOf(operator, eventOf({ type: TakedownEventType.HOLD }));
    expect(other.eventKey).toEqual(first.eventKey);
    expect(other.digest).not.toEqual(first.digest);
  });

  it('stands in the log under the key of its case, so that all events of a case meet', async () => {
    const gateway = new ReceivingEvents();
    await gateway.send(
      operator,
      eventOf(),
      eventOf({ eventId: 'e-2', type: ACTION_CLAIMED, addressee: 'x' }),
    );
    const keys = gateway.log.records(TAKEDOWNS_TOPIC).map(({ key }) => Buffer.from(key).toString('hex'));
    expect(keys).toEqual([LOCATION_KEY, LOCATION_KEY].map((key) => key.replaceAll('-', '')));
  });

  it('has its address and its note sealed, and neither in the open', async () => {
    const gateway = new ReceivingEvents();
    const secret = 'https://lachan-demo-1.vn/very-secret-path';
    const event = eventOf({ locationKey: '', location: { url: secret }, note: 'secret note' });
    const record = await gateway.recordOf(operator, event);
    expect(record.sealed.map(({ field }) => field)).toEqual(['location.url', 'note']);
    const [stored] = gateway.log.records(TAKEDOWNS_TOPIC);
    const bytes = Buffer.from(stored?.value ?? []).toString('latin1');
    expect(bytes).not.toContain('very-secret-path');
    expect(bytes).not.toContain('secret note');
  });

  it('of a provider counts from when it was received, whatever it says', async () => {
    const gateway = new ReceivingEvents();
    const daysAgo = { instant: { seconds: BigInt(gateway.nowMs / 1000 - 5 * 86_400), nanos: 0 } };
    const record = await gateway.recordOf(provider, eventOf({ type: ACTION_CLAIMED, occurredAt: daysAgo }));
    expect(record.observedAtMs).toBe(gateway.nowMs);
    expect(record.occurredAt.instantMs).toBe(gateway.nowMs - 5 * 86_400_000);
  });
});

describe('the addressee', () => {
  const holdings = [
    held('DOMAIN', 'lachan-demo-1.vn', 'demo-host'),
    held('DOMAIN', 'sub.lachan-demo-1.vn', 'demo-shop'),
    held('CIDR', '203.0.113.0/24', 'demo-net'),
    held('CIDR', '203.0.113.128/25', 'demo-half'),
  ];
  const noticeTo = async (location: Readonly<Record<string, string>>, addressee = '') => {
    const gateway = new ReceivingEvents(holdings);
    const event = eventOf({ type: NOTICE_ISSUED, locationKey: '', location, addressee });
    const record = await gateway.recordOf(operator, event);
    return [record.addressee, gateway.counts[0]?.unaddressed];
  };

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['holds the domain', { url: 'https://www.lachan-demo-1.vn/x' }, 'demo-host'],
    ['holds the narrower of two domains', { url: 'https://a.sub.lachan-demo-1.vn/x' }, 'demo-shop'],
    ['holds the range of the address', { url: 'https://a.example/x', hostIp: '203.0.113.7' }, 'demo-net'],
    ['holds the narrower of two ranges', { url: 'https://203.0.113.200/x' }, 'demo-half'],
    ['comes before that of the address', { url: URL_OF_CASE, hostIp: '203.0.113.7' }, 'demo-host'],
  ])('of a notice %s', async (_, location, expected) => {
    expect(await noticeTo(location)).toEqual([expected, 0]);
  });

  it('is nobody, and that is counted, where nobody is known to answer', async () => {
    expect(await noticeTo({ url: 'https://unknown.example/x' })).toEqual(['', 1]);
  });

  it('of a notice about a content id is the provider whose id it is', async () => {
    const location = { serviceName: 'Lachan Demo', contentId: 'c-1', providerId: 'demo-platform' };
    expect(await noticeTo(location)).toEqual(['demo-platform', 0]);
  });

  it('is not missed in a history, of which nobody is told', async () => {
    const gateway = new ReceivingEvents();
    const location = { url: 'https://unknown.example/x' };
    await gateway.send(
      importer,
      eventOf({ type: NOTICE_ISSUED, locationKey: '', location, observedAt: BEFORE }),
    );
    expect(gateway.counts).toEqual([{ accepted: 1, rejected: 0, unaddressed: 0 }]);
  });

  it('is whom the operator names, whatever the registry says', async () => {
    expect(await noticeTo({ url: URL_OF_CASE }, 'demo-other')).toEqual(['demo-other', 0]);
  });

  it('of what a provider says is that provider', async () => {
    const record = await new ReceivingEvents().recordOf(provider, eventOf({ type: ACTION_CLAIMED }));
    expect(record.addressee).toBe(provider.id);
  });

  it('of a notice by key is looked up with the host and the network of the case, for all notices at once', async () => {
    const gateway = new ReceivingEvents([held('ASN', '64500', 'demo-carrier')]);
    gateway.select = (sql) =>
      Promise.resolve(
        sql.includes('FROM case_openings')
          ? [{ ...opening, place: LOCATION_KEY, host: 'unknown.example', asn: 64_500 }]
          : [],
      );
    const notices = ['e-1', 'e-2'].map((eventId) => eventOf({ type: NOTICE_ISSUED, eventId }));
    await gateway.send(operator, ...notices, eventOf({ type: TRIAGED, eventId: 'e-3' }));
    expect(gateway.records().map(({ addressee }) => addressee)).toEqual(['demo-carrier', 'demo-carrier', '']);
    // Folded cases, then openings.
    expect(gateway.questions).toBe(2);
  });
});

/** As the store answers about a case that nobody has acted on. */
const opening = {
  environment: 'TEST',
  status: 'REPORTED',
  stage: 'TRIAGE',
  reports: '1',
  urgency: 'ROUTINE',
  category: 'CSAM',
  country: 'VN',
  opened: '1793577600000',
};
