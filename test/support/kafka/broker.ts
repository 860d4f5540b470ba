// One broker as a process: formatted, started, killed, frozen and started again over the same storage.
import { spawn, spawnSync } from 'node:child_process';
import { openSync, closeSync, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { KafkaArtifacts } from './artifacts.js';

const LOG4J = fileURLToPath(new URL('./log4j2.properties', import.meta.url));
const TLS = new URL('../../fixtures/tls/', import.meta.url);
const KEY_STORE = 'server.pem';
const START_MS = 90_000;
export const SASL_USERNAME = 'lachan-test';
export const SASL_PASSWORD = 'not-a-secret';
const CLUSTER_ID = 'bGFjaGFuLXRlc3QtMDAwMA';

/** Where one node listens: for clients, for clients with SASL, for clients with TLS, for other controllers. */
export interface NodePorts {
  readonly plain: number;
  readonly sasl: number;
  readonly tls: number;
  readonly controller: number;
}

export interface NodePlan {
  readonly id: number;
  /** All nodes of the cluster, the first is node 1. */
  readonly ports: readonly NodePorts[];
  readonly directory: string;
  /** Removed after the end of `parentPid`: the directory of the whole cluster. */
  readonly removed: string;
  readonly artifacts: KafkaArtifacts;
  /** The broker ends with this process, however that ends. */
  readonly parentPid: number;
  readonly jvm: readonly string[];
}

export class TestBroker {
  readonly id: number;
  readonly address: string;
  readonly saslAddress: string;
  readonly tlsAddress: string;
  readonly #plan: NodePlan;
  #pid = 0;

  constructor(plan: NodePlan) {
    this.id = plan.id;
    this.#plan = plan;
    this.address = `127.0.0.1:${this.#ports.plain}`;
    this.saslAddress = `127.0.0.1:${this.#ports.sasl}`;
    this.tlsAddress = `127.0.0.1:${this.#ports.tls}`;
  }

  get pid(): number {
    return this.#pid;
  }

  get #ports(): NodePorts {
    return this.#plan.ports[this.id - 1]!;
  }

  /** Formats the storage if that was never done, starts the process; resolves when clients can connect. */
  async start(): Promise<void> {
    await this.launch();
    await this.ready();
  }

  /** As `start`, but does not wait: nodes of one cluster need each other to become ready. */
  async launch(): Promise<void> {
    const { directory } = this.#plan;
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, KEY_STORE), await readCertificate());
    const properties = join(directory, 'server.properties');
    await writeFile(properties, this.#properties());
    if (!existsSync(join(directory, 'data', 'meta.properties'))) this.#format(properties);
    const output = openSync(join(directory, 'broker.out'), 'a');
    const { classPath } = this.#plan.artifacts;
    const child = spawn(
      'java',
      [...this.#jvm(), '-Xmx384m', ...this.#plan.jvm, '-cp', classPath, 'kafka.Kafka', properties],
      { detached: true, stdio: ['ignore', output, output] },
    );
    closeSync(output);
    await once(child, 'spawn');
    child.unref();
    this.#pid = child.pid!;
    endWith(this.#plan.parentPid, this.#pid, this.#plan.removed);
  }

  async ready(): Promise<void> {
    const giveUp = performance.now() + START_MS;
    while (!(await canConnect(this.#ports.plain))) {
      if (performance.now() > giveUp || !isAlive(this.#pid)) {
        const said = await readFile(join(this.#plan.directory, 'broker.out'), 'utf8');
        throw new Error(`Broker ${this.id} has not started: ${said.slice(-3_000)}`);
      }
      await setTimeout(50);
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    signal(this.#pid, 'SIGKILL');
    while (isAlive(this.#pid)) await setTimeout(10);
  }

  freeze(): void {
    signal(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    signal(this.#pid, 'SIGCONT');
  }

  #jvm(): string[] {
    return ['-XX:+UseSerialGC', '-XX:-UsePerfData', `-Dlog4j2.configurationFile=${LOG4J}`];
  }

  #format(properties: string): void {
    const { status, stderr, stdout } = spawnSync(
      'java',
      [
        ...this.#jvm(),
        '-XX:TieredStopAtLevel=1',
        ...['-cp', this.#plan.artifacts.classPath, 'kafka.tools.StorageTool', 'format'],
        ...['--config', properties, '--cluster-id', CLUSTER_ID],
        ...['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
          '--add-scram',
          `${mechanism}=[name=${SASL_USERNAME},password=${SASL_PASSWORD}]`,
        ]),
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`The storage could not be formatted: ${stdout}${stderr}`);
  }

  #properties(): string {
    const { ports, directory, id } = this.#plan;
    const { plain, sasl, tls, controller } = this.#ports;
    const replication = ports.length;
    const voters = ports.map((one, index) => `${index + 1}@127.0.0.1:${one.controller}`).join();
    const login = (name: string, more: string): string =>
      `org.apache.kafka.common.security.${name} required ${more};`;
    const listener = 'listener.name.sasl_plaintext';
    const settings: Record<string, string | number | boolean> = {
      'process.roles': 'broker,controller',
      'node.id': id,
      'controller.quorum.voters': voters,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map':
        'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': join(directory, KEY_STORE),
      listeners: `PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},SSL://127.0.0.1:${tls},CONTROLLER://127.0.0.1:${controller}`,
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      [`${listener}.plain.sasl.jaas.config`]: login(
        'plain.PlainLoginModule',
        `user_${SASL_USERNAME}="${SASL_PASSWORD}"`,
      ),
      [`${listener}.scram-sha-256.sasl.jaas.config`]: login('scram.ScramLoginModule', ''),
      [`${listener}.scram-sha-512.sasl.jaas.config`]: login('scram.ScramLoginModule', ''),
      'log.dirs': join(directory, 'data'),
      'auto.create.topics.enable': false,
      'unclean.leader.election.enable': false,
      'default.replication.factor': replication,
      'offsets.topic.replication.factor': replication,
      'offsets.topic.num.partitions': 1,
      'min.insync.replicas': Math.min(2, replication),
      'transaction.state.log.replication.factor': replication,
      'transaction.state.log.min.isr': 1,
      'share.coordinator.state.topic.replication.factor': replication,
      'share.coordinator.state.topic.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
      'group.min.session.timeout.ms': 1_000,
      'broker.session.timeout.ms': 4_000,
      'broker.heartbeat.interval.ms': 500,
      'log.cleaner.dedupe.buffer.size': 8_388_608,
      'num.network.threads': 2,
      'num.io.threads': 4,
      'log.retention.check.interval.ms': 3_600_000,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name);
}

function isAlive(pid: number): boolean {
  // Danger: as a pid, 0 means all of one's own group.
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Key and certificate of the server, as Kafka wants them: in one file. */
async function readCertificate(): Promise<string> {
  const files = ['server-key.pem', 'server.pem'].map((name) => readFile(new URL(name, TLS), 'utf8'));
  return (await Promise.all(files)).join('');
}

/** A test run that is killed cannot tidy up: a shell waits for its end and does it. */
function endWith(parentPid: number, pid: number, directory: string): void {
  const script =
    'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done;' +
    ' kill -0 "$1" 2>/dev/null || { kill -9 "$2" 2>/dev/null; rm -rf "$3"; }';
  spawn('sh', ['-c', script, 'end-with', String(parentPid), String(pid), directory], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
