// A ClickHouse for tests, over HTTP: the server of LACHAN_TEST_CLICKHOUSE_URL, else a container where a Docker engine
// answers, else the stand-in: chDB, the same engine, behind HTTP in a process of its own, which can be told to fail.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildUnderTest, recordOf, textOf, until } from './lachan-process.js';

/**
 * What the stand-in does instead of answering properly. `before` and `after`: the block lands.
 *
 * - reset-before, reset-after: reads the request, then resets the connection
 * - silent-before, silent-after: reads the request, and never answers
 * - half-open: never reads the request, never answers
 * - reset-unread: resets the connection when a request comes
 * - late, slow: begins, or answers, `ms` later than it could
 * - status-after: answers with an HTTP status and no number of the engine, as a proxy would
 * - exception: answers with the engine's error, without doing anything
 * - exception-in-body: answers with status 200 and, in the body, with the engine's error
 * - cut-answer: breaks the connection off in the middle of the answer
 */
export type StandInFault = (
  | {
      readonly kind:
        | 'reset-before'
        | 'reset-after'
        | 'reset-unread'
        | 'silent-before'
        | 'silent-after'
        | 'half-open'
        | 'cut-answer';
    }
  | { readonly kind: 'late' | 'slow'; readonly ms: number }
  | { readonly kind: 'status-after'; readonly status: number }
  | { readonly kind: 'exception' | 'exception-in-body'; readonly code: number; readonly name: string }
) & {
  /** How often. Default 1. */
  readonly times?: number;
  /** Which requests. Default: blocks of rows. */
  readonly on?: 'insert' | 'query';
  /** Blocks of this table only. */
  readonly table?: string;
};

export interface StandInOptions {
  /** Made, and removed at the end, when left out. */
  readonly directory?: string;
  /** After so long the server closes an idle connection. Default 10,000. */
  readonly keepAliveMs?: number;
  /** PEM: makes it https. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Default: `default` without a password. */
  readonly user?: { readonly username: string; readonly password: string };
}

export interface StandIn {
  readonly url: string;
  /** The engine's version. */
  readonly version: string;
  /** Faults of the next requests, behind those that are still to come. */
  fail(...faults: readonly StandInFault[]): Promise<void>;
  /** How many faults are still to come. */
  faultsLeft(): Promise<number>;
  /** No fault is still to come. */
  heal(): Promise<void>;
  /** SIGKILL, and until the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP or SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Again, after `kill`, over the same directory at the same address. */
  restart(): Promise<void>;
  /** Ends it, and removes what it made. */
  stop(): Promise<void>;
}

const CHILD = 'test/support/clickhouse-http-child.ts';
const TYPESCRIPT = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
const READY_MS = 60_000;

/** What the child is told. */
export interface ChildOptions extends Omit<StandInOptions, 'directory'> {
  readonly directory: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where faults are asked for: a server of its own, so that what is asked for does not meet them. */
  readonly controlPort: number;
}

export async function startClickHouseStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'lachan-test-clickhouse-')));
  let ports = { port: 0, controlPort: 0 };
  let child: ChildUnderTest;

  const begin = async (): Promise<{ readonly version: string }> => {
    const childOptions: ChildOptions = { ...options, directory, ...ports };
    child = new ChildUnderTest(process.execPath, [...TYPESCRIPT, CHILD, JSON.stringify(childOptions)]);
    const line = await until(
      'the stand-in to serve',
      () => {
        if (child.hasEnded) throw new Error(`the stand-in has ended: ${child.stderr.slice(-2_000)}`);
        return child.stdout.includes('\n') ? child.stdout.slice(0, child.stdout.indexOf('\n')) : undefined;
      },
      READY_MS,
    );
    const said = recordOf(JSON.parse(line));
    ports = { port: Number(said['port']), controlPort: Number(said['controlPort']) };
    return { version: textOf(said['version']) };
  };
  const control = async (method: 'POST' | 'GET' | 'DELETE', faults?: readonly StandInFault[]) => {
    const body = faults === undefined ? {} : { body: JSON.stringify(faults) };
    const answer = await fetch(`http://127.0.0.1:${ports.controlPort}/`, { method, ...body });
    if (!answer.ok) throw new Error(`the stand-in refuses: ${await answer.text()}`);
    return Number(await answer.text());
  };

  const { version } = await begin();
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${ports.port}`,
    version,
    async fail(...faults) {
      await control('POST', faults);
    },
    faultsLeft: () => control('GET'),
    async heal() {
      await control('DELETE');
    },
    kill: () => child.kill(),
    signal: (name) => child.signal(name),
    async restart() {
      await begin();
    },
    async stop() {
      await child.kill();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface ClickHouseForTests {
  readonly kind: 'server' | 'container' | 'stand-in';
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  stop(): Promise<void>;
}

const IMAGE = 'clickhouse/clickhouse-server:26.7';
const PASSWORD = 'test-only';

/** `LACHAN_TEST_REQUIRE` naming `clickhouse` makes a missing server an error: the stand-in is then none. */
export async function clickHouseForTests(): Promise<ClickHouseForTests> {
  const { LACHAN_TEST_CLICKHOUSE_URL: address, LACHAN_TEST_REQUIRE: required = '' } = process.env;
  if (address !== undefined && address !== '') return serverAt(new URL(address));
  const container = await startContainer();
  if (container !== undefined) return container;
  if (required.split(',').includes('clickhouse')) throw new Error('no ClickHouse server for the tests');
  const standIn = await startClickHouseStandIn();
  const { url, version } = standIn;
  return { kind: 'stand-in', url, version, username: 'default', password: '', stop: () => standIn.stop() };
}

/** The credentials stand in the address, as in `http://name:password@host:8123`. */
async function serverAt(address: URL): Promise<ClickHouseForTests> {
  const username = decodeURIComponent(address.username) || 'default';
  const password = decodeURIComponent(address.password);
  const url = address.origin;
  const version = await versionOf(url, username, password);
  return { kind: 'server', url, username, password, version, stop: () => Promise.resolve() };
}

async function startContainer(): Promise<ClickHouseForTests | undefined> {
  const docker = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
  if (docker.status !== 0) return undefined;
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ CLICKHOUSE_USER: 'default', CLICKHOUSE_PASSWORD: PASSWORD })
    .withExposedPorts(8123)
    .withUlimits({ nofile: { soft: 262_144, hard: 262_144 } })
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .start();
  const url = `http://${container.getHost()}:${container.getMappedPort(8123)}`;
  const version = await versionOf(url, 'default', PASSWORD);
  return {
    kind: 'container',
    url,
    version,
    username: 'default',
    password: PASSWORD,
    async stop() {
      await container.stop();
    },
  };
}

async function versionOf(url: string, username: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/?query=${encodeURIComponent('SELECT version()')}`, {
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
  });
  if (!answer.ok) throw new Error(`ClickHouse answers with status ${answer.status}`);
  return (await answer.text()).trim();
}
