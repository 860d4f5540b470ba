import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  AuthorityServiceGetCaseRequestSchema,
  AuthorityServiceGetCaseResponseSchema,
  ListCasesRequestSchema,
  ListCasesResponseSchema,
} from '@lachan/proto/authority-service';
import { Category } from '@lachan/proto/report';
import { CaseStage, TakedownEventType, type Case } from '@lachan/proto/takedown';
import { GetCaseRequestSchema, GetCaseResponseSchema } from '@lachan/proto/takedown-service';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';
import { locationKeyOfUrl } from '../../gateway/identify.js';
import { HASH_DOMAINS } from '../../gateway/keyed-hash.js';
import type { Refusal } from '../../gateway/refusal.js';
import { getCase, getOwnCase, listCases } from '../../gateway/takedown/read-cases.js';
import type { Environment } from '../../schemas/vocabulary.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { selectCasePlaces, NEVER } from '../../store/queries/case-lists.js';
import { dueMs } from '../../takedown/clocks.js';
import { CaseWorld, uuid } from '../support/case-world.js';
import { keyed } from '../support/gateway-records.js';
import { locationKeyOf } from '../support/takedown-records.js';

/** The engine binds one directory per process: all tests of this file share it, each with its own database. */
let directory: string;
let databases = 0;
let world: CaseWorld;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  world = await CaseWorld.open(directory, `test_${(databases += 1)}`);
});
afterEach(() => world.close());

const HOUR_MS = 3_600_000;
const place = locationKeyOf('lachan-demo-1.vn');
const deps = () => ({ select: world.select, keyed });

type Init<T> = T extends Uint8Array ? never : T;
type ListInit = Init<MessageInitShape<typeof ListCasesRequestSchema>>;
type GetInit = Init<MessageInitShape<typeof AuthorityServiceGetCaseRequestSchema>>;
type OwnInit = Init<MessageInitShape<typeof GetCaseRequestSchema>>;

async function list(request: ListInit = {}, environment: Environment = 'TEST') {
  const bytes = toBinary(ListCasesRequestSchema, create(ListCasesRequestSchema, request));
  const answer = await listCases(bytes, environment, deps());
  return answer instanceof Uint8Array ? fromBinary(ListCasesResponseSchema, answer) : refused(answer);
}
async function get(request: GetInit, environment: Environment = 'TEST'): Promise<Case | undefined> {
  const bytes = toBinary(
    AuthorityServiceGetCaseRequestSchema,
    create(AuthorityServiceGetCaseRequestSchema, request),
  );
  const answer = await getCase(bytes, environment, deps());
  return answer instanceof Uint8Array
    ? fromBinary(AuthorityServiceGetCaseResponseSchema, answer).case
    : refused(answer);
}
async function getOwn(request: OwnInit, providerId: string, environment: Environment = 'TEST') {
  const bytes = toBinary(GetCaseRequestSchema, create(GetCaseRequestSchema, request));
  const answer = await getOwnCase(bytes, { environment, providerId }, deps());
  return answer instanceof Uint8Array ? fromBinary(GetCaseResponseSchema, answer).case : refused(answer);
}
function refused(refusal: Refusal): never {
  const fields =
    refusal.kind === 'invalid' ? refusal.violations.map(({ field, rule }) => `${field} ${rule}`) : [];
  throw new Error([refusal.kind, ...fields].join(' '));
}

const assessed = (change: Partial<TakedownRecord> = {}): Partial<TakedownRecord> => ({
  eventId: 'assessed',
  type: 'ASSESSED',
  finding: 'ILLEGAL',
  locationKey: place,
  ...change,
});
const noticeTo = (addressee: string, change: Partial<TakedownRecord> = {}): Partial<TakedownRecord> => ({
  eventId: `notice to ${addressee}`,
  type: 'NOTICE_ISSUED',
  addressee,
  locationKey: place,
  ...change,
});
const keysOf = ({ cases }: { readonly cases: readonly Case[] }) =>
  cases.map(({ locationKey }) => locationKey);

describe('the list of cases', () => {
  it('holds cases that nobody has acted on beside the others, each once, in one world', async () => {
    const untouched = locationKeyOf('untouched.example');
    const removed = locationKeyOf('removed.example');
    await world.reports([
      { places: [place] },
      { reportId: 'second', places: [place, untouched] },
      { places: [removed], visibility: ['REMOVED'] },
      { places: [locationKeyOf('other world')], environment: 'PRODUCTION' },
    ]);
    await world.events([{ eventId: 'triaged', type: 'TRIAGED', locationKey: place }]);
    const { cases, nextPageToken } = await list();
    expect(nextPageToken).toBe('');
    const byKey = new Map(cases.map((each) => [each.locationKey, each]));
    expect([...byKey.keys()].sort()).toEqual([place, untouched, removed].map(uuid).sort());
    expect(cases).toHaveLength(3);
    expect(byKey.get(uuid(place))).toMatchObject({
      version: 1n,
      status: 'TRIAGED',
      stage: CaseStage.ASSESSMENT,
      category: Category.CSAM,
      host: 'lachan-demo-1.vn',
      reports: 2,
      cycle: 1,
      deadlines: [],
      events: [],
    });
    expect(byKey.get(uuid(untouched))).toMatchObject({
      version: 0n,
      status: 'REPORTED',
      stage: CaseStage.TRIAGE,
      hostCountry: 'VN',
      hostNetwork: 64_500,
      reports: 1,
      cycle: 1,
    });
    expect(byKey.get(uuid(removed))).toMatchObject({
      status: 'SELF_ACTIONED',
      stage: CaseStage.VERIFICATION,
    });
  });

  it('begins with what breaches first, breached ones before all; then the oldest', async () => {
    const names = ['urgent', 'routine', 'breached', 'held', 'old', 'new'];
    const [urgent, routine, breached, held, old, recent] = names.map((name) => locationKeyOf(name));
    if (!urgent || !routine || !breached || !held || !old || !recent) throw new Error('six names');
    await world.reports([{ places: [old] }]);
    world.nowMs += HOUR_MS;
    await world.reports([urgent, routine, breached, held].map((key) => ({ places: [key] })));
    await world.events([urgent, routine, breached, held].map((locationKey) => assessed({ locationKey })));
    await world.events([noticeTo('host-1', { locationKey: breached })]);
    world.nowMs += 23 * HOUR_MS;
    await world.events([
      noticeTo('host-1', { locationKey: routine }),
      noticeTo('host-2', { locationKey: urgent, urgency: 'IMMINENT_RISK' }),
      noticeTo('host-2', { locationKey: held, urgency: 'IMMINENT_RISK' }),
    ]);
    world.nowMs += 2 * HOUR_MS;
    await world.reports([{ places: [recent] }]);
    await world.events([{ eventId: 'hold', type: 'HOLD', locationKey: held }]);

    expect(keysOf(await list())).toEqual([breached, urgent, routine, old, held, recent].map(uuid));
    const { cases } = await list({ due: true });
    expect(keysOf({ cases })).toEqual([breached, urgent, routine, held].map(uuid));
    const issuedMs = cases[0]?.deadlines[0]?.dueAt && timestampMs(cases[0].deadlines[0].dueAt);
    expect(issuedMs).toBeLessThan(world.nowMs);
    expect(cases[1]?.deadlines[0]).toMatchObject({ addressee: 'host-2' });
    expect(cases[1]?.deadlines[0]?.dueAt && timestampMs(cases[1].deadlines[0].dueAt)).toBe(
      world.nowMs + 4 * HOUR_MS,
    );
    expect(cases[3]?.held).toBe(true);
    // The law's clock stands still; the decree's is not stopped by everything.
    expect(cases[3]?.deadlines.some(({ dueAt }) => dueAt === undefined)).toBe(true);

    await world.events([
      { eventId: 'down', type: 'VERIFIED_DOWN', actorRole: 'VERIFIER', locationKey: breached },
    ]);
    expect(keysOf(await list({ due: true }))).toEqual([urgent, routine, held].map(uuid));
  });

  it('narrows by every filter', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => locationKeyOf(name));
    if (!a || !b || !c) throw new Error('three names');
    await world.reports([{ places: [a] }, { places: [b], category: 'GROOMING' }, { places: [c] }]);
    await world.events([
      { eventId: 'assigned', type: 'ASSIGNED', stage: 'TRIAGE', owner: 'op-7', locationKey: a },
      assessed({ locationKey: b }),
    ]);
    await world.events([noticeTo('host-1', { locationKey: b })]);
    expect(keysOf(await list({ owner: 'op-7' }))).toEqual([uuid(a)]);
    expect(keysOf(await list({ addressee: 'host-1' }))).toEqual([uuid(b)]);
    expect(keysOf(await list({ category: Category.GROOMING }))).toEqual([uuid(b)]);
    expect(keysOf(await list({ status: 'NOTICE_ISSUED' }))).toEqual([uuid(b)]);
    expect(keysOf(await list({ stage: CaseStage.TRIAGE })).sort()).toEqual([a, c].map(uuid).sort());
    expect(keysOf(await list({ stage: CaseStage.TRIAGE, owner: 'op-8' }))).toEqual([]);
    expect(keysOf(await list({}, 'PRODUCTION'))).toEqual([]);
  });

  it('comes in pages without gap or repeat', async () => {
    const keys = Array.from({ length: 57 }, (_, i) => locationKeyOf(`lachan-demo-${i}.vn`));
    await world.reports(keys.map((key) => ({ places: [key] })));
    await world.events(keys.slice(0, 20).map((locationKey) => assessed({ locationKey })));
    await world.events(keys.slice(0, 10).map((locationKey) => noticeTo('host-1', { locationKey })));
    const seen: string[] = [];
    for (let token = '', pages = 0; pages === 0 || token !== ''; pages += 1) {
      const page = await list({ pageSize: 10, pageToken: token });
      seen.push(...keysOf(page));
      token = page.nextPageToken;
    }
    expect(seen).toEqual(keysOf(await list()));
    expect([...seen].sort()).toEqual(keys.map(uuid).sort());
  });

  it('refuses what it cannot mean', async () => {
    await world.reports([{ places: [place] }, { places: [locationKeyOf('x')] }]);
    const { nextPageToken: pageToken } = await list({ pageSize: 1 });
    await expect(list({ pageToken, status: 'REPORTED' })).rejects.toThrow('invalid page_token');
    await expect(list({ pageToken }, 'PRODUCTION')).rejects.toThrow('invalid page_token');
    await expect(list({ pageToken: 'nonsense' })).rejects.toThrow('invalid page_token');
    await expect(list({ pageSize: 1_001 })).rejects.toThrow('invalid page_size');
    await expect(list({ status: 'LOST' })).rejects.toThrow('invalid status');
    // Numbers that the contract does not have, as fields 1 and 5.
    for (const [field, bytes] of [
      ['stage', [0x08, 99]],
      ['category', [0x28, 99]],
      ['', [0xff]],
    ] as const) {
      expect(await listCases(Uint8Array.from(bytes), 'TEST', deps())).toMatchObject({
        kind: 'invalid',
        violations: [{ field }],
      });
    }
  });

  it('is ordered by the deadline that the rules compute, whatever paused it', async () => {
    const ms = fc.integer({ min: 0, max: 1_000 });
    const pause = fc.record({
      kind: fc.constantFrom('HOLD' as const, 'APPEAL' as const),
      fromMs: ms,
      lastsMs: fc.option(fc.integer({ min: 1, max: 300 })),
    });
    const cases = fc.array(
      fc.record({
        startMs: ms,
        pauses: fc.array(pause, { maxLength: 4 }),
        deadlines: fc.array(
          fc.record({
            limitMs: fc.integer({ min: 1, max: 500 }),
            pausedBy: fc.subarray(['HOLD' as const, 'APPEAL' as const]),
          }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { minLength: 30, maxLength: 30 },
    );
    const sampled = fc.sample(cases, 5).flat();
    const expected = new Map<string, number>();
    const rows = sampled.map(({ startMs, pauses, deadlines }, i) => {
      const key = uuid(locationKeyOf(`case ${i}`));
      const ordered = [...pauses]
        .sort((a, b) => a.fromMs - b.fromMs)
        .map(({ kind, fromMs, lastsMs }) => ({
          kind,
          fromMs,
          toMs: lastsMs === null ? null : fromMs + lastsMs,
        }));
      const dues = deadlines.map((deadline) => dueMs(startMs, deadline, ordered) ?? NEVER);
      expected.set(key, Math.min(...dues));
      return [
        'TEST',
        key,
        1,
        [null],
        [null],
        [1],
        ['NOTICE_ISSUED'],
        ['host-1'],
        [startMs],
        [startMs],
        deadlines.map(() => 1),
        deadlines.map(() => 'rule@1'),
        deadlines.map(({ limitMs }) => limitMs),
        deadlines.map(({ pausedBy }) => pausedBy.join('+')),
        ordered.map(({ kind }) => kind),
        ordered.map(({ fromMs }) => fromMs),
        ordered.map(({ toMs }) => toMs),
      ];
    });
    const columns =
      'environment location_key version cycle_first_seen_down cycle_ended_at duty_cycle duty_trigger duty_addressee ' +
      'duty_from duty_to deadline_duty deadline_rule deadline_ms deadline_pauses pause_kind pause_from pause_to';
    await world.insert('cases', columns.split(' '), rows);
    const filter = { stage: '', status: '', owner: '', addressee: '', category: '', isDue: true };
    const places = await selectCasePlaces(world.select, 'TEST', filter, undefined, 1_000);
    expect(new Map(places.map((one) => [one.locationKey, one.dueMs]))).toEqual(expected);
    const dues = places.map((one) => one.dueMs);
    expect(dues).toEqual([...dues].sort((a, b) => a - b));
  });
});

describe('a case, to an operator', () => {
  it('comes with its events in the order in which they count, and what each did', async () => {
    await world.reports([{ places: [place], reportId: 'r-1' }]);
    world.nowMs += HOUR_MS;
    await world.events([
      assessed(),
      noticeTo('host-1'),
      noticeTo('host-1', { eventId: 'again' }),
      { eventId: 'early', type: 'REFERRED', locationKey: place },
    ]);
    const told = await get({ locationKey: uuid(place).toUpperCase() });
    expect(told).toMatchObject({ status: 'NOTICE_ISSUED', stage: CaseStage.NOTICE, version: 4n });
    expect(
      told?.events.map(({ eventId, type, effect, refusal }) => [
        eventId,
        TakedownEventType[type],
        effect,
        refusal,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['', 'REPORTED', 'APPLIED', ''],
        ['assessed', 'ASSESSED', 'APPLIED', ''],
        ['early', 'REFERRED', 'REFUSED', 'NOT_OUTSIDE_JURISDICTION'],
      ]),
    );
    const notices = told?.events.filter(({ type }) => type === TakedownEventType.NOTICE_ISSUED) ?? [];
    expect(notices.map(({ effect }) => effect).sort()).toEqual(['APPLIED', 'NO_OP']);
    expect(notices[0]).toMatchObject({ actorRole: 'OPERATOR', actor: 'op-1', addressee: 'host-1' });
    expect(told?.events[0]).toMatchObject({ type: TakedownEventType.REPORTED, actor: 'demo-platform' });
    expect(told?.events[1]?.type).toBe(TakedownEventType.ASSESSED);
  });

  it('says nothing yet of what an event did that has landed and is not judged', async () => {
    await world.reports([{ places: [place] }]);
    await world.events([assessed()]);
    await world.events([noticeTo('host-1')], { isFolded: false });
    const told = await get({ locationKey: uuid(place) });
    expect(told?.events.map(({ eventId, effect }) => [eventId, effect])).toContainEqual([
      'notice to host-1',
      '',
    ]);
  });

  it('shows what was done however many reports there are', async () => {
    await world.reports(Array.from({ length: 1_500 }, (_, i) => ({ reportId: `r-${i}`, places: [place] })));
    world.nowMs += 1_000;
    await world.events([assessed()]);
    const told = await get({ locationKey: uuid(place) });
    expect(told?.reports).toBe(1_500);
    expect(told?.events).toHaveLength(101);
    expect(told?.events.at(-1)).toMatchObject({ eventId: 'assessed', effect: 'APPLIED' });
  });

  it('is found by its URL, and by the content id of whoever has it', async () => {
    const url = canonicalise('https://lachan-demo-1.vn/x');
    if (url.kind !== 'canonical') throw new Error('a good URL');
    const byUrl = locationKeyOfUrl(keyed, 'TEST', url);
    const byId = keyed.of(HASH_DOMAINS.locationOfContentId, 'TEST', 'host-1', 'videos', 'v-1');
    await world.reports([{ places: [byUrl, byId], providerId: 'host-1' }]);
    expect((await get({ location: { url: 'https://LACHAN-demo-1.vn/x#y' } }))?.locationKey).toBe(uuid(byUrl));
    const content = { serviceName: 'videos', contentId: 'v-1' };
    expect((await get({ location: { ...content, providerId: 'host-1' } }))?.locationKey).toBe(uuid(byId));
    expect((await getOwn({ location: content }, 'host-1'))?.locationKey).toBe(uuid(byId));
    await expect(get({ location: { ...content, providerId: 'host-2' } })).rejects.toThrow('no-case');
    await expect(get({ location: content })).rejects.toThrow('invalid location.provider_id');
    await expect(getOwn({ location: { ...content, providerId: 'host-2' } }, 'host-1')).rejects.toThrow(
      'invalid location.provider_id',
    );
    await expect(get({})).rejects.toThrow('invalid location');
    await expect(get({ locationKey: 'x' })).rejects.toThrow('invalid location_key');
    await expect(get({ location: { url: 'https://a.example' }, locationKey: uuid(byUrl) })).rejects.toThrow(
      'invalid location_key',
    );
    await expect(get({ location: { url: 'nonsense' } })).rejects.toThrow('invalid location.url');
    await expect(get({ locationKey: uuid(byUrl) }, 'PRODUCTION')).rejects.toThrow('no-case');
  });
});

describe('a case, to a provider', () => {
  it('is there for whoever reported it or has to act on it, and for nobody else', async () => {
    const other = locationKeyOf('lachan-demo-2.vn');
    await world.reports([{ places: [place], providerId: 'reporter' }, { places: [other] }]);
    await world.events([
      assessed(),
      { eventId: 'assigned', type: 'ASSIGNED', stage: 'NOTICE', owner: 'op-7', locationKey: place },
    ]);
    await world.events([
      noticeTo('host-1'),
      noticeTo('host-2'),
      { eventId: 'block', type: 'BLOCK_ORDERED', addressee: 'isp-1', locationKey: place },
      // Refused: nobody has assessed that one.
      noticeTo('host-3', { locationKey: other }),
      { eventId: 'block', type: 'BLOCK_ORDERED', addressee: 'isp-2', locationKey: other },
    ]);
    const request = { locationKey: uuid(place) };
    for (const providerId of ['reporter', 'host-1', 'isp-1']) {
      const told = await getOwn(request, providerId);
      expect(told).toMatchObject({ status: 'NOTICE_ISSUED', owner: '', events: [] });
      const others = told?.deadlines.filter(({ addressee }) => addressee !== providerId) ?? [];
      expect(others).toEqual([]);
    }
    expect((await getOwn(request, 'host-1'))?.deadlines.length).toBeGreaterThan(0);
    await expect(getOwn(request, 'stranger')).rejects.toThrow('no-case');
    await expect(getOwn(request, 'host-1', 'PRODUCTION')).rejects.toThrow('no-case');
    for (const providerId of ['host-3', 'isp-2']) {
      await expect(getOwn({ locationKey: uuid(other) }, providerId)).rejects.toThrow('no-case');
    }
    await expect(getOwn({ locationKey: uuid(locationKeyOf('nowhere')) }, 'reporter')).rejects.toThrow(
      'no-case',
    );
  });
});
