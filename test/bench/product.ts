// `lachan start` from the build, on a directory of its own, and what can be seen of it from outside.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ended, owned } from './children.js';
import { costOf, type Cost } from './cpu.js';

/** The build's program. */
export const LACHAN = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
/** Module that a process loads first, so that its threads can be told apart. */
export const NOTE_THREADS = new URL('./note-threads.js', import.meta.url).href;
const READY_MS = 60_000;
const STOP_MS = 120_000;
const COMMAND_MS = 600_000;
/** Every look costs the product some milliseconds. */
const POLL_MS = 200;

export class Product {
  readonly #threads: string;

  private constructor(
    readonly root: string,
    readonly dataDir: string,
    private readonly child: ChildProcess,
    readonly endpoint: string,
    private readonly http: string,
  ) {
    this.#threads = join(root, 'threads');
  }

  /** `options` are those of `lachan start`; `profile`: V8 writes a CPU profile of each thread into `root`. */
  static async start(root: string, options: readonly string[], profile: boolean): Promise<Product> {
    mkdirSync(root, { recursive: true });
    const dataDir = join(root, 'data');
    const node = profile ? ['--cpu-prof', '--cpu-prof-dir', join(root, 'profile')] : [];
    const ports = ['--grpc-port', '0', '--http-port', '0'];
    const child = owned(
      spawn(
        process.execPath,
        [
          ...node,
          '--import',
          NOTE_THREADS,
          LACHAN,
          'start',
          '--json',
          '--log-level',
          'warn',
          '--data-dir',
          dataDir,
          ...ports,
          ...options,
        ],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...surroundings(), BENCH_THREADS_FILE: join(root, 'threads') },
        },
      ),
    );
    // Only what it logs: at its first start it also says in words where the keys are.
    createInterface({ input: child.stderr }).on('line', (text) => {
      if (text.startsWith('{') || profile) process.stderr.write(`${text}\n`);
    });
    const line = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('start is not ready in time')), READY_MS);
      child.once('exit', (code) => reject(new Error(`start has ended with ${code}`)));
      createInterface({ input: child.stdout }).once('line', (text) => {
        clearTimeout(late);
        resolve(text);
      });
    });
    const { grpc, http } = JSON.parse(line) as { readonly grpc: string; readonly http: string };
    return new Product(root, dataDir, child, grpc, http);
  }

  cost(): Cost {
    return costOf(this.child.pid ?? 0, this.#threads);
  }

  /** Every metric without labels by its name; with them, by name and labels as they stand. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const answer = await fetch(`${this.http}/metrics`, { signal: AbortSignal.timeout(30_000) });
    const found = new Map<string, number>();
    for (const line of (await answer.text()).split('\n')) {
      const space = line.lastIndexOf(' ');
      if (line !== '' && !line.startsWith('#'))
        found.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
    return found;
  }

  /** Resolves when nothing accepted waits to be landed. */
  async landed(limitMs: number): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (((await this.metrics()).get('lachan_landing_lag_records') ?? 1) > 0) {
      if (performance.now() > deadlineMs) throw new Error(`not everything has landed within ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** A token of a new provider of the world of production. */
  async addProvider(): Promise<string> {
    const { token } = (await this.command('providers', 'add', 'Benchmark', '--json')) as {
      readonly token: string;
    };
    return token;
  }

  /** Whether `lachan audit` holds. */
  async auditHolds(): Promise<boolean> {
    try {
      await this.command('audit', '--json');
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 1) return false;
      throw error;
    }
  }

  /** Bytes of the files below a directory of the data directory, and how many parts of tables there are among them. */
  sizeOf(name: 'log' | 'store'): { readonly bytes: number; readonly parts: number } {
    return sizeBelow(join(this.dataDir, name));
  }

  /** In order: whatever was accepted stands in the store then, or in the log. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const code = await ended(this.child, STOP_MS);
    if (code !== 0) throw new Error(`start has ended with ${String(code)}`);
  }

  private async command(...args: readonly string[]): Promise<unknown> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [LACHAN, ...args, '--data-dir', this.dataDir],
      {
        env: surroundings(),
        timeout: COMMAND_MS,
      },
    );
    return JSON.parse(stdout);
  }
}

/** Whatever the surroundings set for Lachan is not for the process that is measured. */
export function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LACHAN_')));
}

const PART = /^\w+_\d+_\d+_\d+$/;

function sizeBelow(directory: string): { readonly bytes: number; readonly parts: number } {
  let bytes = 0;
  let parts = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      const below = sizeBelowIfThere(path);
      bytes += below.bytes;
      parts += below.parts + (PART.test(entry.name) ? 1 : 0);
    } else bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return { bytes, parts };
}

/** Parts come and go while they are counted. */
function sizeBelowIfThere(path: string): { readonly bytes: number; readonly parts: number } {
  try {
    return sizeBelow(path);
  } catch {
    return { bytes: 0, parts: 0 };
  }
}
