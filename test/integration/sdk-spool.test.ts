import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import {
  at,
  Category,
  DetectionMethod,
  Reporter,
  type Receipt,
  type ReporterOptions,
  type SpoolFault,
  type SpoolOptions,
} from '@lachan/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest, tokenOf } from '../support/gateway-under-test.js';
import { until } from '../support/lachan-process.js';
import { ScriptedGateway, type Script } from '../support/scripted-gateway.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

const numbered = (reportId: string) => ({
  reportId,
  category: Category.CSAM,
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: at(1_790_000_000_000),
  detectionMethod: DetectionMethod.HASH_EXACT,
});
const long = (reportId: string) => ({ ...numbered(reportId), additionalInfo: 'x'.repeat(10_000) });
const sequence = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, i) => `r-${first + i}`);
const numberOf = (reportId: string): number => Number(reportId.slice(2));
const said = (receipt: Receipt): string => (receipt.status === 'UNSENT' ? receipt.reason : receipt.status);

describe('a Reporter with a spool', () => {
  const closing: (() => unknown)[] = [];
  const faults: unknown[] = [];
  const onFault = (fault: unknown): void => void faults.push(fault);
  let directory = '';

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'lachan-test-spool-')), 'spool');
    process.on('unhandledRejection', onFault);
    process.on('uncaughtException', onFault);
  });

  // Whatever becomes of gateway and disk, the host of the Reporter must never see a fault.
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    process.off('unhandledRejection', onFault);
    process.off('uncaughtException', onFault);
    await rm(join(directory, '..'), { recursive: true, force: true });
    expect(faults.splice(0)).toEqual([]);
  });

  /** What a Reporter tells its host, beside what its promises say. */
  interface Host {
    readonly reporter: Reporter;
    readonly receipts: Receipt[];
    readonly faults: SpoolFault[];
  }

  function host(
    endpoint: string,
    options: Partial<ReporterOptions> = {},
    spool: Partial<SpoolOptions> = {},
  ): Host {
    const receipts: Receipt[] = [];
    const told: SpoolFault[] = [];
    const reporter = new Reporter({
      endpoint,
      token: 'test-token',
      lingerMs: 5,
      retry: { initialMs: 10, maxMs: 50 },
      spool: { directory, onReceipt: (r) => receipts.push(r), onFault: (f) => told.push(f), ...spool },
      ...options,
    });
    closing.push(() => reporter.close({ deadlineMs: 0 }));
    return { reporter, receipts, faults: told };
  }

  async function gatewayThat(script: Script = {}, port = 0): Promise<ScriptedGateway> {
    const gateway = await ScriptedGateway.start(script, port);
    closing.push(() => gateway.kill());
    return gateway;
  }

  /** Nobody listens here: the port was taken and given back. */
  async function deadPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  /** Leaves these reports in the directory, as a host does that ends during an outage. */
  async function leaveBehind(
    ids: readonly string[],
    options: Partial<ReporterOptions> = {},
  ): Promise<string[]> {
    const { reporter } = host(`127.0.0.1:${await deadPort()}`, options);
    const receipts = Promise.all(ids.map((id) => reporter.report(numbered(id))));
    await reporter.close({ deadlineMs: 0 });
    return (await receipts).map(said);
  }

  async function filesIn(path: string): Promise<string[]> {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  async function largestFile(): Promise<string> {
    const files = await filesIn(directory);
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    return files[sizes.indexOf(Math.max(...sizes))] ?? '';
  }

  const arrived = (gateway: ScriptedGateway): string[] => gateway.reports.map(({ reportId }) => reportId);
  /** A place that goes while one looks is looked for again. */
  const isEmpty = async (): Promise<true | undefined> =>
    (await filesIn(directory).catch(() => ['?'])).length === 0 ? true : undefined;

  it('gives receipts as ever while all is well, and keeps nothing that has one', async () => {
    const gateway = await gatewayThat();
    const { reporter, receipts } = host(gateway.endpoint);
    const answers = await Promise.all(sequence(2_000).map((id) => reporter.report(numbered(id))));
    expect(answers.map((r) => `${r.status} ${r.reportId}`)).toEqual(
      sequence(2_000).map((id) => `ACCEPTED ${id}`),
    );
    expect(arrived(gateway)).toEqual(sequence(2_000));
    expect(receipts).toEqual([]);
    await until('an empty spool', isEmpty);
  });

  it('keeps what it holds for its owner only', async () => {
    await leaveBehind(['r-1']);
    const [file = ''] = await filesIn(directory);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('says SPOOLED of what its memory does not hold, and delivers all in order of arrival after an outage', async () => {
    const port = await deadPort();
    const { reporter, receipts } = host(`127.0.0.1:${port}`, { maxBufferedReports: 100, deadlineMs: 300 });
    const early = await Promise.all(sequence(700).map((id) => reporter.report(numbered(id)).then(said)));
    // The first are in memory and told at their deadline, the others as soon as they are on the disk.
    expect(new Set(early)).toEqual(new Set(['SPOOLED', 'BUFFER_FULL']));
    const kept = sequence(700).filter((_, i) => early[i] === 'SPOOLED');
    const gateway = await gatewayThat({}, port);
    const late = sequence(50, 1_000);
    const fromLate = await Promise.all(late.map((id) => reporter.report(numbered(id)).then(said)));
    await until('every receipt', () =>
      receipts.length + fromLate.filter((word) => word === 'ACCEPTED').length === kept.length + 50
        ? true
        : undefined,
    );
    const numbers = [...new Set(arrived(gateway))];
    expect(numbers).toEqual([...kept, ...late]);
    expect(new Set(receipts.map(said))).toEqual(new Set(['ACCEPTED']));
    await until('an empty spool', isEmpty);
  });

  it('keeps the order over several files of several Reporters', async () => {
    // Room for 64 KiB in a file: each Reporter leaves some files.
    const small = { spool: { directory, maxBytes: 1_048_576 } };
    await leaveBehind(sequence(1_500), small);
    await leaveBehind(sequence(1_500, 1_500), small);
    expect(await filesIn(directory)).toHaveLength(4);
    const gateway = await gatewayThat();
    host(gateway.endpoint, { maxBufferedReports: 700 });
    await until('everything', () => (arrived(gateway).length >= 3_000 ? true : undefined));
    expect(arrived(gateway)).toEqual(sequence(3_000));
    await until('an empty spool', isEmpty);
  });

  it('delivers what an earlier Reporter left before what is new, and tells those receipts', async () => {
    expect(await leaveBehind(sequence(300))).toEqual(sequence(300).map(() => 'SPOOLED'));
    const gateway = await gatewayThat();
    const { reporter, receipts } = host(gateway.endpoint);
    await reporter.report(numbered('r-300'));
    await until('every receipt', () => (new Set(arrived(gateway)).size === 301 ? true : undefined));
    expect(arrived(gateway)).toEqual(sequence(301));
    await until('the receipts of the restored', () => (receipts.length >= 300 ? true : undefined));
    expect(receipts.slice(0, 300).map((r) => `${r.status} ${r.reportId}`)).toEqual(
      sequence(300).map((id) => `ACCEPTED ${id}`),
    );
  });

  it('sends again after a restart no more than what had no receipt', async () => {
    const gateway = await gatewayThat({
      onBatch: (batch) => {
        if (arrived(gateway).length <= 1_000) batch.stream.accept(batch);
      },
    });
    const first = host(gateway.endpoint, { maxBatchReports: 100 });
    const answers = sequence(2_000).map((id) => first.reporter.report(numbered(id)).then(said));
    await gateway.until(() => arrived(gateway).length === 2_000);
    await first.reporter.close({ deadlineMs: 0 });
    const words = await Promise.all(answers);
    const second = await gatewayThat();
    host(second.endpoint);
    await until('the rest', () => (arrived(second).length >= 1_000 ? true : undefined));
    expect(arrived(second)).toEqual(sequence(2_000).filter((_, i) => words[i] === 'SPOOLED'));
    expect(arrived(second)).toEqual(sequence(1_000, 1_000));
  });

  it('refuses new reports when it is full, keeps the oldest, and takes more when there is room', async () => {
    const port = await deadPort();
    const options = { maxBufferedReports: 1_000, maxBufferedBytes: 100_000 };
    const { reporter } = host(`127.0.0.1:${port}`, options, { maxBytes: 1_048_576 });
    const words: string[] = [];
    for (let i = 0; i < 120; i++) {
      void reporter.report(long(`r-${i}`)).then((receipt) => (words[i] = said(receipt)));
      await until('its place on the disk or its refusal', () =>
        words[i] !== undefined || Number(reporter.stats().spool?.bytes) >= (i + 1) * 10_000
          ? true
          : undefined,
      );
    }
    const full = words.indexOf('SPOOL_FULL');
    expect(full).toBeGreaterThan(90);
    expect(full).toBeLessThan(108);
    expect(words.slice(full)).toEqual(Array.from({ length: 120 - full }, () => 'SPOOL_FULL'));
    expect(reporter.stats().spool?.bytes).toBeLessThan(1_048_576 + 20_000);
    const gateway = await gatewayThat({}, port);
    await reporter.ready();
    await reporter.report(long('r-200'));
    await until('the last', () => (arrived(gateway).includes('r-200') ? true : undefined));
    expect([...new Set(arrived(gateway))]).toEqual([...sequence(full), 'r-200']);
  });

  it('gives up what is too old, on the disk and in memory, and tells each', async () => {
    const DAY_MS = 86_400_000;
    let dayMs = 0;
    const clock = { wallMs: () => 1_790_000_000_000 + dayMs, monotonicMs: () => performance.now() + dayMs };
    await leaveBehind(sequence(50), { clock });
    dayMs = 6 * DAY_MS;
    await leaveBehind(sequence(50, 50), { clock });
    dayMs = 8 * DAY_MS;
    const gateway = await gatewayThat();
    const { reporter, receipts } = host(gateway.endpoint, { clock });
    await until('every receipt', () => (receipts.length === 100 ? true : undefined));
    expect(receipts.filter((r) => said(r) === 'EXPIRED').map((r) => r.reportId)).toEqual(sequence(50));
    expect(arrived(gateway)).toEqual(sequence(50, 50));
    expect(reporter.stats()).toMatchObject({ accepted: 50, unsent: 50, spool: { expired: 50 } });

    const short = host(`127.0.0.1:${await deadPort()}`, { clock, deadlineMs: 50 }, { maxAgeMs: 300 });
    expect(said(await short.reporter.report(numbered('r-1')))).toBe('SPOOLED');
    await until('its end', () => (short.receipts.length === 1 ? true : undefined));
    expect(short.receipts.map(said)).toEqual(['EXPIRED']);
  });

  it.each<[string, (bytes: Buffer) => Buffer, string[]]>([
    ['its end is torn off', (bytes) => bytes.subarray(0, bytes.length - 7), sequence(49)],
    // Found by its id: the middle of the file is not always the same report, moments differ in length.
    ['a byte in the middle is flipped', (bytes) => flip(bytes, 'r-25'), sequence(50).toSpliced(25, 1)],
    ['its first byte is flipped', (bytes) => flip(bytes, ''), sequence(49, 1)],
    ['it holds nothing but noise', (bytes) => Buffer.alloc(bytes.length, 'LSR1'), []],
    ['it is empty', () => Buffer.alloc(0), []],
  ])('delivers everything else of a file when %s', async (_, damage, rest) => {
    await leaveBehind(sequence(50));
    await leaveBehind(['r-behind']);
    const file = await largestFile();
    const bytes = await readFile(file);
    await writeFile(file, damage(Buffer.from(bytes)));
    const gateway = await gatewayThat();
    const told = host(gateway.endpoint);
    await until('what is behind', () => (arrived(gateway).includes('r-behind') ? true : undefined));
    expect(arrived(gateway)).toEqual([...rest, 'r-behind']);
    if (damage(Buffer.from(bytes)).length > 0) expect(told.faults).toMatchObject([{ kind: 'DAMAGED' }]);
    await until('an empty spool', isEmpty);
  });

  it('goes on from memory where the disk takes nothing, and tells that once', async () => {
    // A file where the directory should be: nobody can write here, not even root.
    await writeFile(directory, '');
    const gateway = await gatewayThat();
    const { reporter, faults: told } = host(gateway.endpoint);
    const answers = await Promise.all(sequence(100).map((id) => reporter.report(numbered(id)).then(said)));
    expect(new Set(answers)).toEqual(new Set(['ACCEPTED']));
    expect(arrived(gateway)).toEqual(sequence(100));
    expect(told).toMatchObject([{ kind: 'DISK' }]);
  });

  it('keeps nothing, and takes nothing, where everybody can write', async () => {
    await mkdir(directory);
    await chmod(directory, 0o777);
    const gateway = await gatewayThat();
    const { reporter, faults: told } = host(gateway.endpoint);
    expect(said(await reporter.report(numbered('r-1')))).toBe('ACCEPTED');
    expect(told).toEqual([
      { kind: 'DISK', message: 'the directory of the spool can be written by everybody' },
    ]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('refuses what neither the disk nor the memory takes', async () => {
    await writeFile(directory, '');
    const { reporter } = host(`127.0.0.1:${await deadPort()}`, { maxBufferedReports: 10, deadlineMs: 200 });
    const answers: string[] = [];
    for (const id of sequence(30)) {
      await reporter.ready();
      void reporter.report(numbered(id)).then((receipt) => answers.push(said(receipt)));
    }
    await until('every answer', () => (answers.length === 30 ? true : undefined));
    expect(answers.filter((word) => word === 'SPOOL_FULL')).toHaveLength(20);
    expect(answers.filter((word) => word === 'DEADLINE')).toHaveLength(10);
  });

  it('keeps reports while its credential is refused, and sends them once it is mended', async () => {
    let valid = false;
    const gateway = await gatewayThat({
      onStream: (stream) => (valid ? stream.send({}) : stream.fail(status.UNAUTHENTICATED, 'unknown token')),
    });
    const { reporter, receipts } = host(gateway.endpoint, { deadlineMs: 100 });
    const receipt = await reporter.report(numbered('r-1'));
    expect(receipt).toMatchObject({ status: 'UNSENT', reason: 'SPOOLED' });
    expect(receipt.status === 'UNSENT' && receipt.message).toContain('UNAUTHENTICATED: unknown token');
    valid = true;
    await until('its receipt', () => (receipts.length === 1 ? true : undefined));
    expect(receipts).toMatchObject([{ status: 'ACCEPTED', reportId: 'r-1' }]);
  });

  it('is not harmed by a host whose callbacks fail', async () => {
    await leaveBehind(sequence(20));
    const gateway = await gatewayThat();
    const { reporter } = host(
      gateway.endpoint,
      {},
      {
        onReceipt: ({ reportId }) => {
          if (numberOf(reportId) % 2 === 0) throw new Error('a fault of the host');
        },
      },
    );
    expect(said(await reporter.report(numbered('r-20')))).toMatch(/ACCEPTED|SPOOLED/);
    await until('everything', () => (arrived(gateway).length === 21 ? true : undefined));
  });

  it('goes on in a place of its own when another takes it for gone', async () => {
    const port = await deadPort();
    const { reporter, faults: told } = host(`127.0.0.1:${port}`, { maxBufferedReports: 10 });
    const word = async (id: string): Promise<string> => said(await reporter.report(numbered(id)));
    for (const id of sequence(20)) {
      await reporter.ready();
      void word(id);
    }
    await reporter.ready();
    expect(await word('r-20')).toBe('SPOOLED');
    const [slot = ''] = await readdir(directory);
    const taken = slot.replace(/\.\d+\./, '.0.');
    await rename(join(directory, slot), join(directory, taken));
    expect(await word('r-21')).toBe('SPOOLED');
    expect((await readdir(directory)).length).toBe(2);
    const gateway = await gatewayThat({}, port);
    const other = host(gateway.endpoint);
    await until('everything', () => (new Set(arrived(gateway)).size === 22 ? true : undefined));
    expect(told).toEqual([]);
    await until('an empty spool', isEmpty);
    await Promise.all([reporter.close(), other.reporter.close()]);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['leaves alone the part of another machine that was heard of lately', 20, ['r-own']],
    ['takes over the part of another machine that was silent for long', 40, ['r-1', 'r-own']],
  ])('%s', async (_, silentSeconds, expected) => {
    await leaveBehind(['r-1']);
    const [slot = ''] = await readdir(directory);
    // Its process id is that of this very process: it says nothing about another machine.
    const elsewhere = join(directory, `01790000000000.${process.pid}.other-machine.000000000001`);
    await rename(join(directory, slot), elsewhere);
    const heardOf = Date.now() / 1_000 - silentSeconds;
    await utimes(elsewhere, heardOf, heardOf);
    const gateway = await gatewayThat();
    const { reporter } = host(gateway.endpoint);
    await reporter.report(numbered('r-own'));
    await until('its own', () => (arrived(gateway).includes('r-own') ? true : undefined));
    expect(arrived(gateway)).toEqual(expected);
  });

  it('leaves alone what in the directory is not its own', async () => {
    await mkdir(join(directory, 'notes'), { recursive: true });
    await writeFile(join(directory, 'notes', 'a.txt'), 'kept');
    await chmod(directory, 0o700);
    const gateway = await gatewayThat();
    const { reporter } = host(gateway.endpoint);
    expect(said(await reporter.report(numbered('r-1')))).toBe('ACCEPTED');
    await reporter.close();
    expect(await readdir(directory)).toEqual(['notes']);
  });

  describe('in processes that die', () => {
    interface Child {
      readonly process: ChildProcess;
      readonly lines: string[];
    }

    function child(endpoint: string, token: string, ...args: number[]): Child {
      const script = 'test/support/spool-host-child.ts';
      const command = ['--conditions=lachan-source', '--import', './cli/run-typescript.js', script];
      const found = spawn(process.execPath, [...command, endpoint, token, directory, ...args.map(String)], {
        cwd: REPOSITORY,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      closing.push(() => found.kill('SIGKILL'));
      const lines: string[] = [];
      createInterface({ input: found.stdout }).on('line', (line) => lines.push(line));
      return { process: found, lines };
    }

    it.each([
      ['after its last receipt', true, 'ACCEPTED'],
      ['while the gateway is gone, once it knows that its report is kept', false, 'SPOOLED'],
    ])('lets its process end by itself %s', async (_, isThere, word) => {
      const endpoint = isThere ? (await gatewayThat()).endpoint : `127.0.0.1:${await deadPort()}`;
      const script = `
        import { Reporter } from '@lachan/sdk';
        const spool = { directory: ${JSON.stringify(directory)} };
        const reporter = new Reporter({ endpoint: '${endpoint}', token: 't', deadlineMs: 500, spool });
        const receipt = await reporter.report({ reportId: 'r-1' });
        process.stdout.write(receipt.reason ?? receipt.status);`;
      const loader = [
        '--conditions=lachan-source',
        '--import',
        'tsx',
        '--input-type=module',
        '--eval',
        script,
      ];
      const found = spawn(process.execPath, loader, {
        cwd: REPOSITORY,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      closing.push(() => found.kill('SIGKILL'));
      let printed = '';
      found.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
      await once(found, 'close', { signal: AbortSignal.timeout(20_000) });
      expect(`${found.exitCode}: ${printed}`).toBe(`0: ${word}`);
      const left = await filesIn(directory);
      expect(left.length > 0).toBe(!isThere);
    });

    it('sends again after a kill only what had its receipt moments before', async () => {
      const gateway = await gatewayThat();
      const { process: platform, lines } = child(gateway.endpoint, 'test-token', 0, 5_000, 1_000);
      await until('many receipts', () => (idsOf(lines, 'ACCEPTED').length === 5_000 ? true : undefined));
      await until('the note of it', isEmpty);
      platform.kill('SIGKILL');
      const second = await gatewayThat();
      const { reporter } = host(second.endpoint);
      await reporter.report(numbered('r-5000'));
      expect(arrived(second)).toEqual(['r-5000']);
    });

    const idsOf = (lines: readonly string[], word: string): string[] =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

    it('loses nothing of what was told kept or accepted when it is killed under load', async () => {
      const gateway = await GatewayUnderTest.start();
      closing.push(() => gateway.stop());
      // The gateway is behind a door that opens and shuts, so that reports are on every part of the way.
      const server = createServer((near) => {
        const far = connect(Number(gateway.server.address.split(':').at(-1)), '127.0.0.1');
        for (const socket of [near, far]) socket.on('error', () => undefined);
        near.pipe(far).pipe(near);
        setTimeout(() => near.destroy(), 300).unref();
        near.on('close', () => far.destroy());
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => server.close());
      const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;

      const told = new Set<string>();
      for (const first of [0, 100_000, 200_000]) {
        const { process: platform, lines } = child(endpoint, tokenOf('platform-a'), first, 90_000, 50);
        await until('many reports on the disk', () =>
          idsOf(lines, 'SPOOLED').length > 1_500 ? true : undefined,
        );
        platform.kill('SIGKILL');
        await once(platform, 'close');
        expect(lines).not.toContain('FAULT');
        for (const word of ['SPOOLED', 'ACCEPTED']) for (const id of idsOf(lines, word)) told.add(id);
      }
      const last = host(gateway.server.address, { token: tokenOf('platform-a') });
      await until('the end of what was left', () =>
        last.receipts.length > 0 && last.reporter.stats().spool?.bytes === 0 ? true : undefined,
      );
      await last.reporter.close();
      const landed = (await gateway.records()).map((record) => record.reportId);
      const inLog = new Set(landed);
      expect([...told].filter((id) => !inLog.has(id))).toEqual([]);
      // Of each process in order of arrival, where sendings again are left out.
      for (const first of [0, 100_000, 200_000]) {
        const own = [...inLog].map(numberOf).filter((n) => n >= first && n < first + 100_000);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
      expect(last.faults.filter(({ kind }) => kind === 'DISK')).toEqual([]);
    });

    it('shares its directory with one that lives, and takes over what a dead one left, once', async () => {
      const dead = `127.0.0.1:${await deadPort()}`;
      const other = child(dead, 'test-token', 0, 500, 10);
      await until('the reports of the other', () =>
        idsOf(other.lines, 'SPOOLED').length >= 400 && other.lines.includes('REPORTED') ? true : undefined,
      );
      const gateway = await gatewayThat();
      const hosts = [host(gateway.endpoint), host(gateway.endpoint)];
      const own = sequence(100, 1_000);
      const words = await Promise.all(
        own.map((id, i) => hosts[i % 2]!.reporter.report(numbered(id)).then(said)),
      );
      expect(new Set(words)).toEqual(new Set(['ACCEPTED']));
      expect(arrived(gateway).filter((id) => numberOf(id) < 1_000)).toEqual([]);
      other.process.kill('SIGKILL');
      await until('what the dead one left', () => (arrived(gateway).length >= 600 ? true : undefined));
      await until('an empty spool', isEmpty);
      expect(arrived(gateway).filter((id) => numberOf(id) < 1_000)).toEqual(sequence(500));
    });
  });
});

function flip(bytes: Buffer, before: string): Buffer {
  bytes[bytes.indexOf(before)]! ^= 0xff;
  return bytes;
}
