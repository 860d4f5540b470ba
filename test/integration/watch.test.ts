import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { CaseResult, Outcome, type ReportOutcome } from '@lachan/proto/report-service';
import { TakedownEventType } from '@lachan/proto/takedown';
import type { WatchNoticesResponse } from '@lachan/proto/takedown-service';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WatchLimits } from '../../gateway/watch/watch-service.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { StoreFault } from '../../store/store.js';
import { CaseWorld, uuid } from '../support/case-world.js';
import { until } from '../support/lachan-process.js';
import { locationKeyOf } from '../support/takedown-records.js';
import { WatchServer } from '../support/watch-server.js';

/** The engine binds one directory per process: all tests of this file share it, each with its own database. */
let directory: string;
let databases = 0;
let world: CaseWorld;
let server: WatchServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  world = await CaseWorld.open(directory, `test_${(databases += 1)}`);
});
afterEach(async () => {
  server.stop();
  await world.close();
});

async function start(limits: Partial<WatchLimits> = {}): Promise<WatchServer> {
  server = await WatchServer.start({
    select: world.select,
    limits: { pollMs: 50, ...limits },
    mayPass: (error) => error instanceof StoreFault && error.retry === 'same-block',
  });
  return server;
}

const HOUR_MS = 3_600_000;
const place = locationKeyOf('lachan-demo-1.vn');
const isNotice = ({ notice }: WatchNoticesResponse): boolean => notice !== undefined;
const noticesOf = (messages: readonly WatchNoticesResponse[]) =>
  messages.flatMap(({ notice }) => (notice === undefined ? [] : [notice]));
const outcomesOf = (messages: readonly { outcomes: ReportOutcome[] }[]) =>
  messages.flatMap(({ outcomes }) => outcomes);

const noticeTo = (addressee: string, change: Partial<TakedownRecord> = {}): Partial<TakedownRecord> => ({
  eventId: `notice to ${addressee}`,
  type: 'NOTICE_ISSUED',
  addressee,
  locationKey: place,
  ...change,
});
const assessed = (change: Partial<TakedownRecord> = {}): Partial<TakedownRecord> => ({
  eventId: 'assessed',
  type: 'ASSESSED',
  finding: 'ILLEGAL',
  locationKey: place,
  ...change,
});

/** Cases that have been assessed, so that a notice of them counts. */
async function openCases(keys: readonly Uint8Array[], environment: 'TEST' | 'PRODUCTION' = 'TEST') {
  await world.reports(keys.map((key, i) => ({ environment, reportId: `opens-${i}`, places: [key] })));
  await world.events(keys.map((locationKey) => assessed({ environment, locationKey })));
}

describe('a watch of notices', () => {
  it('tells all of a notice, with the first of the caller`s own reports, and the deadline', async () => {
    await openCases([place]);
    await world.reports([
      { providerId: 'host-1', reportId: 'mine-1', places: [place] },
      { providerId: 'host-1', reportId: 'mine-2', places: [place] },
      { providerId: 'host-2', reportId: 'not-mine', places: [place] },
    ]);
    const issuedAtMs = world.nowMs;
    await world.events([
      noticeTo('host-1', { legalBasis: 'Article 25', noticeBox: Buffer.from('a sealed location') }),
    ]);
    const watch = (await start()).notices('TEST host-1');
    await watch.count(1, isNotice);
    const [notice] = noticesOf(watch.messages);
    expect(notice).toMatchObject({
      locationKey: uuid(place),
      cycle: 1,
      type: TakedownEventType.NOTICE_ISSUED,
      repeat: 0,
      legalBasis: 'Article 25',
      host: 'lachan-demo-1.vn',
      reportIds: ['mine-1', 'mine-2'],
    });
    expect(Buffer.from(notice?.sealedLocation ?? []).toString()).toBe('a sealed location');
    expect(notice?.issuedAt && timestampMs(notice.issuedAt)).toBe(issuedAtMs);
    // The example's rules give a routine notice 24 hours, under the law and under the decree.
    expect(notice?.deadlines.map(({ dueAt }) => dueAt && timestampMs(dueAt) - issuedAtMs)).toEqual([
      24 * HOUR_MS,
      24 * HOUR_MS,
    ]);
    expect(notice?.deadlines.every(({ addressee }) => addressee === 'host-1')).toBe(true);
  });

  it('goes on with what comes, after everything that was', async () => {
    await openCases([place]);
    await world.events([noticeTo('host-1')]);
    const watch = (await start()).notices('TEST host-1');
    await watch.count(1, isNotice);
    await world.events([{ ...noticeTo('host-1'), eventId: 'block', type: 'BLOCK_ORDERED' }]);
    await watch.count(2, isNotice);
    expect(noticesOf(watch.messages).map(({ type }) => TakedownEventType[type])).toEqual([
      'NOTICE_ISSUED',
      'BLOCK_ORDERED',
    ]);
  });

  it('repeats a notice under the id, the legal basis and the box of the first', async () => {
    await openCases([place]);
    await world.events([noticeTo('host-1', { legalBasis: 'Article 25', noticeBox: Buffer.from('box') })]);
    world.nowMs += 25 * HOUR_MS;
    const rung = { actorRole: 'SYSTEM', actorId: 'clock', addressee: 'host-1', locationKey: place, cycle: 1 };
    await world.events([
      { ...rung, eventId: 'repeat', type: 'NOTICE_REPEATED', n: 1 },
      { ...rung, eventId: 'breach', type: 'BREACHED', n: 1, rule: 'law-116-2025-art-25-2@1' },
    ]);
    const watch = (await start()).notices('TEST host-1');
    await watch.count(3, isNotice);
    const [first, repeated, breached] = noticesOf(watch.messages);
    expect(repeated).toMatchObject({
      noticeId: first?.noticeId,
      type: TakedownEventType.NOTICE_REPEATED,
      repeat: 1,
      cycle: 1,
      legalBasis: 'Article 25',
    });
    expect(Buffer.from(repeated?.sealedLocation ?? []).toString()).toBe('box');
    expect(breached?.noticeId).not.toBe(first?.noticeId);
    expect(breached?.deadlines.map(({ rule }) => rule)).toEqual(['law-116-2025-art-25-2@1']);
  });

  it('tells no notice to anybody else, in neither world, and none that changed nothing', async () => {
    const other = locationKeyOf('lachan-demo-2.vn');
    await openCases([place]);
    await openCases([other], 'PRODUCTION');
    await world.events([
      noticeTo('host-1'),
      noticeTo('host-2'),
      // Done before: no second notice.
      noticeTo('host-1', { eventId: 'again' }),
      // Nobody has assessed it: refused.
      noticeTo('host-1', { eventId: 'too early', locationKey: locationKeyOf('lachan-demo-3.vn') }),
      noticeTo('host-1', { environment: 'PRODUCTION', eventId: 'in production', locationKey: other }),
      // An imported one was told by whoever kept it.
      noticeTo('host-1', { eventId: 'long ago', isHistory: true, locationKey: locationKeyOf('x.example') }),
    ]);
    await start();
    const [test, production, stranger] = ['TEST host-1', 'PRODUCTION host-1', 'TEST host-3'].map((who) =>
      server.notices(who),
    );
    await Promise.all([test?.count(1, isNotice), production?.count(1, isNotice)]);
    // What comes last has been told when everything before it has been.
    const last = locationKeyOf('lachan-demo-9.vn');
    await openCases([last]);
    await world.events([
      noticeTo('host-1', { locationKey: last }),
      noticeTo('host-3', { locationKey: last }),
    ]);
    await Promise.all([test?.count(2, isNotice), stranger?.count(1, isNotice)]);
    expect(noticesOf(test?.messages ?? []).map(({ locationKey }) => locationKey)).toEqual([
      uuid(place),
      uuid(last),
    ]);
    expect(noticesOf(production?.messages ?? []).map(({ locationKey }) => locationKey)).toEqual([
      uuid(other),
    ]);
    expect(noticesOf(stranger?.messages ?? []).map(({ locationKey }) => locationKey)).toEqual([uuid(last)]);
  });

  it('tells a notice that counts after all, once what was missing has come', async () => {
    await world.reports([{ places: [place] }]);
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    world.nowMs += HOUR_MS;
    await world.events([noticeTo('host-1')]);
    const last = locationKeyOf('lachan-demo-9.vn');
    await openCases([last]);
    await world.events([noticeTo('host-1', { locationKey: last })]);
    await watch.count(1, isNotice);
    expect(noticesOf(watch.messages).map(({ locationKey }) => locationKey)).toEqual([uuid(last)]);
    // Done before the notice, and sent after it.
    await world.events([
      assessed({ occurredAt: { instantMs: world.nowMs - HOUR_MS / 2, precision: 'MS' } }),
      noticeTo('host-2'),
    ]);
    await watch.count(2, isNotice);
    expect(noticesOf(watch.messages)[1]).toMatchObject({
      locationKey: uuid(place),
      type: TakedownEventType.NOTICE_ISSUED,
    });
    expect(noticesOf(watch.messages)[1]?.deadlines.length).toBeGreaterThan(0);
  });

  it('tells nothing before its case is folded', async () => {
    await openCases([place]);
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    await world.events([noticeTo('host-1')], { isFolded: false });
    const asked = world.asked.length;
    await until('some polls', () => (world.asked.length > asked + 5 ? true : undefined));
    expect(noticesOf(watch.messages)).toEqual([]);
    await world.keep([{ environment: 'TEST', locationKey: Buffer.from(place).toString('hex') }], {
      topic: 'takedowns',
      epoch: 1,
      partition: 0,
      to: 1,
    });
    await watch.count(1, isNotice);
  });

  it('loses nothing over an hour without a connection, whatever came meanwhile', async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => locationKeyOf(`lachan-demo-${i}.vn`));
    await openCases(keys);
    await start();
    const first = server.notices('TEST host-1');
    await world.events(keys.slice(0, 10).map((locationKey) => noticeTo('host-1', { locationKey })));
    await first.count(10, isNotice);
    const cursor = first.messages.filter(isNotice)[6]?.cursor;
    first.cancel();
    await first.ended();
    world.nowMs += HOUR_MS;
    await world.events(keys.slice(10, 700).map((locationKey) => noticeTo('host-1', { locationKey })));
    await world.events(keys.slice(700).map((locationKey) => noticeTo('host-1', { locationKey })));
    const again = server.notices('TEST host-1', cursor);
    await again.count(1_193, isNotice);
    expect(noticesOf(again.messages).map(({ locationKey }) => locationKey)).toEqual(keys.slice(7).map(uuid));
    expect(server.faults).toEqual([]);
  });

  it('tells two watchers of one provider everything', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => locationKeyOf(`lachan-demo-${i}.vn`));
    await openCases(keys);
    await start();
    const watches = [server.notices('TEST host-1'), server.notices('TEST host-1')];
    await Promise.all(watches.map((watch) => watch.count(1, () => true)));
    for (const locationKey of keys) await world.events([noticeTo('host-1', { locationKey })]);
    for (const watch of watches) {
      await watch.count(40, isNotice);
      expect(noticesOf(watch.messages).map(({ locationKey }) => locationKey)).toEqual(keys.map(uuid));
    }
  });
});

describe('a watch of outcomes', () => {
  it('tells from now on what became of each record, in the order of the log', async () => {
    await world.reports([{ reportId: 'before' }]);
    await start();
    const watch = server.outcomes('TEST demo-platform');
    await watch.count(1, ({ cursor }) => cursor !== '');
    await world.reports([
      { reportId: 'r-1', receivedAtMs: world.nowMs },
      { reportId: 'r-1', outcome: 'DUPLICATE' },
      { reportId: 'r-1', outcome: 'CONFLICT', conflictFields: ['category'] },
      { reportId: 'r-2', outcome: 'DEAD_LETTER', reason: 'UNDECODABLE' },
      { reportId: 'r-3', providerId: 'host-1' },
      { reportId: 'r-4', environment: 'PRODUCTION' },
      { reportId: 'r-5' },
    ]);
    await until('five outcomes', () => (outcomesOf(watch.messages).length >= 5 ? true : undefined));
    const told = outcomesOf(watch.messages);
    expect(told.map(({ reportId }) => reportId)).toEqual(['r-1', 'r-1', 'r-1', 'r-2', 'r-5']);
    expect(
      told.map(({ of }) =>
        of.case === 'record' ? [of.value.outcome, of.value.conflictFields, of.value.reason] : [],
      ),
    ).toEqual([
      [Outcome.LANDED, [], ''],
      [Outcome.DUPLICATE, [], ''],
      [Outcome.CONFLICT, ['category'], ''],
      [Outcome.DEAD_LETTERED, [], 'UNDECODABLE'],
      [Outcome.LANDED, [], ''],
    ]);
    expect(told[0]?.authorityReportId).toMatch(/^[0-9a-f]{8}-/);
  });

  it('tells what became of the cases of the caller`s reports, where it counts', async () => {
    const places = ['down', 'gone', 'legal', 'lost', 'vague', 'abroad', 'open'].map((name) =>
      locationKeyOf(`${name}.example`),
    );
    await start();
    const watch = server.outcomes('TEST demo-platform');
    await watch.count(1, ({ cursor }) => cursor !== '');
    await world.reports([
      ...places.map((key, i) => ({ reportId: `r-${i}`, places: [key] })),
      { providerId: 'host-1', reportId: 'other', places: [places[0] ?? place] },
    ]);
    const at = (i: number, change: Partial<TakedownRecord>): Partial<TakedownRecord> => ({
      eventId: `${i} ${change.type ?? ''}`,
      ...(places[i] === undefined ? {} : { locationKey: places[i] }),
      ...change,
    });
    await world.events([
      at(0, { type: 'ASSESSED', finding: 'ILLEGAL' }),
      at(0, { type: 'VERIFIED_DOWN', actorRole: 'VERIFIER' }),
      at(1, { type: 'ALREADY_DOWN' }),
      at(2, { type: 'ASSESSED', finding: 'NOT_ILLEGAL' }),
      at(2, { type: 'CLOSED', closedAs: 'NOT_ILLEGAL' }),
      at(3, { type: 'ASSESSED', finding: 'ILLEGAL' }),
      at(3, { type: 'CLOSED', closedAs: 'NOT_RESOLVABLE' }),
      at(4, { type: 'ASSESSED', finding: 'NEED_MORE_INFORMATION' }),
      at(5, { type: 'ASSESSED', finding: 'ILLEGAL' }),
      at(5, { type: 'CLOSED', closedAs: 'NOT_IN_JURISDICTION' }),
      at(5, { type: 'REFERRED' }),
      // Refused: nothing was closed as outside the jurisdiction.
      at(6, { type: 'REFERRED' }),
    ]);
    await until('thirteen outcomes', () => (outcomesOf(watch.messages).length >= 13 ? true : undefined));
    const told = outcomesOf(watch.messages);
    expect(told.slice(0, 7).map(({ of }) => of.case)).toEqual(Array.from({ length: 7 }, () => 'record'));
    expect(
      told
        .slice(7)
        .map(({ reportId, of }) => [reportId, of.case === 'caseOutcome' ? CaseResult[of.value.result] : '']),
    ).toEqual([
      ['r-0', 'ACTIONED'],
      ['r-1', 'ALREADY_DOWN'],
      ['r-2', 'NOT_ILLEGAL'],
      ['r-3', 'NOT_RESOLVABLE'],
      ['r-4', 'NEED_MORE_INFORMATION'],
      ['r-5', 'REFERRED'],
    ]);
    const [, , , , , , , first] = told;
    expect(first?.of.case === 'caseOutcome' && first.of.value.locationKey).toBe(uuid(places[0] ?? place));
  });

  it('goes on from a cursor with all that was missed, records before cases', async () => {
    await start();
    const first = server.outcomes('TEST demo-platform');
    await first.count(1, ({ cursor }) => cursor !== '');
    const cursor = first.messages[0]?.cursor;
    first.cancel();
    await first.ended();
    const keys = Array.from({ length: 30 }, (_, i) => locationKeyOf(`lachan-demo-${i}.vn`));
    for (const [i, key] of keys.entries()) {
      await world.reports([{ reportId: `r-${i}`, places: [key] }]);
      await world.events([{ eventId: `gone-${i}`, type: 'ALREADY_DOWN', locationKey: key }]);
    }
    await world.reports(Array.from({ length: 1_500 }, (_, i) => ({ reportId: `more-${i}` })));
    const again = server.outcomes('TEST demo-platform', cursor);
    await until('all outcomes', () => (outcomesOf(again.messages).length >= 1_560 ? true : undefined));
    const told = outcomesOf(again.messages);
    expect(told).toHaveLength(1_560);
    expect(told.slice(0, 1_530).map(({ reportId }) => reportId)).toEqual([
      ...keys.map((_, i) => `r-${i}`),
      ...Array.from({ length: 1_500 }, (_, i) => `more-${i}`),
    ]);
    expect(told.slice(1_530).map(({ reportId, of }) => `${reportId} ${of.case}`)).toEqual(
      keys.map((_, i) => `r-${i} caseOutcome`),
    );
    expect(Math.max(...again.messages.map(({ outcomes }) => outcomes.length))).toBeLessThanOrEqual(500);
  });
});

describe('a watch', () => {
  it('of a thousand, whoever they are, costs one question a second, and bounded memory', async () => {
    await start({ pollMs: 1_000 });
    const clients = Array.from({ length: 10 }, () => server.client());
    const before = process.memoryUsage().rss;
    const watches = Array.from({ length: 500 }, (_, i) => {
      const who = `TEST host-${i % 30}`;
      return [
        server.notices(who, '', clients[i % 10]),
        server.outcomes(`TEST platform-${i % 100}`, '', clients[i % 10]),
      ] as const;
    });
    await Promise.all(
      watches.flat().map((watch) => until('a first message', () => watch.messages[0], 60_000)),
    );
    expect(server.watching.watchers()).toBe(1_000);
    const asked = world.asked.length;
    const sinceMs = performance.now();
    await until('some seconds', () => (performance.now() - sinceMs > 4_000 ? true : undefined));
    const polls = Math.ceil((performance.now() - sinceMs) / 1_000);
    expect(world.asked.length - asked).toBeLessThanOrEqual(polls + 1);
    expect(world.asked.length - asked).toBeGreaterThan(1);

    await openCases([place]);
    // A case has at most 32 notices.
    const events = Array.from({ length: 30 }, (_, i) => noticeTo(`host-${i}`));
    const askedBefore = world.asked.length;
    await world.events(events);
    await Promise.all(watches.map(([notices]) => notices.count(1, isNotice)));
    // Not one of these questions is asked for one watcher.
    expect(world.asked.length - askedBefore).toBeLessThan(20);
    for (const [i, [notices]] of watches.entries()) {
      expect(noticesOf(notices.messages)).toHaveLength(1);
      expect(noticesOf(notices.messages)[0]?.deadlines[0]?.addressee).toBe(`host-${i % 30}`);
    }
    // Both ends of a thousand streams are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1_048_576);
  });

  it('that is not read holds back nobody, and goes on where it stood when it is read again', async () => {
    await start({ pollMs: 50, maxSharedBytes: 100_000 });
    const [slow, quick] = [server.outcomes('TEST demo-platform'), server.outcomes('TEST demo-platform')];
    await Promise.all([slow, quick].map((watch) => watch.count(1, () => true)));
    slow.stopReading();
    const total = 24_000;
    for (let i = 0; i < total; i += 4_000) {
      // Long ids: more than the transport holds on the way.
      await world.reports(
        Array.from({ length: 4_000 }, (_, n) => ({ reportId: `${'x'.repeat(200)}-${i + n}` })),
      );
    }
    await until(
      'all outcomes',
      () => (outcomesOf(quick.messages).length >= total ? true : undefined),
      60_000,
    );
    const had = outcomesOf(slow.messages).length;
    expect(had).toBeLessThan(total);
    slow.goOnReading();
    await until('the rest', () => (outcomesOf(slow.messages).length >= total ? true : undefined), 60_000);
    expect(outcomesOf(slow.messages).map(({ reportId }) => reportId)).toEqual(
      outcomesOf(quick.messages).map(({ reportId }) => reportId),
    );
  });

  it('that is not read for long ends, with the time to wait', async () => {
    await start({ pollMs: 50, stallMs: 300, maxSharedBytes: 100_000 });
    const slow = server.outcomes('TEST demo-platform');
    await slow.count(1, () => true);
    slow.stopReading();
    await world.reports(Array.from({ length: 8_000 }, (_, n) => ({ reportId: `${'x'.repeat(200)}-${n}` })));
    await until('its end', () => (server.watching.watchers() === 0 ? true : undefined));
    slow.goOnReading();
    expect(await slow.ended()).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      rich: { reason: 'WAIT', retryAfterMs: 1_000 },
    });
  });

  it('lives by its heartbeat, each with a cursor to go on from', async () => {
    await start({ pollMs: 50, heartbeatMs: 100 });
    const watch = server.notices('TEST host-1');
    await watch.count(4, ({ cursor }) => cursor !== '');
    expect(noticesOf(watch.messages)).toEqual([]);
  });

  it('asks nothing once nobody watches', async () => {
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    watch.cancel();
    await until('its end', () => (server.watching.watchers() === 0 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const asked = world.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(world.asked.length).toBe(asked);
  });

  it('ends when its token is revoked', async () => {
    await start();
    const [watch, other] = [server.notices('TEST host-1'), server.notices('TEST host-2')];
    await Promise.all([watch, other].map((each) => each.count(1, () => true)));
    server.revoked.add('TEST host-1');
    expect(await watch.ended()).toMatchObject({
      code: 'UNAUTHENTICATED',
      rich: { reason: 'CREDENTIAL_NOT_VALID' },
    });
    expect(await server.outcomes('TEST host-1').ended()).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(server.watching.watchers()).toBe(1);
  });

  it('ends when the gateway shuts down, and none begins any more', async () => {
    await start();
    const watches = [server.notices('TEST host-1'), server.outcomes('TEST host-1')];
    await Promise.all(watches.map((watch) => watch.count(1, () => true)));
    server.watching.drain();
    const draining = { code: 'UNAVAILABLE', rich: { reason: 'SHUTTING_DOWN', retryAfterMs: 1_000 } };
    for (const watch of watches) expect(await watch.ended()).toMatchObject(draining);
    expect(await server.notices('TEST host-1').ended()).toMatchObject(draining);
    expect(server.watching.watchers()).toBe(0);
  });

  it('is refused where there are too many, of one provider and in all', async () => {
    await start({ maxWatchers: 3, maxWatchersPerCaller: 2 });
    const first = server.notices('TEST host-1');
    const watches = [first, server.outcomes('TEST host-1')];
    await Promise.all(watches.map((watch) => watch.count(1, () => true)));
    const refused = { code: 'RESOURCE_EXHAUSTED', rich: { reason: 'TOO_MANY_STREAMS', retryAfterMs: 1_000 } };
    expect(await server.notices('TEST host-1').ended()).toMatchObject(refused);
    await server.notices('PRODUCTION host-1').count(1, () => true);
    expect(await server.notices('TEST host-2').ended()).toMatchObject(refused);
    first.cancel();
    await until('a free place', () => (server.watching.watchers() === 2 ? true : undefined));
    await server.notices('TEST host-2').count(1, () => true);
  });

  it('with a cursor that is none, or another`s, is refused with the field', async () => {
    await start();
    const own = server.notices('TEST host-1');
    await own.count(1, () => true);
    const cursor = own.messages[0]?.cursor;
    const refused = { code: 'INVALID_ARGUMENT', rich: { violations: ['cursor FORMAT'] } };
    for (const watch of [
      server.notices('TEST host-1', 'nonsense'),
      server.notices('TEST host-1', 'ü'),
      server.notices('PRODUCTION host-1', cursor),
      server.notices('TEST host-2', cursor),
      server.outcomes('TEST host-1', cursor),
    ]) {
      expect(await watch.ended()).toMatchObject(refused);
    }
    await server.notices('TEST host-1', cursor).count(1, () => true);
  });

  it('ends when the log has become another one, and its cursor is of no use there', async () => {
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    await world.epoch(2);
    expect(await watch.ended()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await server.notices('TEST host-1', watch.messages.at(-1)?.cursor).ended()).toMatchObject({
      code: 'INVALID_ARGUMENT',
      rich: { violations: ['cursor FORMAT'] },
    });
    await server.notices('TEST host-1').count(1, () => true);
  });

  it('waits for a store that does not answer; one that begins then is told to come again', async () => {
    await openCases([place]);
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    world.fault = new StoreFault('same-block', 'away');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world.events([noticeTo('host-1')]);
    world.fault = undefined;
    await watch.count(1, isNotice);
    watch.cancel();
    await until('its end', () => (server.watching.watchers() === 0 ? true : undefined));
    world.fault = new StoreFault('same-block', 'away');
    expect(await server.notices('TEST host-1').ended()).toMatchObject({
      code: 'UNAVAILABLE',
      rich: { retryAfterMs: 2_000 },
    });
    expect(server.faults).toEqual([]);
  });

  it('ends with a fault of our own, and says no more of it', async () => {
    await start();
    const watch = server.notices('TEST host-1');
    await watch.count(1, () => true);
    world.fault = new StoreFault('never', 'secret details');
    const ended = await watch.ended();
    expect(ended).toMatchObject({ code: 'INTERNAL', rich: { reason: 'FAULT' } });
    expect(ended.message).not.toContain('secret');
    expect(server.faults).toContain(world.fault);
  });
});

describe('a log of several partitions', () => {
  it('is told whole, and on from a cursor in the middle of it', async () => {
    await world.close();
    world = await CaseWorld.open(directory, `test_${(databases += 1)}`, 3);
    const keys = Array.from({ length: 30 }, (_, i) => locationKeyOf(`lachan-demo-${i}.vn`));
    const fill = async (environmentKeys: readonly Uint8Array[]): Promise<void> => {
      for (const [i, key] of environmentKeys.entries()) {
        await world.reports([{ reportId: `r-${uuid(key)}`, places: [key] }], i % 3);
        await world.events([{ eventId: 'gone', type: 'ALREADY_DOWN', locationKey: key }], {
          partition: (i + 1) % 3,
        });
      }
    };
    await start();
    const first = server.outcomes('TEST demo-platform');
    await first.count(1, () => true);
    await fill(keys.slice(0, 15));
    await until('thirty outcomes', () => (outcomesOf(first.messages).length >= 30 ? true : undefined));
    const middle = first.messages.find(({ outcomes }) => outcomes.length > 0)?.cursor;
    const before = outcomesOf(
      first.messages.slice(0, first.messages.findIndex(({ cursor }) => cursor === middle) + 1),
    );
    first.cancel();
    await fill(keys.slice(15));
    const again = server.outcomes('TEST demo-platform', middle);
    const names = (outcomes: readonly ReportOutcome[]) =>
      outcomes.map(({ reportId, of }) => `${reportId} ${of.case}`);
    await until('all outcomes', () =>
      new Set([...names(before), ...names(outcomesOf(again.messages))]).size >= 60 ? true : undefined,
    );
    expect(names(before).length + outcomesOf(again.messages).length).toBe(60);
  });

  it('is not told past a gap: what is landing has not all become visible', async () => {
    await start();
    const watch = server.outcomes('TEST demo-platform');
    await watch.count(1, () => true);
    await world.reports([{ reportId: 'r-0' }]);
    world.skip(0, 1);
    await world.reports([{ reportId: 'r-2' }]);
    world.skip(0, -2);
    await world.reports([{ reportId: 'r-1' }]);
    await until('all three', () => (outcomesOf(watch.messages).length >= 3 ? true : undefined));
    expect(outcomesOf(watch.messages).map(({ reportId }) => reportId)).toEqual(['r-0', 'r-1', 'r-2']);
  });
});
