// A real Kafka for tests: one that the environment names, else a container, else the broker from its Maven artifacts.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { kafkaArtifacts } from './kafka/artifacts.js';
import { startBrokers } from './kafka/cluster.js';

export { SASL_PASSWORD, SASL_USERNAME } from './kafka/broker.js';
export { startBrokers, type TestCluster } from './kafka/cluster.js';

export interface TestKafka {
  readonly brokers: readonly string[];
  readonly version: string;
  /** Begins the names of everything that one test makes; has `test` in it. */
  readonly prefix: string;
}

interface Shared {
  readonly brokers: readonly string[];
  readonly version: string;
}

const START_MS = 700_000;
const IMAGE = 'apache/kafka:4.4.0';

/**
 * The broker that all test files of a run share. Undefined where none is possible; rejects instead when
 * LACHAN_TEST_REQUIRE names kafka.
 */
export async function kafkaForTests(): Promise<TestKafka | undefined> {
  const shared = fromEnvironment() ?? (await sharedByTheRun());
  if (shared === undefined) {
    refuseToSkip('a Kafka: set LACHAN_TEST_KAFKA_BROKERS, or have Docker, or java (17) and mvn');
    return undefined;
  }
  return { ...shared, prefix: `test-${randomUUID()}` };
}

/**
 * Whether `startBrokers` can: brokers that a test kills are processes of its own, wherever the shared one is from.
 * Rejects instead of false when LACHAN_TEST_REQUIRE names kafka.
 */
export async function mayStartBrokers(): Promise<boolean> {
  if ((await kafkaArtifacts()) !== undefined) return true;
  refuseToSkip('brokers to kill: have java (17) and mvn');
  return false;
}

function refuseToSkip(missing: string): void {
  if ((process.env['LACHAN_TEST_REQUIRE'] ?? '').split(',').includes('kafka'))
    throw new Error(`Tests need ${missing}.`);
}

function fromEnvironment(): Shared | undefined {
  const brokers = process.env['LACHAN_TEST_KAFKA_BROKERS'];
  return brokers === undefined ? undefined : { brokers: brokers.split(','), version: 'as it is' };
}

/** The first test file that asks starts it, the others wait; it ends with the run (`kafka/global-setup.ts`). */
async function sharedByTheRun(): Promise<Shared | undefined> {
  const run = process.env['LACHAN_TEST_RUN_PID'] ?? String(process.pid);
  const directory = join(tmpdir(), `lachan-test-kafka-run-${run}`);
  const ready = join(directory, 'ready.json');
  const first = await mkdir(directory).then(
    () => true,
    () => false,
  );
  if (first) {
    const tell = async (what: unknown): Promise<void> => {
      await writeFile(`${ready}.new`, JSON.stringify(what));
      await rename(`${ready}.new`, ready);
    };
    const started = await start(Number(run), directory).catch(async (error: unknown) => {
      await tell({ failed: String(error) });
      throw error;
    });
    await tell(started ?? null);
    if (started !== undefined)
      process.stdout.write(`Tests use Apache Kafka ${started.version} at ${started.brokers.join()}.\n`);
    return started;
  }
  const giveUp = performance.now() + START_MS;
  while (performance.now() < giveUp) {
    const text = await readFile(ready, 'utf8').catch(() => undefined);
    if (text !== undefined) return toShared(JSON.parse(text));
    await setTimeout(100);
  }
  throw new Error(`The Kafka of this run has not started within ${START_MS} ms.`);
}

async function start(parentPid: number, directory: string): Promise<Shared | undefined> {
  const container = await startContainer();
  if (container !== undefined) return container;
  if ((await kafkaArtifacts()) === undefined) return undefined;
  const { brokers, version } = await startBrokers(1, { parentPid, directory });
  return { brokers, version };
}

/** Undefined where no Docker engine answers. The container ends with the run: that is its reaper's work. */
async function startContainer(): Promise<Shared | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const answers = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  if (!answers) return undefined;
  const { startKafkaContainer } = await import('./kafka/container.js');
  return { brokers: [await startKafkaContainer(IMAGE)], version: IMAGE };
}

function toShared(value: unknown): Shared | undefined {
  if (value === null) return undefined;
  if (typeof value === 'object' && 'brokers' in value && 'version' in value && Array.isArray(value.brokers))
    return { brokers: value.brokers.map(String), version: String(value.version) };
  throw new Error(`The Kafka of this run has not started: ${JSON.stringify(value)}`);
}
