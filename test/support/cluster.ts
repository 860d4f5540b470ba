// A whole cluster for a test: a private broker, ClickHouse or its stand-in, and the roles as processes of their own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouseStandIn, type StandIn } from './clickhouse-http.js';
import { startBrokers, type TestCluster } from './kafka.js';
import {
  ChildUnderTest,
  lachan,
  listOf,
  recordOf,
  textOf,
  until,
  type Finished,
  type Row,
} from './lachan-process.js';

const READY_MS = 120_000;
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];

export type RoleName = 'gateway' | 'consumers' | 'console';

/** One process of a role. */
export class RoleProcess extends ChildUnderTest {
  /** `host:port`; of a gateway only. */
  grpc = '';
  /** `http://host:port` */
  http = '';
  pid = 0;

  /** Rejects when it ends before it serves. */
  async ready(): Promise<this> {
    const line = await until(
      'the role to serve',
      () => {
        if (this.stdout.includes('\n')) return this.stdout.slice(0, this.stdout.indexOf('\n'));
        if (this.hasEnded) throw new Error(`the role has ended: ${this.stderr.slice(-2_000)}`);
        return undefined;
      },
      READY_MS,
    );
    const said = recordOf(JSON.parse(line));
    this.http = textOf(said['http']);
    this.pid = Number(said['pid']);
    if (said['grpc'] !== undefined) this.grpc = textOf(said['grpc']);
    return this;
  }

  /** The numbers of `/metrics` by name, with their labels where they have some. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.http}/metrics`)).text();
    return new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    );
  }

  /** Status and body of `/healthz` or `/readyz`. */
  async asked(page: 'healthz' | 'readyz'): Promise<{ readonly status: number; readonly body: Row }> {
    const answer = await fetch(`${this.http}/${page}`);
    return { status: answer.status, body: recordOf(await answer.json()) };
  }
}

export class TestLachanCluster {
  readonly kafka: TestCluster;
  readonly store: StandIn;
  readonly keys: string;
  readonly privateKey: string;
  /** Options of every process. */
  readonly settings: readonly string[];
  readonly #root: string;
  readonly #started: ChildUnderTest[] = [];

  private constructor(root: string, kafka: TestCluster, store: StandIn, partitions: number) {
    this.#root = root;
    this.kafka = kafka;
    this.store = store;
    this.keys = join(root, 'keys');
    this.privateKey = join(root, 'keys-authority-key', 'authority-private.pem');
    const copies = String(kafka.nodes.length);
    this.settings = [
      ...['--kafka-brokers', kafka.brokers.join(), '--kafka-partitions', String(partitions)],
      ...['--kafka-replication', copies, '--kafka-min-insync-replicas', String(Math.min(2, Number(copies)))],
      ...['--clickhouse-url', store.url],
    ];
  }

  /** Broker and store are up, keys are made; nothing is migrated. */
  static async make({
    brokers = 1,
    partitions = 4,
  }: { readonly brokers?: 1 | 3; readonly partitions?: number } = {}): Promise<TestLachanCluster> {
    const root = await mkdtemp(join(tmpdir(), 'lachan-test-cluster-'));
    const kafka = await startBrokers(brokers);
    const store = await startClickHouseStandIn().catch(async (error: unknown) => {
      await kafka.stop();
      throw error;
    });
    const cluster = new TestLachanCluster(root, kafka, store, partitions);
    await cluster.mustRun('keys', 'make', '--out', cluster.keys);
    return cluster;
  }

  /** Ends whatever still runs here, and removes everything. */
  async remove(): Promise<void> {
    for (const child of this.#started) await child.kill();
    await this.store.stop();
    await this.kafka.stop();
    await rm(this.#root, { recursive: true, force: true });
  }

  /** A role from its first moment on; later options win. */
  begin(role: RoleName, ...options: readonly string[]): RoleProcess {
    const own = {
      gateway: [
        ...['--grpc-address', '127.0.0.1:0', '--identity-key-file', join(this.keys, 'identity.key')],
        ...['--authority-public-key-file', join(this.keys, 'authority-public.pem')],
      ],
      consumers: ['--landing-wait-ms', '200'],
      console: [],
    }[role];
    const shared = ['--json', '--http-address', '127.0.0.1:0', '--log-level', 'warn'];
    const args = [role, ...shared, ...own, ...this.settings, ...options];
    return this.#note(new RoleProcess(process.execPath, [...TYPESCRIPT, 'cli/main.ts', ...args]));
  }

  start(role: RoleName, ...options: readonly string[]): Promise<RoleProcess> {
    return this.begin(role, ...options).ready();
  }

  /** One command on the cluster, to its end. */
  run(...args: readonly string[]): Promise<Finished> {
    return this.#note(lachan({}, ...args, ...this.settings)).finished();
  }

  /** One command that needs no cluster and must succeed. */
  async mustRun(...args: readonly string[]): Promise<Finished> {
    const finished = await this.#note(lachan({}, ...args)).finished();
    if (finished.code !== 0) throw new Error(`lachan ${args.join(' ')}: ${finished.stderr.slice(-2_000)}`);
    return finished;
  }

  /** What a command that must succeed prints, read as JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`lachan ${args.join(' ')} ended with ${code}: ${stderr.slice(-2_000)}`);
    return JSON.parse(stdout);
  }

  /** A new credential; its token. */
  async provider(name: string): Promise<string> {
    return textOf(recordOf(await this.json('providers', 'add', name, '--json'))['token']);
  }

  /** Rows of the answer of ClickHouse. */
  async select(sql: string): Promise<readonly Row[]> {
    const answer = await fetch(`${this.store.url}/?database=lachan`, {
      method: 'POST',
      body: `${sql} FORMAT JSONEachRow`,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return listOf(
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line)),
    ).map(recordOf);
  }

  #note<T extends ChildUnderTest>(child: T): T {
    this.#started.push(child);
    return child;
  }
}
