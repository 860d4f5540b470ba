import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { embeddedLog, type EmbeddedLog } from '../../log/embedded-log.js';
import type { Store } from '../../log/embedded-store.js';
import { openEmbeddedLog, openStore } from '../../log/embedded.js';
import type { Log, LogRecord, LoggedRecord, TakeLimits } from '../../log/log.js';
import { CRASH_TOPIC, valueOf } from './embedded-log-values.js';
import { logContract } from './log-contract.js';

const TOPIC = 'test-topic';
const GROUP = 'test-group';
const MAX_BYTES = 100_000_000;
const ALL: TakeLimits = { maxRecords: 10_000, maxBytes: 100_000_000, maxWaitMs: 0 };
const CHILD = fileURLToPath(new URL('./embedded-log-child.ts', import.meta.url));
/** A worker thread does not inherit the loader of TypeScript. */
const START_WORKER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./embedded-log-worker.ts', import.meta.url).href)});
});`;
const clock = (): number => performance.now();

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'lachan-test-log-'));
const record = (value: string | Uint8Array): LogRecord => ({
  key: Buffer.from('k'),
  value: Buffer.from(value),
});
const records = (count: number, value = 'v'): LogRecord[] =>
  Array.from({ length: count }, (_, index) => record(`${value}-${index}`));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Whatever the group finds from where it stands to the end of the log. */
async function takeAll(log: Log, topic = TOPIC): Promise<LoggedRecord[]> {
  const all: LoggedRecord[] = [];
  const subscription = await log.read(GROUP, [topic], async (reader) => {
    for (let taken = await reader.take(ALL); taken.length > 0; taken = await reader.take(ALL))
      all.push(...taken);
  });
  await subscription.ended;
  return all;
}

logContract('the embedded log', async () => {
  const directory = await newDirectory();
  const open = (): EmbeddedLog => openEmbeddedLog({ directory, maxBytes: MAX_BYTES, clock });
  let log = open();
  let topics = 0;
  return {
    log,
    topic: () => Promise.resolve(`test-topic-${(topics += 1)}`),
    async reopen() {
      await log.close();
      log = open();
      return log;
    },
    deleteBefore: (topic, { offset }) => log.trim(topic, offset),
    async release() {
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('the embedded log', () => {
  let directory: string;
  let store: Store;
  let log: EmbeddedLog;

  beforeEach(async () => {
    directory = await newDirectory();
    store = openStore(directory, MAX_BYTES);
    log = embeddedLog(store, MAX_BYTES, clock);
  });

  afterEach(async () => {
    await log.close();
    await rm(directory, { recursive: true });
  });

  describe('is durable', () => {
    /** A disk that, once held, reports nothing as flushed until it is released. */
    function holdableDisk(): { disk: Store; hold: () => { asked: Promise<void>; release: () => void } } {
      let flushing = (): Promise<void> => store.flushed();
      const hold = (): { asked: Promise<void>; release: () => void } => {
        let release = (): void => undefined;
        const released = new Promise<void>((resolve) => (release = resolve));
        const asked = new Promise<void>((resolve) => {
          flushing = async () => {
            resolve();
            await released;
            await store.flushed();
          };
        });
        return { asked, release };
      };
      return { disk: { ...store, flushed: () => flushing() }, hold };
    }

    it('resolves an append only after the disk has reported the flush', async () => {
      const { disk, hold } = holdableDisk();
      const { asked, release } = hold();
      const happened: string[] = [];
      const appending = embeddedLog(disk, MAX_BYTES, clock)
        .append(TOPIC, records(3))
        .then(() => happened.push('resolved'));
      await asked;
      await setTimeout(50);
      expect(happened).toEqual([]);
      release();
      await appending;
      expect(happened).toEqual(['resolved']);
    });

    it('resolves a commit only after the disk has reported the flush', async () => {
      const { disk, hold } = holdableDisk();
      const happened: string[] = [];
      const held = embeddedLog(disk, MAX_BYTES, clock);
      const subscription = await held.read(GROUP, [TOPIC], async (reader) => {
        const { asked, release } = hold();
        const committing = reader.commit(7, 'x').then(() => happened.push('resolved'));
        await asked;
        await setTimeout(50);
        expect(happened).toEqual([]);
        release();
        await committing;
      });
      await subscription.ended;
      expect(await log.committed(GROUP, TOPIC)).toEqual([{ offset: 7, metadata: 'x' }]);
    });

    it('lets appends that come together share one transaction and one chunk', async () => {
      await Promise.all(upTo(200).map((index) => log.append(TOPIC, [record(`v-${index}`)])));
      expect(store.read((view) => [...view.chunks(TOPIC)].length)).toBe(1);
    });

    it(
      'loses and tears nothing that it promised when its process is killed',
      { timeout: 40_000 },
      async () => {
        const seed = Math.floor(Math.random() * 1_000_000);
        const kills = upTo(6).map((index) => 20 + ((seed * (index + 1) * 7_919) % 500));
        await log.close();
        const promised: string[] = [];
        for (const killAfterMs of kills) {
          const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory, 'append'], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          const output = readText(child.stdout);
          await once(child.stdout, 'data');
          await setTimeout(killAfterMs);
          child.kill('SIGKILL');
          await once(child, 'exit');
          promised.push(...(await output).split('\n').slice(0, -1));
        }
        log = openEmbeddedLog({ directory, maxBytes: 1_000_000_000, clock });
        const found = await takeAll(log, CRASH_TOPIC);

        const context = `seed ${seed}, kills after ${kills.join(', ')} ms`;
        expect(
          found.map(({ offset }) => offset),
          context,
        ).toEqual(upTo(found.length));
        expect(await log.extents(CRASH_TOPIC), context).toEqual([
          { partition: 0, first: 0, end: found.length },
        ]);
        expect(promised.length, context).toBeGreaterThan(kills.length);
        for (const line of promised) {
          const [first, append, count] = line.split(' ');
          for (const index of upTo(Number(count)))
            expect(Buffer.from(found[Number(first) + index]!.value).toString(), context).toBe(
              valueOf(append!, index),
            );
        }
      },
    );
  });

  describe('keeps offsets dense', () => {
    const failing = new Error('the disk of the test fails');

    it.each([
      ['nothing of it', false],
      ['all of it', true],
    ])('when a transaction fails that left %s behind', async (_, takesEffect) => {
      let broken = false;
      const write: Store['write'] = async (changes) => {
        if (!broken || takesEffect) await store.write(changes);
        if (broken) throw failing;
        return changes.map(() => true);
      };
      const onBrokenDisk = embeddedLog({ ...store, write }, MAX_BYTES, clock);
      await onBrokenDisk.append(TOPIC, records(2, 'before'));
      broken = true;
      await expect(onBrokenDisk.append(TOPIC, records(2, 'failed'))).rejects.toBe(failing);
      broken = false;
      await onBrokenDisk.append(TOPIC, records(2, 'after'));

      const found = await takeAll(log);
      const left = takesEffect ? ['failed-0', 'failed-1'] : [];
      expect(found.map(({ value }) => Buffer.from(value).toString())).toEqual([
        'before-0',
        'before-1',
        ...left,
        'after-0',
        'after-1',
      ]);
      expect(found.map(({ offset }) => offset)).toEqual(upTo(found.length));
    });

    it('when two append at once: one is refused and may try again', async () => {
      const second = embeddedLog(store, MAX_BYTES, clock);
      const [one, other] = await Promise.allSettled([
        log.append(TOPIC, records(3, 'one')),
        second.append(TOPIC, records(3, 'other')),
      ]);
      expect(one).toMatchObject({ status: 'fulfilled' });
      expect(other).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE', retryable: true } });
      const positions = await second.append(TOPIC, records(3, 'other'));
      expect(positions.map(({ offset }) => offset)).toEqual([3, 4, 5]);
      expect((await takeAll(log)).map(({ offset }) => offset)).toEqual(upTo(6));
    });

    it('does not wait for ever for a disk that does not answer', async () => {
      const write = (): Promise<boolean[]> => new Promise(() => undefined);
      const stuck = embeddedLog({ ...store, write }, MAX_BYTES, clock, 20);
      await expect(stuck.append(TOPIC, records(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    });
  });

  describe('has limits', () => {
    it('refuses appends as FULL beyond its bytes, keeps what it has, and takes more after a trim', async () => {
      const small = embeddedLog(store, 300_000, clock);
      const hundredKilobytes = Array.from({ length: 20 }, () => record('x'.repeat(5_000)));
      await small.append(TOPIC, hundredKilobytes);
      await small.append(TOPIC, hundredKilobytes);
      await expect(small.append(TOPIC, hundredKilobytes)).rejects.toMatchObject({
        code: 'FULL',
        retryable: true,
      });
      expect(await takeAll(small)).toHaveLength(40);

      await small.trim(TOPIC, 20);
      const positions = await small.append(TOPIC, hundredKilobytes);
      expect(positions[0]!.offset).toBe(40);
    });

    it('knows the bytes it holds when it is opened again', async () => {
      await log.append(TOPIC, records(1_000));
      await log.append('test-other', records(1_000));
      const used = log.usedBytes();
      expect(used).toBeGreaterThan(2 * 1_000 * 8);
      await log.close();
      log = openEmbeddedLog({ directory, maxBytes: MAX_BYTES, clock });
      expect(log.usedBytes()).toBe(used);
      await log.trim(TOPIC, 1_000);
      await log.trim('test-other', 1_000);
      expect(log.usedBytes()).toBe(0);
    });

    it('refuses appends that would wait in more memory than it has, and keeps the others', async () => {
      const mebibyte = record(new Uint8Array(1_048_576));
      const outcomes = await Promise.allSettled(upTo(80).map(() => log.append(TOPIC, [mebibyte])));
      const kept = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(kept.length).toBeLessThan(64);
      expect(await log.extents(TOPIC)).toEqual([{ partition: 0, first: 0, end: kept.length }]);
      expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'UNAVAILABLE', retryable: true } });
    });

    it('survives a full disk, and takes more once trim has made room', async () => {
      await log.close();
      // A limit on the size of files, in blocks of 512 or 1,024 bytes: the kernel refuses as on a full disk.
      const limited = ['-c', 'ulimit -f 8192 && exec "$@"', 'sh'];
      const child = spawn('sh', [...limited, process.execPath, '--import', 'tsx', CHILD, directory, 'fill'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [output] = await Promise.all([readText(child.stdout), once(child, 'exit')]);
      const [fault, offsets] = output.split('\n');
      const [end, last] = offsets!.split(' ').map(Number);
      expect(child.exitCode).toBe(0);
      expect(fault).toMatch(/^(FULL|UNAVAILABLE) true$/);
      expect(end).toBeGreaterThan(1_000);
      expect(last).toBe(end);
      log = openEmbeddedLog({ directory, maxBytes: MAX_BYTES, clock });
      expect((await takeAll(log, CRASH_TOPIC)).map(({ offset }) => offset - end!)).toEqual(upTo(100));
    });
  });

  describe('trims', () => {
    it('only whole chunks, and goes on counting offsets when nothing is left', async () => {
      for (const value of ['a', 'b', 'c']) await log.append(TOPIC, records(10, value));
      await log.trim(TOPIC, 15);
      expect(await log.extents(TOPIC)).toEqual([{ partition: 0, first: 10, end: 30 }]);
      await log.trim(TOPIC, 30);
      expect(await log.extents(TOPIC)).toEqual([{ partition: 0, first: 30, end: 30 }]);
      expect((await log.append(TOPIC, records(1)))[0]!.offset).toBe(30);
    });

    it('any number of chunks', async () => {
      await log.append(
        TOPIC,
        upTo(20).map(() => record(new Uint8Array(1_000_000))),
      );
      await log.trim(TOPIC, 19);
      expect(await log.extents(TOPIC)).toEqual([{ partition: 0, first: 19, end: 20 }]);
      expect((await takeAll(log)).map(({ offset }) => offset)).toEqual([19]);
    });
  });

  describe('has one owner of a topic in a group', () => {
    it('who loses it to the next one that reads', async () => {
      const first = await log.read(GROUP, [TOPIC], async (reader) => {
        while (reader.owned()) await reader.take({ ...ALL, maxWaitMs: 20 });
        await expect(reader.commit(1, 'late')).rejects.toMatchObject({ code: 'NOT_OWNER' });
      });
      const second = await log.read(GROUP, [TOPIC], (reader) => reader.commit(2, 'mine'));
      await expect(first.ended).rejects.toMatchObject({ code: 'NOT_OWNER' });
      await second.ended;
      expect(await log.committed(GROUP, TOPIC)).toEqual([{ offset: 2, metadata: 'mine' }]);
    });

    it('also in another thread, which reads and commits what this one appends', async () => {
      const worker = new Worker(START_WORKER, {
        eval: true,
        workerData: [directory, TOPIC, GROUP].join('|'),
      });
      const said: unknown[] = [];
      const toSay = async (what: string): Promise<void> => {
        while (!said.includes(what)) await once(worker, 'message');
      };
      worker.on('message', (what) => said.push(what));

      await toSay('reading');
      for (let sent = 0; sent < 2_000; sent += 100)
        await log.append(
          TOPIC,
          upTo(100).map((index) => record(`v-${sent + index}`)),
        );
      await toSay('read 2000');
      expect(await log.committed(GROUP, TOPIC)).toEqual([{ offset: 2_000, metadata: 'by the worker' }]);

      const taken = await takeAll(log);
      expect(taken).toEqual([]);
      await toSay('NOT_OWNER');
      await toSay('closed');
      await worker.terminate();
      await log.append(TOPIC, records(1));
      expect(await log.extents(TOPIC)).toEqual([{ partition: 0, first: 0, end: 2_001 }]);
    });
  });

  describe('notices damage on disk', () => {
    async function flip(pattern: string): Promise<void> {
      await log.close();
      const path = join(directory, 'data.mdb');
      const file = await readFile(path);
      let flips = 0;
      for (let at = file.indexOf(pattern); at >= 0; at = file.indexOf(pattern, at)) {
        file[at] = file[at]! ^ 0x01;
        flips += 1;
      }
      expect(flips).toBeGreaterThan(0);
      await writeFile(path, file);
      log = openEmbeddedLog({ directory, maxBytes: MAX_BYTES, clock });
    }

    it('in a record: hands over what stands before it, then tells DAMAGED', async () => {
      await log.append(TOPIC, records(100, 'value'));
      await flip('value-61');
      let before: number[] = [];
      const subscription = await log.read(GROUP, [TOPIC], async (reader) => {
        before = (await reader.take(ALL)).map(({ offset }) => offset);
        await reader.take(ALL);
      });
      await expect(subscription.ended).rejects.toMatchObject({ code: 'DAMAGED', retryable: false });
      expect(before).toEqual(upTo(61));
    });

    it('in what a group has committed', async () => {
      const subscription = await log.read(GROUP, [TOPIC], (reader) => reader.commit(1, 'some metadata'));
      await subscription.ended;
      await flip('some metadata');
      await expect(log.committed(GROUP, TOPIC)).rejects.toMatchObject({ code: 'DAMAGED' });
    });
  });
});
