// The real process, from outside: started, asked, stopped, killed. Everything has a time limit, and nothing is left
// behind: no process, no directory.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
const SELECT_CHILD = 'test/support/store-select-child.ts';

/** Generous: other work may hold the machine. */
const READY_MS = 90_000;
const COMMAND_MS = 180_000;
const EXIT_MS = 60_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Ready {
  /** `host:port` */
  readonly grpc: string;
  /** `http://host:port` */
  readonly http: string;
  readonly pid: number;
}

export type Row = Readonly<Record<string, unknown>>;

interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** How a process of Lachan is run, where that is not simply by Node. */
export interface RunAs {
  /** Arguments of Node before the program's own. */
  readonly node?: readonly string[];
  /** A program and its arguments that runs what stands behind them, as in `nice -n 5`. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const alive = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** One process that was started here. */
export class ChildUnderTest {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(program: string, args: readonly string[], { env = {}, stdin }: SpawnOptions = {}) {
    this.#child = spawn(program, args, { cwd: ROOT, env: { ...surroundings(), ...env } });
    alive.add(this.#child);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // A process that ends without reading its input breaks the pipe; what it did is told by its exit.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdin.end(stdin ?? '');
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        alive.delete(this.#child);
        resolve({ code, signal });
      });
    });
    this.exited.catch(() => undefined);
  }

  /** Undefined while it runs. */
  get hasEnded(): boolean {
    return !alive.has(this.#child);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGKILL, and until it is gone. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.signal('SIGKILL');
    await within(EXIT_MS, 'a killed process to be gone', this.exited);
  }

  /** SIGTERM, and until it has ended. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.ended(EXIT_MS);
  }

  /** Until it has ended by itself; killed when it does not within `limitMs`. */
  async ended(limitMs: number): Promise<Exit> {
    try {
      return await within(limitMs, 'the process to end', this.exited);
    } catch (error) {
      await this.kill();
      throw new Error(
        `${String(error)}\nstdout: ${this.stdout.slice(-2_000)}\nstderr: ${this.stderr.slice(-2_000)}`,
      );
    }
  }

  async finished(limitMs = COMMAND_MS): Promise<Finished> {
    const exit = await this.ended(limitMs);
    return { ...exit, stdout: this.stdout, stderr: this.stderr };
  }
}

/** `lachan start`, from its first moment on. */
export class Starting extends ChildUnderTest {
  /** Rejects when it ends before it serves. */
  async ready(): Promise<Ready> {
    const line = await until(
      'start to serve',
      () => {
        if (this.stdout.includes('\n')) return this.stdout.slice(0, this.stdout.indexOf('\n'));
        if (this.hasEnded) throw new Error(`start has ended: ${this.stderr.slice(-2_000)}`);
        return undefined;
      },
      READY_MS,
    );
    return readyOf(JSON.parse(line));
  }
}

/** `lachan start`, serving. */
export interface Serving extends Ready {
  readonly process: Starting;
}

/** A temporary directory with a data directory in it, and every process started there. */
export class Place {
  readonly root: string;
  readonly dataDir: string;
  /** Where the first start writes the authority's private key by default. */
  readonly privateKey: string;
  readonly #started: ChildUnderTest[] = [];

  private constructor(root: string) {
    this.root = root;
    this.dataDir = join(root, 'data');
    this.privateKey = join(root, 'data-authority-key', 'authority-private.pem');
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), 'lachan-test-')));
  }

  /** Ends whatever still runs here, and removes everything. */
  async remove(): Promise<void> {
    for (const child of this.#started) await child.kill();
    await rm(this.root, { recursive: true, force: true });
  }

  /** `lachan start` on any free ports; later options win. */
  begin(...options: readonly string[]): Starting {
    return this.beginAs({}, ...options);
  }

  /** The same, run in another way. */
  beginAs({ node = [], under = [], env = {} }: RunAs, ...options: readonly string[]): Starting {
    const ports = ['--grpc-port', '0', '--http-port', '0'];
    const [program = '', ...args] = [
      ...under,
      process.execPath,
      ...node,
      ...TYPESCRIPT,
      'cli/main.ts',
      'start',
      '--json',
      '--data-dir',
      this.dataDir,
      ...ports,
      ...options,
    ];
    return this.#note(new Starting(program, args, { env }));
  }

  start(...options: readonly string[]): Promise<Serving> {
    return this.startAs({}, ...options);
  }

  async startAs(how: RunAs, ...options: readonly string[]): Promise<Serving> {
    const started = this.beginAs(how, ...options);
    return { ...(await started.ready()), process: started };
  }

  /** One command on the data directory, to its end. */
  run(...args: readonly string[]): Promise<Finished> {
    return this.runWith({}, ...args, '--data-dir', this.dataDir);
  }

  /** One command with nothing added to it. */
  runWith(options: SpawnOptions, ...args: readonly string[]): Promise<Finished> {
    return this.#note(lachan(options, ...args)).finished();
  }

  /** What a command that must succeed prints, read as JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`lachan ${args.join(' ')} ended with ${code}: ${stderr.slice(-2_000)}`);
    return JSON.parse(stdout);
  }

  /** A new credential; its token. */
  async provider(name: string, world: 'PRODUCTION' | 'TEST' = 'PRODUCTION'): Promise<string> {
    const made = recordOf(
      await this.json('providers', 'add', name, '--json', ...(world === 'TEST' ? ['--test'] : [])),
    );
    return textOf(made['token']);
  }

  /** Another program of the tests, run to its end. */
  async child(file: string, ...args: readonly string[]): Promise<Finished> {
    return this.#note(new ChildUnderTest(process.execPath, [...TYPESCRIPT, file, ...args])).finished();
  }

  /** Answers of the engine, opened on the stopped data directory by a process of its own; one list per statement. */
  async select(...statements: readonly string[]): Promise<readonly (readonly Row[])[]> {
    const file = join(this.root, 'statements.json');
    await writeFile(file, JSON.stringify(statements));
    const { code, stdout, stderr } = await this.child(SELECT_CHILD, this.dataDir, file);
    if (code !== 0) throw new Error(`the engine was not asked: ${stderr.slice(-2_000)}`);
    return listOf(JSON.parse(stdout)).map((rows) => listOf(rows).map(recordOf));
  }

  #note<T extends ChildUnderTest>(child: T): T {
    this.#started.push(child);
    return child;
  }
}

/** One command of the checkout, as typed. */
export function lachan(options: SpawnOptions, ...args: readonly string[]): ChildUnderTest {
  return new ChildUnderTest(process.execPath, [...TYPESCRIPT, 'cli/main.ts', ...args], options);
}

/** What a person reads when a command fails: never nothing, and never a stack. */
export function complaintOf({ code, stderr }: Finished): string {
  if (code === 0 || code === null) throw new Error(`the command did not fail but ended with ${String(code)}`);
  if (stderr === '' || /^\s+at /m.test(stderr)) throw new Error(`not what a person can use: ${stderr}`);
  return stderr;
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** Looks again until there is an answer. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  limitMs = COMMAND_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(20);
  }
}

/** The promise's own answer, or an error that names what was waited for. */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const stopped = new AbortController();
  const late = sleep(limitMs, undefined, { signal: stopped.signal, ref: true }).then(() => {
    throw new Error(`waited ${limitMs} ms for ${what}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stopped.abort();
  }
}

export function recordOf(value: unknown): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  return Object.fromEntries(Object.entries(value));
}

export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value;
}

export function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

/** Whatever the surroundings set for Lachan is not for the process under test. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LACHAN_')));
}

function readyOf(value: unknown): Ready {
  const { ready, grpc, http, pid } = recordOf(value);
  if (ready !== true || typeof pid !== 'number') throw new TypeError('not the line of a start that serves');
  return { grpc: textOf(grpc), http: textOf(http), pid };
}
