import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { Outcome, CaseResult, ReceiptStatus, Rule } from '@lachan/proto/report-service';
import { TakedownEventType } from '@lachan/proto/takedown';
import {
  Category,
  cursorFile,
  LachanError,
  Takedowns,
  type ActionReceipt,
  type Notice,
  type ReportOutcome,
  type TakedownsOptions,
  type Watch,
  type WatchFault,
  type WatchOptions,
} from '@lachan/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/lachan-process.js';
import { cursorAfter, notice, ScriptedTakedowns, taken, type Script } from '../support/scripted-takedowns.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const RETRY = { initialMs: 10, maxMs: 50 };

const numbered = (count: number, first = 1): string[] =>
  Array.from({ length: count }, (_, i) => `n-${i + first}`);
const notices = (count: number, first = 1) => Array.from({ length: count }, (_, i) => notice(i + first));

/** A promise and the means to end it. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

describe('Takedowns', () => {
  const closing: (() => unknown)[] = [];
  const seen: unknown[] = [];
  const onFault = (fault: unknown): void => void seen.push(fault);

  async function gatewayThat(script: Script = {}, port = 0, told = 0): Promise<ScriptedTakedowns> {
    const gateway = await ScriptedTakedowns.start(script, port, notices(told));
    closing.push(() => gateway.kill());
    return gateway;
  }

  function takedownsOf(endpoint: string, options: Partial<TakedownsOptions> = {}): Takedowns {
    const takedowns = new Takedowns({ endpoint, token: 'test-token', lingerMs: 5, retry: RETRY, ...options });
    closing.push(() => takedowns.close({ deadlineMs: 0 }));
    return takedowns;
  }

  /** A host that notes what it is told, and what goes wrong. */
  function host(endpoint: string, options: WatchOptions = {}, more: Partial<TakedownsOptions> = {}) {
    const takedowns = takedownsOf(endpoint, more);
    const told: Notice[] = [];
    const faults: WatchFault[] = [];
    const cursors: string[] = [];
    const watch = takedowns.onNotice((one) => void told.push(one), {
      saveCursor: (cursor) => cursors.push(cursor),
      onFault: (fault) => faults.push(fault),
      retry: RETRY,
      ...options,
    });
    const ids = (): string[] => told.map(({ noticeId }) => noticeId);
    const workedOff = (count: number) =>
      until(`${count} notices`, () => (watch.stats().workedOff >= count ? true : undefined));
    return { takedowns, watch, told, faults, cursors, ids, workedOff };
  }

  beforeEach(() => {
    process.on('unhandledRejection', onFault);
    process.on('uncaughtException', onFault);
  });

  // Whatever a test does to the gateway or to a handler, the process must never see a fault.
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    process.off('unhandledRejection', onFault);
    process.off('uncaughtException', onFault);
    expect(seen.splice(0)).toEqual([]);
  });

  describe('watching notices', () => {
    it('tells what there was and what comes, with everything that the authority says of it', async () => {
      const gateway = await gatewayThat();
      gateway.issue({
        noticeId: 'n-1',
        locationKey: '0b0e7a52-0000-4000-8000-000000000001',
        cycle: 2,
        type: TakedownEventType.NOTICE_REPEATED,
        repeat: 3,
        issuedAt: timestampFromMs(1_790_000_000_000),
        legalBasis: 'Law 116/2025/QH15 art. 25(2)',
        category: Category.CSAM,
        host: 'lachan-demo-1.vn',
        reportIds: ['r-1', 'r-2'],
        sealedLocation: new Uint8Array([1, 2]),
        deadlines: [
          { addressee: 'platform-a', rule: 'law-116@1', dueAt: timestampFromMs(1_790_086_400_000) },
          { addressee: 'platform-a', rule: 'held@1' },
        ],
      });
      const { told, workedOff } = host(gateway.endpoint);
      await workedOff(1);
      gateway.issue(notice(2));
      await workedOff(2);
      expect(told[0]).toEqual({
        noticeId: 'n-1',
        locationKey: '0b0e7a52-0000-4000-8000-000000000001',
        cycle: 2,
        type: 'NOTICE_REPEATED',
        repeat: 3,
        issuedAt: new Date(1_790_000_000_000),
        legalBasis: 'Law 116/2025/QH15 art. 25(2)',
        category: Category.CSAM,
        urgency: 0,
        host: 'lachan-demo-1.vn',
        reportIds: ['r-1', 'r-2'],
        sealedLocation: new Uint8Array([1, 2]),
        deadlines: [
          { addressee: 'platform-a', rule: 'law-116@1', dueAt: new Date(1_790_086_400_000) },
          { addressee: 'platform-a', rule: 'held@1', dueAt: undefined },
        ],
      });
      expect(told[1]).toMatchObject({ noticeId: 'n-2', type: 'NOTICE_ISSUED' });
      expect(gateway.watches[0]?.authorization).toBe('Bearer test-token');
    });

    it('begins after the cursor it is given', async () => {
      const gateway = await gatewayThat({}, 0, 5);
      const { ids, workedOff, cursors, watch } = host(gateway.endpoint, { cursor: cursorAfter(3) });
      await workedOff(2);
      expect(ids()).toEqual(['n-4', 'n-5']);
      expect(watch.cursor).toBe(cursorAfter(5));
      expect(cursors.at(-1)).toBe(cursorAfter(5));
    });

    it('loses nothing when the stream breaks again and again, in the middle of what it tells', async () => {
      const gateway = await gatewayThat(
        {
          onWatch: (watch) => {
            gateway.catchUp(watch, 7);
            const odd = gateway.watches.length % 3;
            if (odd === 0) watch.end();
            else if (odd === 1) watch.fail(status.UNAVAILABLE, 'restarting', 5);
            else watch.fail(status.INTERNAL, 'broken');
          },
        },
        0,
        100,
      );
      const { ids, workedOff, faults } = host(gateway.endpoint);
      await workedOff(100);
      expect(new Set(ids())).toEqual(new Set(numbered(100)));
      expect(faults.find(({ kind }) => kind === 'DISCONNECTED')).toMatchObject({ code: 'UNAVAILABLE' });
    });

    it('loses nothing when the gateway is killed and comes back', async () => {
      const first = await gatewayThat({}, 0, 20);
      const { ids, workedOff, watch } = host(first.endpoint);
      await workedOff(20);
      first.kill();
      await until('the loss', () => (watch.stats().connected ? undefined : true));
      await gatewayThat({}, first.port, 40);
      await workedOff(40);
      expect(ids()).toEqual(numbered(40));
    });

    it('passes on that the gateway told something twice: the same notice id', async () => {
      const gateway = await gatewayThat({
        onWatch: (watch) => {
          watch.tell(notice(1), cursorAfter(1));
          watch.tell(notice(2), cursorAfter(2));
          watch.tell(notice(1), cursorAfter(2));
        },
      });
      const { ids, workedOff } = host(gateway.endpoint, { concurrency: 1 });
      await workedOff(3);
      expect(ids()).toEqual(['n-1', 'n-2', 'n-1']);
    });

    it('gives up a connection on which nothing is heard, not even a cursor', async () => {
      const gateway = await gatewayThat({
        onWatch: (watch) => {
          if (gateway.watches.length > 1) gateway.catchUp(watch);
        },
      });
      gateway.notices.push(notice(1));
      const { ids, workedOff, faults } = host(gateway.endpoint, {}, { silenceMs: 100 });
      await workedOff(1);
      expect(ids()).toEqual(['n-1']);
      expect(faults[0]).toMatchObject({ kind: 'DISCONNECTED', code: 'DEADLINE_EXCEEDED' });
    });

    it('leaves a connection that silently went dead for a fresh one', async () => {
      const gateway = await gatewayThat({}, 0, 1);
      const dead = new Set<Socket>();
      let connections = 0;
      const proxy = createServer((near) => {
        const far = connect(gateway.port, '127.0.0.1');
        for (const socket of [near, far]) socket.on('error', () => undefined);
        const isDead = ++connections === 1;
        if (isDead) dead.add(near).add(far);
        near.on('data', (bytes: Buffer) => far.write(bytes));
        far.on('data', (bytes: Buffer) => (isDead && gateway.notices.length > 1) || near.write(bytes));
        near.on('close', () => far.destroy());
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      closing.push(() => proxy.close());
      const endpoint = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const { ids, workedOff } = host(endpoint, {}, { silenceMs: 200 });
      await workedOff(1);
      gateway.issue(notice(2));
      await workedOff(2);
      expect(ids()).toEqual(['n-1', 'n-2']);
      expect(connections).toBeGreaterThan(1);
      for (const socket of dead) socket.destroy();
    });

    it('begins anew, and says so, where the gateway does not take its cursor', async () => {
      const gateway = await gatewayThat(
        {
          onWatch: (watch) => {
            if (watch.cursor === 'of another log') watch.fail(status.INVALID_ARGUMENT, 'not a cursor');
            else gateway.catchUp(watch);
          },
        },
        0,
        2,
      );
      const { ids, workedOff, faults } = host(gateway.endpoint, { cursor: 'of another log' });
      await workedOff(2);
      expect(ids()).toEqual(['n-1', 'n-2']);
      expect(faults[0]).toEqual({
        kind: 'CURSOR_REFUSED',
        code: 'INVALID_ARGUMENT',
        message: 'not a cursor',
      });
    });

    it('goes on once a refused credential is mended', async () => {
      const gateway = await gatewayThat(
        {
          onWatch: (watch) => {
            if (gateway.watches.length < 4) watch.fail(status.UNAUTHENTICATED, 'no such token');
            else gateway.catchUp(watch);
          },
        },
        0,
        1,
      );
      const { ids, workedOff, faults } = host(gateway.endpoint);
      await workedOff(1);
      expect(ids()).toEqual(['n-1']);
      expect(faults.map((fault) => fault.kind === 'DISCONNECTED' && fault.code)).toEqual(
        Array.from({ length: 3 }, () => 'UNAUTHENTICATED'),
      );
    });

    it('does not believe bytes that are no message, nor a message without a cursor', async () => {
      const gateway = await gatewayThat(
        {
          onWatch: (watch) => {
            if (gateway.watches.length === 1) watch.sendBytes(new Uint8Array([0xff, 0xff]));
            else if (gateway.watches.length === 2) watch.tell(notice(9), '');
            else gateway.catchUp(watch);
          },
        },
        0,
        1,
      );
      const { ids, workedOff } = host(gateway.endpoint);
      await workedOff(1);
      expect(ids()).toEqual(['n-1']);
    });

    it('does not hammer a gateway that ends every stream at once', async () => {
      const gateway = await gatewayThat({ onWatch: (watch) => watch.end() });
      const retry = { initialMs: 20, maxMs: 10_000 };
      host(gateway.endpoint, {}, { retry, random: () => 1 });
      const started = performance.now();
      await gateway.until(({ watches }) => watches.length === 5);
      // 20 + 40 + 80 + 160 ms: the pause doubles although each stream was opened.
      expect(performance.now() - started).toBeGreaterThanOrEqual(300);
    });
  });

  describe('a handler', () => {
    it('that throws or rejects is told the same again, and nothing after it of that case before', async () => {
      const gateway = await gatewayThat();
      gateway.notices.push(notice(1, 1), notice(2, 2), notice(3, 1), notice(4, 2));
      const takedowns = takedownsOf(gateway.endpoint);
      const told: string[] = [];
      const faults: WatchFault[] = [];
      let failures = 0;
      const watch = takedowns.onNotice(
        ({ noticeId }) => {
          told.push(noticeId);
          if (noticeId !== 'n-1' || ++failures > 4) return undefined;
          if (failures % 2 === 0) throw new Error('thrown');
          return Promise.reject(new Error('rejected'));
        },
        { retry: RETRY, onFault: (fault) => faults.push(fault) },
      );
      await until('all', () => (watch.stats().workedOff === 4 ? true : undefined));
      expect(told.filter((id) => id === 'n-1')).toHaveLength(5);
      expect(told.at(-1)).toBe('n-3');
      expect(told.slice(0, 3).sort()).toEqual(['n-1', 'n-2', 'n-4']);
      expect(
        faults.map((fault) => fault.kind === 'HANDLER_FAILED' && [fault.id, fault.attempt, fault.error]),
      ).toEqual([
        ['n-1', 1, new Error('rejected')],
        ['n-1', 2, new Error('thrown')],
        ['n-1', 3, new Error('rejected')],
        ['n-1', 4, new Error('thrown')],
      ]);
    });

    it('that fails holds the cursor, and lets the other cases pass', async () => {
      const gateway = await gatewayThat({}, 0, 2_000);
      let isHealed = false;
      const watch = takedownsOf(gateway.endpoint).onNotice(
        ({ noticeId }) => {
          if (noticeId === 'n-3' && !isHealed) throw new Error('not this one');
        },
        { retry: RETRY, maxPending: 16 },
      );
      await until('the others', () => (watch.stats().workedOff === 1_999 ? true : undefined));
      expect(watch.cursor).toBe(cursorAfter(2));
      isHealed = true;
      await until('the last one', () => (watch.cursor === cursorAfter(2_000) ? true : undefined));
    });

    it('never runs twice at once for one case, and for no more cases than it was told', async () => {
      const gateway = await gatewayThat();
      for (let i = 1; i <= 60; i++) gateway.notices.push(notice(i, i % 6));
      const takedowns = takedownsOf(gateway.endpoint);
      const running = new Set<string>();
      const byCase = new Map<string, number[]>();
      let most = 0;
      const watch = takedowns.onNotice(
        async ({ locationKey, noticeId }) => {
          expect(running.has(locationKey)).toBe(false);
          running.add(locationKey);
          most = Math.max(most, running.size);
          await new Promise((resolve) => setTimeout(resolve, 1));
          const of = byCase.get(locationKey) ?? [];
          of.push(Number(noticeId.slice(2)));
          byCase.set(locationKey, of);
          running.delete(locationKey);
        },
        { concurrency: 3 },
      );
      await until('all', () => (watch.stats().workedOff === 60 ? true : undefined));
      expect(most).toBe(3);
      for (const order of byCase.values()) expect(order).toEqual([...order].sort((a, b) => a - b));
    });

    it('that is slow bounds what is in memory, and costs nothing', async () => {
      const gateway = await gatewayThat({}, 0, 3_000);
      const { passed, open } = gate();
      const takedowns = takedownsOf(gateway.endpoint, { silenceMs: 100 });
      const told: string[] = [];
      const faults: WatchFault[] = [];
      const watch = takedowns.onNotice(
        async ({ noticeId }) => {
          await passed;
          told.push(noticeId);
        },
        { maxPending: 10, onFault: (fault) => faults.push(fault) },
      );
      await until('a full memory', () => (watch.stats().pending >= 10 ? true : undefined));
      // Longer than silence may last: who does not read cannot hear.
      await new Promise((resolve) => setTimeout(resolve, 300));
      // What had been read when reading was stopped may go beyond.
      expect(watch.stats().pending).toBeLessThan(100);
      expect(faults).toEqual([]);
      open();
      await until('all', () => (watch.stats().workedOff === 3_000 ? true : undefined));
      expect(new Set(told).size).toBe(3_000);
    });

    it('that runs when the watch is closed is waited for, and counts', async () => {
      const gateway = await gatewayThat({}, 0, 3);
      const { passed, open } = gate();
      const takedowns = takedownsOf(gateway.endpoint);
      const cursors: string[] = [];
      const told: string[] = [];
      const watch = takedowns.onNotice(
        async ({ noticeId }) => {
          told.push(noticeId);
          await passed;
          await takedowns.claim({ locationKey: 'case-1' });
        },
        { concurrency: 1, saveCursor: (cursor) => cursors.push(cursor) },
      );
      await until('a handler', () => (watch.stats().running === 1 ? true : undefined));
      const closed = takedowns.close();
      open();
      await closed;
      expect(told).toEqual(['n-1']);
      expect(cursors).toEqual([cursorAfter(1)]);
      expect(gateway.actions).toHaveLength(1);
      expect(gateway.open).toEqual([]);
    });

    it('that never ends does not hold up closing for longer than it may', async () => {
      const gateway = await gatewayThat({}, 0, 1);
      const takedowns = takedownsOf(gateway.endpoint);
      const watch = takedowns.onNotice(() => new Promise(() => undefined));
      await until('a handler', () => (watch.stats().running === 1 ? true : undefined));
      const started = performance.now();
      await takedowns.close({ deadlineMs: 50 });
      expect(performance.now() - started).toBeLessThan(5_000);
      expect(watch.cursor).toBe('');
    });
  });

  it('keeps two watches apart', async () => {
    const gateway = await gatewayThat({}, 0, 2);
    const [a, b] = [host(gateway.endpoint), host(gateway.endpoint)];
    await Promise.all([a.workedOff(2), b.workedOff(2)]);
    await a.watch.close();
    gateway.issue(notice(3));
    await b.workedOff(3);
    expect([a.ids(), b.ids()]).toEqual([numbered(2), numbered(3)]);
  });

  it('throws where a watch is asked for wrongly, or too late', async () => {
    const gateway = await gatewayThat();
    const takedowns = takedownsOf(gateway.endpoint);
    const wrong: object = { curser: 'c', concurrency: 0 };
    expect(() => takedowns.onNotice(() => undefined, wrong)).toThrow(/curser is not an option.*concurrency/);
    await takedowns.close();
    expect(() => takedowns.onNotice(() => undefined)).toThrow(LachanError);
    expect(await takedowns.claim({ locationKey: 'case-1' })).toMatchObject({ reason: 'CLOSED' });
  });

  describe('keeping the cursor', () => {
    it('gives it only once everything up to it is worked off, and never backwards', async () => {
      const gateway = await gatewayThat({}, 0, 4);
      const gates = [1, 2, 3, 4].map(() => gate());
      const cursors: string[] = [];
      const takedowns = takedownsOf(gateway.endpoint);
      const watch = takedowns.onNotice(({ noticeId }) => gates[Number(noticeId.slice(2)) - 1]?.passed, {
        saveCursor: (cursor) => cursors.push(cursor),
      });
      for (const i of [1, 3]) gates[i]?.open();
      await until('two', () => (watch.stats().workedOff === 2 ? true : undefined));
      expect(cursors).toEqual([]);
      gates[0]?.open();
      await until('the second', () => (watch.cursor === cursorAfter(2) ? true : undefined));
      gates[2]?.open();
      await until('all', () => (watch.cursor === cursorAfter(4) ? true : undefined));
      await watch.close();
      expect(cursors).toEqual([cursorAfter(2), cursorAfter(4)]);
    });

    it('saves again what could not be saved, one at a time', async () => {
      const gateway = await gatewayThat({}, 0, 3);
      const faults: WatchFault[] = [];
      const saved: string[] = [];
      let tries = 0;
      const { watch } = host(gateway.endpoint, {
        onFault: (fault) => faults.push(fault),
        saveCursor: (cursor) => {
          if (++tries < 3) throw new Error('disk full');
          saved.push(cursor);
        },
      });
      await until('a cursor', () => (saved.at(-1) === cursorAfter(3) ? true : undefined));
      expect(faults).toContainEqual({ kind: 'CURSOR_NOT_SAVED', error: new Error('disk full') });
      await watch.close();
    });

    it('goes on in a new process where one was killed: nothing lost, repeats told by their id', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'lachan-test-takedowns-'));
      closing.push(() => rm(directory, { recursive: true, force: true }));
      const file = join(directory, 'notices.cursor');
      const gateway = await gatewayThat({}, 0, 60);
      const printed: string[][] = [];
      for (const [i, signal] of (['SIGKILL', 'SIGKILL', 'SIGTERM'] as const).entries()) {
        const lines: string[] = [];
        printed.push(lines);
        const child = spawn(
          process.execPath,
          [
            '--conditions=lachan-source',
            '--import',
            './cli/run-typescript.js',
            'test/support/takedowns-host-child.ts',
            gateway.endpoint,
            'test-token',
            file,
          ],
          { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] },
        );
        closing.push(() => child.kill('SIGKILL'));
        createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
        const exited = once(child, 'exit');
        const goal = i < 2 ? `n-${(i + 1) * 3}` : 'n-60';
        await until(goal, () => (lines.includes(goal) ? true : undefined));
        child.kill(signal);
        await exited;
      }
      const ids = printed.flat().filter((line) => line.startsWith('n-'));
      expect(new Set(ids)).toEqual(new Set(numbered(60)));
      expect(printed.flat()).not.toContain('FAULT');
      expect(printed[2]?.at(-1)).toBe('CLOSED');
      // Each went on from where the cursor had come to, not from the beginning.
      expect(printed[2]).not.toContain('n-1');
      expect(await readFile(file, 'utf8')).toBe(cursorAfter(60));
      expect(new Set(gateway.actions.map(({ locationKey }) => locationKey)).size).toBe(60);
    });

    it('refuses a file that holds something else', async () => {
      await expect(cursorFile(join(REPOSITORY, 'package.json'))).rejects.toThrow(/no cursor/);
    });
  });

  describe('acting', () => {
    const acceptedIds = (receipts: readonly ActionReceipt[]): string[] =>
      receipts.map((receipt) => `${receipt.status} ${'locationKey' in receipt ? receipt.locationKey : ''}`);

    it('sends what was done in the order in which it was said, many at a time, each with its receipt', async () => {
      const gateway = await gatewayThat();
      const takedowns = takedownsOf(gateway.endpoint);
      const target = { locationKey: 'case-1' };
      const occurredAt = new Date(1_790_000_000_000);
      const receipts = await Promise.all([
        takedowns.acknowledge(target, { occurredAt, note: 'seen' }),
        takedowns.claim(target, { occurredAt, eventId: 'own-1' }),
        takedowns.confirmBlock({ url: 'https://lachan-demo-1.vn/x' }, { occurredAt }),
        takedowns.appeal({ contentId: 'c-1', serviceName: 'videos' }, { occurredAt }),
      ]);
      expect(receipts.map(({ status: verdict }) => verdict)).toEqual(
        Array.from({ length: 4 }, () => 'ACCEPTED'),
      );
      expect(receipts[1]).toEqual({
        status: 'ACCEPTED',
        eventId: 'own-1',
        locationKey: 'case-1',
        receivedAt: new Date(1_790_000_000_000),
      });
      expect(gateway.batches).toHaveLength(1);
      expect(gateway.actions).toMatchObject([
        { type: TakedownEventType.ACKNOWLEDGED, locationKey: 'case-1', note: 'seen' },
        { type: TakedownEventType.ACTION_CLAIMED, locationKey: 'case-1', eventId: 'own-1' },
        { type: TakedownEventType.BLOCK_CONFIRMED, location: { url: 'https://lachan-demo-1.vn/x' } },
        { type: TakedownEventType.APPEALED, location: { contentId: 'c-1', serviceName: 'videos' } },
      ]);
      expect(gateway.actions[0]?.occurredAt?.instant).toEqual(timestampFromMs(1_790_000_000_000));
    });

    it('tells why an action was refused, beside those that were accepted', async () => {
      const gateway = await gatewayThat({
        onActions: (events) =>
          events.map((event, i) =>
            i !== 1
              ? taken(event, i)
              : {
                  index: i,
                  eventId: event.eventId,
                  status: ReceiptStatus.REJECTED,
                  violations: [{ field: 'location_key', rule: Rule.FORMAT, message: 'must be a UUID' }],
                },
          ),
      });
      const takedowns = takedownsOf(gateway.endpoint);
      const receipts = await Promise.all(
        ['a', 'b', 'c'].map((locationKey) => takedowns.claim({ locationKey })),
      );
      expect(acceptedIds(receipts)).toEqual(['ACCEPTED a', 'REJECTED ', 'ACCEPTED c']);
      expect(receipts[1]).toMatchObject({
        violations: [{ field: 'location_key', rule: 'FORMAT', message: 'must be a UUID', retryable: false }],
      });
    });

    it('delivers a claim once that was made while the gateway was away', async () => {
      const away = await gatewayThat();
      away.kill();
      const takedowns = takedownsOf(away.endpoint);
      const claimed = takedowns.claim({ locationKey: 'case-1' });
      await until('a try', () => (takedowns.stats().retries > 0 ? true : undefined));
      const gateway = await gatewayThat({}, away.port);
      expect(await claimed).toMatchObject({ status: 'ACCEPTED', locationKey: 'case-1' });
      expect(gateway.actions).toHaveLength(1);
    });

    it('sends the same event again where the answer was lost', async () => {
      const gateway = await gatewayThat({
        onActions: (events) =>
          gateway.batches.length < 3 ? { code: status.UNAVAILABLE } : events.map(taken),
      });
      const takedowns = takedownsOf(gateway.endpoint);
      expect(await takedowns.claim({ locationKey: 'case-1' })).toMatchObject({ status: 'ACCEPTED' });
      expect(gateway.batches).toHaveLength(3);
      expect(new Set(gateway.batches.map(([event]) => JSON.stringify(event?.eventId))).size).toBe(1);
      expect(gateway.batches[2]).toEqual(gateway.batches[0]);
    });

    it.each([
      ['fewer receipts than actions', () => []],
      ['a receipt without a verdict', () => [{ index: 0, status: ReceiptStatus.UNSPECIFIED }]],
      ['a receipt for another', () => [{ index: 1, status: ReceiptStatus.REJECTED }]],
    ])('does not believe a gateway that answers with %s, and asks again', async (_, wrong) => {
      const gateway = await gatewayThat({
        onActions: (events) => (gateway.batches.length === 1 ? wrong() : events.map(taken)),
      });
      expect(await takedownsOf(gateway.endpoint).claim({ locationKey: 'case-1' })).toMatchObject({
        status: 'ACCEPTED',
      });
    });

    it('gives up what has no receipt in time, and says that its fate is unknown', async () => {
      const gateway = await gatewayThat({ onActions: () => undefined });
      const takedowns = takedownsOf(gateway.endpoint, { deadlineMs: 100, answerTimeoutMs: 50 });
      expect(await takedowns.claim({ locationKey: 'case-1' })).toMatchObject({
        status: 'UNSENT',
        reason: 'DEADLINE',
      });
      expect(takedowns.stats()).toMatchObject({ unanswered: 0, unsent: 1 });
    });

    it('does not repeat what no repeat can help', async () => {
      const gateway = await gatewayThat({ onActions: () => ({ code: status.PERMISSION_DENIED }) });
      const receipt = await takedownsOf(gateway.endpoint).claim({ locationKey: 'case-1' });
      expect(receipt).toMatchObject({ status: 'UNSENT', reason: 'REFUSED' });
      expect(gateway.batches).toHaveLength(1);
    });

    it('takes no more than it may hold, and tells the rest at once', async () => {
      const gateway = await gatewayThat({ onActions: () => undefined });
      const takedowns = takedownsOf(gateway.endpoint, { maxBufferedActions: 3 });
      const waiting = ['a', 'b', 'c'].map((locationKey) => takedowns.claim({ locationKey }));
      expect(await takedowns.claim({ locationKey: 'd' })).toMatchObject({ reason: 'BUFFER_FULL' });
      await takedowns.close({ deadlineMs: 0 });
      expect((await Promise.all(waiting)).map((receipt) => 'reason' in receipt && receipt.reason)).toEqual(
        Array.from({ length: 3 }, () => 'CLOSED'),
      );
    });

    it('sends more than one batch holds, and never the same one twice', async () => {
      const gateway = await gatewayThat();
      const takedowns = takedownsOf(gateway.endpoint);
      const receipts = await Promise.all(
        Array.from({ length: 1_200 }, (_, i) => takedowns.claim({ locationKey: `case-${i}` })),
      );
      expect(acceptedIds(receipts)).toEqual(receipts.map((_, i) => `ACCEPTED case-${i}`));
      expect(gateway.batches.map((batch) => batch.length)).toEqual([500, 500, 200]);
    });

    it('sends before it closes what was said before', async () => {
      const gateway = await gatewayThat();
      const takedowns = takedownsOf(gateway.endpoint, { lingerMs: 60_000 });
      const claimed = takedowns.claim({ locationKey: 'case-1' });
      await takedowns.close();
      expect(await claimed).toMatchObject({ status: 'ACCEPTED' });
    });
  });

  it('tells what became of reports and of their cases, those of one report in order', async () => {
    const gateway = await gatewayThat({
      onWatch: (watch) => {
        const authorityReportId = 'authority-1';
        watch.tellOutcomes(
          [
            {
              reportId: 'r-1',
              authorityReportId,
              of: {
                case: 'record',
                value: { outcome: Outcome.CONFLICT, revision: 1, conflictFields: ['category'] },
              },
            },
            { reportId: 'r-2', authorityReportId },
            {
              reportId: 'r-1',
              authorityReportId,
              of: {
                case: 'caseOutcome',
                value: {
                  locationKey: 'case-1',
                  result: CaseResult.ACTIONED,
                  at: timestampFromMs(1_790_000_000_000),
                },
              },
            },
          ],
          'after-3',
        );
      },
    });
    const told: ReportOutcome[] = [];
    const takedowns = takedownsOf(gateway.endpoint);
    const cursors: string[] = [];
    const watch: Watch = takedowns.onOutcome((outcome) => void told.push(outcome), {
      cursor: 'after-0',
      saveCursor: (cursor) => cursors.push(cursor),
    });
    await until('all', () => (watch.stats().workedOff === 3 ? true : undefined));
    expect(gateway.watches[0]?.cursor).toBe('after-0');
    const authorityReportId = 'authority-1';
    expect(told.filter(({ reportId }) => reportId === 'r-1')).toEqual([
      {
        kind: 'RECORD',
        reportId: 'r-1',
        authorityReportId,
        record: {
          revision: 1,
          outcome: 'CONFLICT',
          receivedAt: undefined,
          conflictFields: ['category'],
          reason: '',
        },
      },
      {
        kind: 'CASE',
        reportId: 'r-1',
        authorityReportId,
        locationKey: 'case-1',
        result: 'ACTIONED',
        at: new Date(1_790_000_000_000),
      },
    ]);
    expect(told).toContainEqual({ kind: 'UNKNOWN', reportId: 'r-2', authorityReportId });
    expect(watch.cursor).toBe('after-3');
  });

  it('holds its process while the gateway is away, and is there when it comes', async () => {
    const away = await gatewayThat();
    away.kill();
    const script = `
      import { Takedowns } from '@lachan/sdk';
      const retry = { initialMs: 10, maxMs: 50 };
      const takedowns = new Takedowns({ endpoint: '${away.endpoint}', token: 't', retry });
      takedowns.onNotice(
        ({ noticeId }) => {
          console.log(noticeId);
          setImmediate(() => takedowns.close());
        },
        { onFault: ({ kind }) => console.log(kind) },
      );`;
    const child = spawn(
      process.execPath,
      ['--conditions=lachan-source', '--import', 'tsx', '--input-type=module', '--eval', script],
      { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    closing.push(() => child.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const ended = once(child, 'close', { signal: AbortSignal.timeout(20_000) });
    await until('many tries', () => (lines.length >= 10 ? true : undefined));
    await gatewayThat({}, away.port, 1);
    await ended;
    expect(child.exitCode).toBe(0);
    expect(lines.at(-1)).toBe('n-1');
  });

  it('lets its process end once it is closed, or when it was never used', async () => {
    const gateway = await gatewayThat({}, 0, 1);
    const script = `
      import { Takedowns } from '@lachan/sdk';
      const options = { endpoint: '${gateway.endpoint}', token: 't' };
      new Takedowns(options);
      const takedowns = new Takedowns(options);
      takedowns.onNotice(async (notice) => {
        process.stdout.write((await takedowns.claim(notice)).status);
        setImmediate(() => takedowns.close());
      });`;
    const child = spawn(
      process.execPath,
      ['--conditions=lachan-source', '--import', 'tsx', '--input-type=module', '--eval', script],
      { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    closing.push(() => child.kill('SIGKILL'));
    let printed = '';
    child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    await once(child, 'close', { signal: AbortSignal.timeout(20_000) });
    expect(`${child.exitCode}: ${printed}`).toBe('0: ACCEPTED');
  });
});
