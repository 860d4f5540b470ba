// A private cluster for a test that kills, freezes and restarts its nodes.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kafkaArtifacts } from './artifacts.js';
import { TestBroker, type NodePorts } from './broker.js';

export interface TestCluster {
  readonly brokers: readonly string[];
  /** The same nodes behind SASL: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, `SASL_USERNAME` and `SASL_PASSWORD`. */
  readonly saslBrokers: readonly string[];
  /** The same behind TLS, with the certificate of `test/fixtures/tls`. */
  readonly tlsBrokers: readonly string[];
  readonly version: string;
  /** Node ids count from 1: `nodes[0]` is node 1. */
  readonly nodes: readonly TestBroker[];
  /** Kills every node and removes its storage. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Undefined: this process. */
  readonly parentPid?: number;
  /** An empty one for all that the nodes keep; it goes with them. Undefined: a new one. */
  readonly directory?: string;
  /** Further options of the virtual machine; when left out, those that start soonest. */
  readonly jvm?: readonly string[];
}

/** Starts `count` nodes, each broker and controller. Rejects where Java or Maven are missing. */
export async function startBrokers(count: 1 | 3, options: ClusterOptions = {}): Promise<TestCluster> {
  const artifacts = await kafkaArtifacts();
  if (artifacts === undefined) throw new Error('A private Kafka cluster needs java (17) and mvn.');
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'lachan-test-kafka-')));
  const free = await freePorts(4 * count);
  const ports = Array.from({ length: count }, (_, index): NodePorts => ({
    plain: free[4 * index]!,
    sasl: free[4 * index + 1]!,
    tls: free[4 * index + 2]!,
    controller: free[4 * index + 3]!,
  }));
  const nodes = ports.map(
    (_, index) =>
      new TestBroker({
        id: index + 1,
        ports,
        directory: join(directory, String(index + 1)),
        removed: directory,
        artifacts,
        parentPid: options.parentPid ?? process.pid,
        jvm: options.jvm ?? ['-XX:TieredStopAtLevel=1'],
      }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    for (const node of nodes) await node.launch();
    await Promise.all(nodes.map((node) => node.ready()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers: nodes.map((node) => node.address),
    saslBrokers: nodes.map((node) => node.saslAddress),
    tlsBrokers: nodes.map((node) => node.tlsAddress),
    version: artifacts.version,
    nodes,
    stop,
  };
}

/** All are open at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
