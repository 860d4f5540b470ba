import { create } from '@bufbuild/protobuf';
import { Category, LocationSchema, Precision, Source, Urgency } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import {
  CaseLocationSchema,
  CaseStage,
  Relation,
  TakedownEventType,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../gateway/takedown/actor.js';
import { locateEvent } from '../../gateway/takedown/locate-event.js';
import { validateEvent } from '../../gateway/takedown/validate-event.js';
import { keyed } from '../support/gateway-records.js';
import {
  BEFORE,
  eventOf,
  importer,
  instant,
  LOCATION_KEY,
  operator,
  provider,
  URL_OF_CASE,
  verifier,
  type EventInit,
} from '../support/events.js';
import { RECEIVED_AT_MS } from '../support/reports.js';

/** `field RULE` of each violation. */
function broken(event: TakedownEvent, actor: Actor): readonly string[] {
  const found = validateEvent(event, actor, RECEIVED_AT_MS, locateEvent(event, actor, keyed));
  expect(found.every(({ message }) => message.endsWith('.'))).toBe(true);
  return found.map(({ field, rule }) => `${field} ${Rule[rule]}`);
}

const OTHER_KEY = '11111111-2222-3333-4444-555555555555';
const time = (ms: number) => ({ instant: instant(ms) });
const HOUR_MS = 3_600_000;

/** One good value of every field that not all types take. */
const SAMPLES = {
  addressee: { addressee: 'demo-host' },
  legal_basis: { legalBasis: 'Điều 25, Luật 116/2025' },
  reason: { reason: 'NOT_ILLEGAL' },
  category: { category: Category.GROOMING },
  urgency: { urgency: Urgency.EXPEDITED },
  reporter: { reporter: 'demo-platform' },
  source: { source: Source.USER_NOTICE },
  content_created_at: { contentCreatedAt: time(RECEIVED_AT_MS - HOUR_MS) },
  report_id: { reportId: 'r-1' },
  stage: { stage: CaseStage.NOTICE },
  owner: { owner: 'lan' },
  previous_owner: { previousOwner: 'minh' },
  relation: { relation: Relation.SAME_LOCATION },
  from_location_key: { fromLocationKey: LOCATION_KEY, toLocationKey: LOCATION_KEY },
  to_location_key: { fromLocationKey: LOCATION_KEY, toLocationKey: LOCATION_KEY },
} satisfies Readonly<Record<string, EventInit>>;
type FieldName = keyof typeof SAMPLES;

// What stands beside each field of takedown.proto. A capital: needed. All others: refused.
const OF_OPERATORS = `
  REPORTED            category urgency reporter source content_created_at
  SELF_ACTIONED       category urgency reporter source content_created_at
  RETRACTED           REPORT_ID reporter
  ASSIGNED            STAGE OWNER
  HANDED_OVER         STAGE OWNER PREVIOUS_OWNER
  TRIAGED
  ASSESSED            reason category urgency
  HOLD
  HOLD_ENDED
  NOTICE_ISSUED       addressee legal_basis urgency
  ACKNOWLEDGED        ADDRESSEE
  ACTION_CLAIMED      ADDRESSEE
  VERIFIED_STILL_UP
  ESCALATED
  BLOCK_ORDERED       ADDRESSEE
  BLOCK_CONFIRMED     ADDRESSEE
  BLOCK_VERIFIED      ADDRESSEE
  ALREADY_DOWN
  VERIFIED_DOWN
  APPEALED
  REINSTATED
  UPHELD
  CLOSED              reason
  REFERRED
  REAPPEARED          relation from_location_key to_location_key`;
const OF_PROVIDERS = `
  RETRACTED           REPORT_ID
  ACKNOWLEDGED        addressee
  ACTION_CLAIMED      addressee
  BLOCK_CONFIRMED     addressee
  APPEALED`;
const OF_VERIFIERS = `
  VERIFIED_DOWN
  VERIFIED_STILL_UP
  ALREADY_DOWN
  BLOCK_VERIFIED      ADDRESSEE
  REAPPEARED          relation from_location_key to_location_key`;

type TypeName = keyof typeof TakedownEventType;
const TYPES = Object.values(TakedownEventType).filter(
  (name): name is TypeName => typeof name === 'string' && name !== 'UNSPECIFIED',
);
const FIELDS = Object.keys(SAMPLES) as FieldName[];

function tableOf(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = text.trim().split('\n');
  return new Map(
    lines.map((line) => line.trim().split(/\s+/)).map(([type = '', ...fields]) => [type, fields]),
  );
}

/** A good event of the type, as far as the table says. */
function goodOf(type: string, fields: readonly string[], actor: Actor, except = ''): EventInit {
  const needed = FIELDS.filter((field) => fields.includes(field.toUpperCase()) && field !== except);
  const isOfHistories = type === 'REPORTED' || type === 'SELF_ACTIONED';
  const good: EventInit = {
    type: TakedownEventType[type as TypeName],
    ...(isOfHistories && actor.mayImport ? { observedAt: BEFORE } : {}),
  };
  return needed.reduce((event, field) => ({ ...event, ...SAMPLES[field] }), good);
}

/** CLOSED and ASSESSED have words of their own. */
function sampleOf(type: string, field: FieldName): EventInit {
  return field === 'reason' && type === 'ASSESSED' ? { reason: 'HARMFUL_NOT_ILLEGAL' } : SAMPLES[field];
}

describe.each([
  ['an operator', importer, OF_OPERATORS],
  ['a provider', provider, OF_PROVIDERS],
  ['a verifier', verifier, OF_VERIFIERS],
] as const)('%s', (_, actor, text) => {
  const table = tableOf(text);
  const types = [...table.keys()];

  it.each(types)('may say %s, with what the type needs', (type) => {
    expect(broken(eventOf(goodOf(type, table.get(type) ?? [], actor)), actor)).toEqual([]);
  });

  it.each(TYPES.filter((type) => !types.includes(type)))('may not say %s', (type) => {
    expect(broken(eventOf({ type: TakedownEventType[type] }), actor)).toEqual(['type FORBIDDEN']);
  });

  it.each(types.flatMap((type) => FIELDS.map((field) => [type, field] as const)))(
    'says in %s of the field %s what the contract says',
    (type, field) => {
      const fields = table.get(type) ?? [];
      const isNeeded = fields.includes(field.toUpperCase());
      const isTaken = isNeeded || fields.includes(field);
      const good = goodOf(type, fields, actor);
      const given = broken(eventOf({ ...good, ...sampleOf(type, field) }), actor);
      if (isTaken) expect(given).toEqual([]);
      else expect(given).toContain(`${field} FORBIDDEN`);
      if (!isNeeded) return;
      const without = eventOf(goodOf(type, fields, actor, field));
      expect(broken(without, actor)).toEqual([`${field} REQUIRED`]);
    },
  );
});

describe('an event', () => {
  const base = eventOf();

  it.each<[string, EventInit, readonly string[]]>([
    [
      'without anything',
      { eventId: '', type: 0, locationKey: '' },
      ['event_id REQUIRED', 'location REQUIRED', 'type REQUIRED'],
    ],
    ['with an id of other characters', { eventId: 'e 1' }, ['event_id FORMAT']],
    ['with an id of 129 characters', { eventId: 'e'.repeat(129) }, ['event_id LENGTH']],
    ['of a type to come', { type: 99 }, ['type UNKNOWN_VALUE']],
    ['with a key that is none', { locationKey: 'x' }, ['location_key FORMAT']],
    ['with a location beside the key', { location: { url: URL_OF_CASE } }, ['location_key INCONSISTENT']],
    ['with a note of media', { note: `data:image/png;base64,${'iVBORw0KGgo'.repeat(30)}` }, ['note MEDIA']],
    ['with a note of 3,001 characters', { note: 'a '.repeat(1_501) }, ['note LENGTH']],
    ['with a control character in its note', { note: 'a\u0007' }, ['note FORMAT']],
    [
      'of more than 48 hours ahead',
      { occurredAt: time(RECEIVED_AT_MS + 48 * HOUR_MS + 1) },
      ['occurred_at.instant RANGE'],
    ],
    ['of before 1970', { occurredAt: time(-1) }, ['occurred_at.instant RANGE']],
    ['with a time without an instant', { occurredAt: {} }, ['occurred_at.instant REQUIRED']],
    ['with a version that no number holds', { seenVersion: 2n ** 60n }, ['seen_version RANGE']],
    ['with a time of observation', { observedAt: BEFORE }, ['observed_at FORBIDDEN']],
  ])('%s is refused', (_, change, expected) => {
    expect(broken(eventOf(change), operator)).toEqual(expected);
  });

  it.each<[string, EventInit]>([
    ['of 48 hours ahead', { occurredAt: time(RECEIVED_AT_MS + 48 * HOUR_MS) }],
    ['of years back', { occurredAt: { instant: instant(0), precision: Precision.DAY } }],
    ['that has seen version 0', { seenVersion: 0n }],
    ['with an id of 128 characters', { eventId: 'aZ9_.:-'.padEnd(128, 'e') }],
    ['with a key in capitals', { locationKey: LOCATION_KEY.toUpperCase() }],
    ['with a note of 3,000 characters', { note: 'ạ '.repeat(1_500) }],
  ])('%s is good', (_, change) => {
    expect(broken(eventOf(change), operator)).toEqual([]);
  });

  it('with fields that the contract does not have is refused, wherever they stand', () => {
    const unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
    const event = eventOf({
      locationKey: '',
      location: { url: URL_OF_CASE },
      occurredAt: time(RECEIVED_AT_MS),
    });
    event.$unknown = unknown;
    if (event.location !== undefined) event.location.$unknown = unknown;
    if (event.occurredAt !== undefined) event.occurredAt.$unknown = unknown;
    expect(broken(event, operator)).toEqual([
      'location#99 UNKNOWN_FIELD',
      'occurred_at#99 UNKNOWN_FIELD',
      '#99 UNKNOWN_FIELD',
    ]);
  });

  it('tells of everything that is wrong at once', () => {
    const event = eventOf({
      ...base,
      eventId: '',
      type: TakedownEventType.ASSIGNED,
      legalBasis: 'x',
      note: 'x'.repeat(3_001),
    });
    expect(broken(event, operator)).toEqual([
      'event_id REQUIRED',
      'note LENGTH',
      'stage REQUIRED',
      'owner REQUIRED',
      'legal_basis FORBIDDEN',
    ]);
  });

  it('never repeats what is wrong', () => {
    const event = eventOf({ type: TakedownEventType.ASSESSED, reason: 'geheim', eventId: 'geheim ' });
    const found = validateEvent(event, operator, RECEIVED_AT_MS, locateEvent(event, operator, keyed));
    expect(JSON.stringify(found)).not.toContain('geheim');
    expect(found).toHaveLength(2);
  });
});

describe('the place of an event', () => {
  const at = (location: EventInit['location']): EventInit => ({ locationKey: '', location });

  it.each<[string, Actor, EventInit, readonly string[]]>([
    ['by URL', operator, at({ url: URL_OF_CASE }), []],
    ['by URL and address', provider, at({ url: URL_OF_CASE, hostIp: '192.0.2.1' }), []],
    ['by content id of its own', provider, at({ serviceName: 'Chat', contentId: 'c-1' }), []],
    [
      'by content id of a provider',
      operator,
      at({ serviceName: 'Chat', contentId: 'c-1', providerId: 'demo-host' }),
      [],
    ],
    ['by nothing', operator, at({}), ['location REQUIRED']],
    ['by what is no URL', operator, at({ url: 'lachan-demo-1.vn' }), ['location.url FORMAT']],
    [
      'by a URL that is too long',
      operator,
      at({ url: `${URL_OF_CASE}${'x'.repeat(8_192)}` }),
      ['location.url LENGTH'],
    ],
    [
      'by both',
      operator,
      at({ url: URL_OF_CASE, contentId: 'c-1', providerId: 'demo-host' }),
      ['location INCONSISTENT'],
    ],
    [
      'by content id without its service',
      provider,
      at({ contentId: 'c-1' }),
      ['location.service_name REQUIRED'],
    ],
    [
      'by content id of nobody',
      operator,
      at({ serviceName: 'Chat', contentId: 'c-1' }),
      ['location.provider_id REQUIRED'],
    ],
    [
      'by content id of another',
      provider,
      at({ serviceName: 'Chat', contentId: 'c-1', providerId: 'other' }),
      ['location.provider_id FORBIDDEN'],
    ],
    [
      'by URL of a provider',
      operator,
      at({ url: URL_OF_CASE, providerId: 'demo-host' }),
      ['location.provider_id INCONSISTENT'],
    ],
    [
      'with an address that is none',
      operator,
      at({ url: URL_OF_CASE, hostIp: '192.0.2' }),
      ['location.host_ip FORMAT'],
    ],
  ])('%s', (_, actor, place, expected) => {
    const type = actor.role === 'PROVIDER' ? TakedownEventType.APPEALED : TakedownEventType.TRIAGED;
    expect(broken(eventOf({ type, ...place }), actor)).toEqual(expected);
  });

  it('is that of the reports about it', () => {
    const location = create(CaseLocationSchema, { url: 'https://LACHAN-demo-1.vn:443/x#part' });
    const report = create(LocationSchema, { url: URL_OF_CASE });
    const key = (url: string): string | undefined =>
      locateEvent(eventOf({ locationKey: '', location: { url } }), operator, keyed).key?.toString('hex');
    expect(key(location.url)).toBe(key(report.url));
  });
});

describe('a history', () => {
  const reported = { type: TakedownEventType.REPORTED, observedAt: BEFORE };

  it.each<[string, Actor, EventInit, readonly string[]]>([
    ['is taken from whoever may import it', importer, reported, []],
    ['may tell of any event', importer, { observedAt: instant(0) }, []],
    [
      'may have been seen before it occurred',
      importer,
      { observedAt: BEFORE, occurredAt: time(RECEIVED_AT_MS) },
      [],
    ],
    ['has been seen by the time of receipt', importer, { observedAt: instant(RECEIVED_AT_MS) }, []],
    ['has not been seen later', importer, { observedAt: instant(RECEIVED_AT_MS + 1) }, ['observed_at RANGE']],
    ['has not been seen before 1970', importer, { observedAt: instant(-1) }, ['observed_at RANGE']],
    [
      'is what a REPORTED belongs to',
      importer,
      { type: TakedownEventType.REPORTED },
      ['observed_at REQUIRED'],
    ],
    ['is not taken from other operators', operator, reported, ['observed_at FORBIDDEN', 'type FORBIDDEN']],
    [
      'is not taken from providers',
      provider,
      { type: TakedownEventType.APPEALED, observedAt: BEFORE },
      ['observed_at FORBIDDEN'],
    ],
  ])('%s', (_, actor, change, expected) => {
    expect(broken(eventOf(change), actor)).toEqual(expected);
  });
});

describe('the words of an event', () => {
  const assessed = TakedownEventType.ASSESSED;
  const closed = TakedownEventType.CLOSED;

  it.each<[string, EventInit, readonly string[]]>([
    ...['ILLEGAL', 'HARMFUL_NOT_ILLEGAL', 'NOT_ILLEGAL', 'NEED_MORE_INFORMATION', ''].map(
      (reason): [string, EventInit, readonly string[]] => [
        `ASSESSED ${reason}`,
        { type: assessed, reason },
        [],
      ],
    ),
    ...['DOWN', 'NOT_ILLEGAL', 'NOT_IN_JURISDICTION', 'NOT_RESOLVABLE', ''].map(
      (reason): [string, EventInit, readonly string[]] => [`CLOSED ${reason}`, { type: closed, reason }, []],
    ),
    ['ASSESSED DOWN', { type: assessed, reason: 'DOWN' }, ['reason UNKNOWN_VALUE']],
    ['CLOSED ILLEGAL', { type: closed, reason: 'ILLEGAL' }, ['reason UNKNOWN_VALUE']],
    ['closed in small letters', { type: closed, reason: 'down' }, ['reason UNKNOWN_VALUE']],
    ['a category to come', { type: assessed, category: 99 }, ['category UNKNOWN_VALUE']],
    ['an urgency to come', { type: assessed, urgency: 99 }, ['urgency UNKNOWN_VALUE']],
    [
      'a stage to come',
      { type: TakedownEventType.ASSIGNED, stage: 99, owner: 'lan' },
      ['stage UNKNOWN_VALUE'],
    ],
    [
      'an addressee that is no id',
      { type: TakedownEventType.NOTICE_ISSUED, addressee: 'Demo Host' },
      ['addressee FORMAT'],
    ],
    [
      'a legal basis of 501 characters',
      { type: TakedownEventType.NOTICE_ISSUED, legalBasis: 'ợ'.repeat(501) },
      ['legal_basis LENGTH'],
    ],
  ])('%s', (_, change, expected) => {
    expect(broken(eventOf(change), operator)).toEqual(expected);
  });

  it('let a provider speak for itself only', () => {
    const type = TakedownEventType.ACTION_CLAIMED;
    expect(broken(eventOf({ type, addressee: 'demo-host' }), provider)).toEqual([]);
    expect(broken(eventOf({ type, addressee: 'other' }), provider)).toEqual(['addressee FORBIDDEN']);
  });

  it('name a report as whoever numbered it does', () => {
    const type = TakedownEventType.RETRACTED;
    expect(broken(eventOf({ type, reportId: 'r.1' }), provider)).toEqual(['report_id FORMAT']);
    expect(broken(eventOf({ type, reportId: 'r.1', reporter: 'demo-host' }), operator)).toEqual([
      'report_id FORMAT',
    ]);
    expect(broken(eventOf({ type, reportId: 'r.1' }), operator)).toEqual([]);
  });
});

describe('a reappearance', () => {
  const again = (change: EventInit): TakedownEvent =>
    eventOf({ type: TakedownEventType.REAPPEARED, ...change });
  const here = LOCATION_KEY;

  it.each<[string, EventInit, readonly string[]]>([
    ['here', {}, []],
    ['here, said so', { relation: Relation.SAME_LOCATION }, []],
    ['here, on another host', { relation: Relation.MOVED_HOST }, []],
    ['here, in another country', { relation: Relation.MOVED_COUNTRY }, []],
    [
      'elsewhere, found from here',
      { relation: Relation.SAME_PROVIDER, fromLocationKey: here, toLocationKey: OTHER_KEY },
      [],
    ],
    [
      'here, after elsewhere',
      { relation: Relation.OTHER_PROVIDER, fromLocationKey: OTHER_KEY, toLocationKey: here },
      [],
    ],
    [
      'elsewhere without saying where',
      { relation: Relation.OTHER_PROVIDER },
      ['from_location_key REQUIRED', 'to_location_key REQUIRED'],
    ],
    [
      'with one key',
      { relation: Relation.OTHER_PROVIDER, fromLocationKey: here },
      ['to_location_key REQUIRED'],
    ],
    [
      'with a key that is none',
      { relation: Relation.OTHER_PROVIDER, fromLocationKey: here, toLocationKey: 'x' },
      ['to_location_key FORMAT'],
    ],
    [
      'elsewhere without saying how',
      { fromLocationKey: here, toLocationKey: OTHER_KEY },
      ['relation REQUIRED'],
    ],
    [
      'here, and elsewhere',
      { relation: Relation.SAME_LOCATION, fromLocationKey: here, toLocationKey: OTHER_KEY },
      ['to_location_key INCONSISTENT'],
    ],
    [
      'of two other places',
      { relation: Relation.OTHER_PROVIDER, fromLocationKey: OTHER_KEY, toLocationKey: OTHER_KEY },
      ['to_location_key INCONSISTENT'],
    ],
    ['in a way to come', { relation: 99 }, ['relation UNKNOWN_VALUE']],
  ])('%s', (_, change, expected) => {
    expect(broken(again(change), operator)).toEqual(expected);
  });
});
