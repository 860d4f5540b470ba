// The cluster setting from the build: a broker, the stand-in for ClickHouse and the roles, each a process of its own.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Rows } from './ask-store.js';
import { ended, owned } from './children.js';
import { costOf, type Cost } from './cpu.js';
import { LACHAN, NOTE_THREADS, surroundings } from './product.js';

export const MEMBERS = ['gateway', 'broker', 'consumers', 'store'] as const;
export type Member = (typeof MEMBERS)[number];

export interface ClusterShape {
  readonly gateways: number;
  readonly consumers: number;
  readonly partitions: number;
}

/** What the parts are that Lachan stands on: said beside every figure. */
export interface Foundation {
  readonly kafka: string;
  readonly clickhouse: string;
}

/** The repository, from `dist/test/bench`. */
const SOURCES = fileURLToPath(new URL('../../../', import.meta.url));
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
/** The first start on a machine downloads the broker. */
const READY_MS = 700_000;
const STOP_MS = 60_000;
const COMMAND_MS = 600_000;

export class Cluster {
  readonly endpoints: string[] = [];
  readonly #settings: readonly string[];
  readonly #roles: ChildProcess[] = [];
  readonly #pids: Record<Member, number[]>;

  private constructor(
    readonly root: string,
    readonly foundation: Foundation,
    private readonly broker: Started,
    private readonly store: Started,
    partitions: number,
    private readonly profile: boolean,
  ) {
    this.#pids = { gateway: [], broker: [Number(broker.said['pid'])], consumers: [], store: [pidOf(store)] };
    this.#settings = [
      ...['--kafka-brokers', String(broker.said['brokers']), '--kafka-partitions', String(partitions)],
      ...['--kafka-replication', '1', '--kafka-min-insync-replicas', '1'],
      ...['--clickhouse-url', this.#url],
    ];
  }

  get #url(): string {
    return `http://127.0.0.1:${String(this.store.said['port'])}`;
  }

  /** `profile`: V8 writes a CPU profile of each role below `root`. */
  static async start(root: string, shape: ClusterShape, profile: boolean): Promise<Cluster> {
    for (const name of ['broker', 'store']) mkdirSync(join(root, name), { recursive: true });
    const broker = await start('the broker', [...TYPESCRIPT, 'test/bench/broker-child.ts'], {
      env: { TMPDIR: join(root, 'broker') },
    });
    const store = await start(
      'the store',
      [
        ...TYPESCRIPT,
        'test/support/clickhouse-http-child.ts',
        JSON.stringify({ directory: join(root, 'store'), port: 0, controlPort: 0 }),
      ],
      { isNice: true },
    );
    const foundation = {
      kafka: `Apache Kafka ${String(broker.said['version'])}, one broker, heap 512 MiB, files not synced for each batch`,
      clickhouse: `chDB ${String(store.said['version'])} behind HTTP, in a process of its own, in place of a ClickHouse server`,
    };
    const cluster = new Cluster(root, foundation, broker, store, shape.partitions, profile);
    const keys = join(root, 'keys');
    await cluster.#command(['keys', 'make', '--out', keys]);
    await cluster.#command(['migrate', ...cluster.#settings]);
    const own = {
      gateway: [
        ...['--grpc-address', '127.0.0.1:0', '--identity-key-file', join(keys, 'identity.key')],
        ...['--authority-public-key-file', join(keys, 'authority-public.pem')],
      ],
      consumers: [],
    };
    for (const role of ['gateway', 'consumers'] as const) {
      const count = role === 'gateway' ? shape.gateways : shape.consumers;
      for (let i = 1; i <= count; i += 1) await cluster.#startRole(role, i, own[role]);
    }
    return cluster;
  }

  /** Of each process. */
  costs(): Readonly<Record<Member, readonly Cost[]>> {
    const of = (member: Member): readonly Cost[] => this.#pids[member].map((pid) => costOf(pid));
    return {
      gateway: of('gateway'),
      broker: of('broker'),
      consumers: of('consumers'),
      store: of('store'),
    };
  }

  /** A token of a new provider of the world of production. */
  async addProvider(): Promise<string> {
    const said = await this.#command(['providers', 'add', 'Benchmark', '--json', ...this.#settings]);
    return (JSON.parse(said) as { readonly token: string }).token;
  }

  async auditHolds(): Promise<boolean> {
    try {
      await this.#command(['audit', '--json', ...this.#settings]);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 1) return false;
      throw error;
    }
  }

  /** One list of rows for each statement. */
  async ask(statements: readonly string[]): Promise<readonly Rows[]> {
    const answers: Rows[] = [];
    for (const statement of statements) {
      const body = `${statement} FORMAT JSONEachRow`;
      const answer = await fetch(`${this.#url}/?database=lachan`, { method: 'POST', body });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      const lines = text.split('\n').filter((line) => line !== '');
      answers.push(lines.map((line) => JSON.parse(line) as Rows[number]));
    }
    return answers;
  }

  /** Bytes of the segments of the topic of reports. */
  logBytes(): number {
    const segments = readdirSync(join(this.root, 'broker'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.includes('lachan.reports.v1-') && path.endsWith('.log'),
    );
    return segments.reduce((sum, path) => sum + statSync(join(this.root, 'broker', path)).size, 0);
  }

  /** In order: consumers write down what they have landed. Broker and store go on. */
  async stopRoles(): Promise<void> {
    for (const role of this.#roles) role.kill('SIGTERM');
    const codes = await Promise.all(this.#roles.map((role) => ended(role, STOP_MS)));
    if (codes.some((code) => code !== 0)) throw new Error(`roles have ended with ${codes.join()}`);
  }

  async stop(): Promise<void> {
    this.store.child.kill('SIGKILL');
    this.broker.child.kill('SIGTERM');
    await Promise.all([ended(this.store.child, STOP_MS), ended(this.broker.child, STOP_MS)]);
  }

  async #startRole(role: 'gateway' | 'consumers', number: number, options: readonly string[]): Promise<void> {
    const name = `${role}-${number}`;
    const node = this.profile ? ['--cpu-prof', '--cpu-prof-dir', join(this.root, 'profile', name)] : [];
    const shared = ['--json', '--http-address', '127.0.0.1:0', '--log-level', 'warn'];
    const { child, said } = await start(
      name,
      [...node, '--import', NOTE_THREADS, LACHAN, role, ...shared, ...options, ...this.#settings],
      { isNice: role === 'consumers' },
    );
    this.#roles.push(child);
    this.#pids[role].push(Number(said['pid']));
    if (typeof said['grpc'] === 'string') this.endpoints.push(said['grpc']);
  }

  async #command(args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [LACHAN, ...args], {
      env: surroundings(),
      timeout: COMMAND_MS,
    });
    return stdout;
  }
}

interface Started {
  readonly child: ChildProcess;
  /** Its first line. */
  readonly said: Readonly<Record<string, unknown>>;
}

const pidOf = ({ child }: Started): number => child.pid ?? 0;

/** As the shares of `deploy/compose.yaml`: senders wait for the gateway and the broker, nobody for the rest. */
const NICE = ['nice', '-n', '10'] as const;

interface HowToStart {
  readonly env?: Readonly<Record<string, string>>;
  readonly isNice?: boolean;
}

/** A process of Node, when it has said that it serves. */
async function start(
  name: string,
  args: readonly string[],
  { env = {}, isNice = false }: HowToStart,
): Promise<Started> {
  const [program, ...before] = isNice ? ([...NICE, process.execPath] as const) : [process.execPath];
  const child = owned(
    spawn(program, [...before, ...args], {
      cwd: SOURCES,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...surroundings(), ...env },
    }),
  );
  const line = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${name} is not ready in time`)), READY_MS);
    child.once('exit', (code) => reject(new Error(`${name} has ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', (text) => {
      clearTimeout(late);
      resolve(text);
    });
  });
  return { child, said: JSON.parse(line) as Started['said'] };
}
