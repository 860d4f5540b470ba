// What the log on Kafka promises while brokers and members die, freeze and come back. Real brokers, really killed.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import { ensureTopics, openKafkaLog, type KafkaEvent, type KafkaLogOptions } from '../../log/kafka.js';
import { LogFault, type Log, type LogRecord } from '../../log/log.js';
import { kafkaLogOptions } from '../support/kafka/log-options.js';
import {
  mayStartBrokers,
  SASL_PASSWORD,
  SASL_USERNAME,
  startBrokers,
  type TestCluster,
} from '../support/kafka.js';

const TOPIC = 'test-topic';
const GROUP = 'test-group';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RECOVERY_MS = 60_000;
const mayRun = await mayStartBrokers();

const valueOf = (index: number): LogRecord => ({
  key: Buffer.from(`key-${index % 50}`),
  value: Buffer.from(`value-${index}`),
});

/** Appends batches one after the other, each until it is acknowledged. */
class Appending {
  readonly acknowledged = new Set<string>();
  readonly faults: unknown[] = [];
  slowestMs = 0;
  readonly #log: Log;
  readonly #ended: Promise<void>;
  #stopped = false;

  constructor(log: Log) {
    this.#log = log;
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let next = 0; !this.#stopped; next += 20) {
      const records = Array.from({ length: 20 }, (_, index) => valueOf(next + index));
      const began = performance.now();
      while (!(await this.#append(records))) await pause(50);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
      for (const { value } of records) this.acknowledged.add(Buffer.from(value).toString());
      await pause(5);
    }
  }

  async #append(records: readonly LogRecord[]): Promise<boolean> {
    try {
      await this.#log.append(TOPIC, records);
      return true;
    } catch (error) {
      this.faults.push(error);
      if (error instanceof LogFault && error.retryable) return false;
      throw error;
    }
  }
}

/** Reads all partitions, committing what was read; notes each record and whether offsets were dense. */
class Reading {
  readonly arrived = new Set<string>();
  readonly gaps: string[] = [];
  readonly #next = new Map<number, number>();
  readonly #log: Log;
  #close: () => Promise<void> = () => Promise.resolve();
  ended: Promise<void> = Promise.resolve();

  constructor(log: Log) {
    this.#log = log;
  }

  async start(): Promise<void> {
    const subscription = await this.#log.read(GROUP, [TOPIC], async (reader) => {
      const { partition } = reader;
      let next = reader.committed?.offset ?? 0;
      if (next < (this.#next.get(partition) ?? 0)) this.gaps.push(`commit of ${partition} went back`);
      while (reader.owned()) {
        const taken = await reader.take({ maxRecords: 1_000, maxBytes: 1_000_000, maxWaitMs: 200 });
        for (const { offset, value } of taken) {
          if (offset !== next) this.gaps.push(`${partition}: ${offset} instead of ${next}`);
          next = offset + 1;
          this.arrived.add(Buffer.from(value).toString());
        }
        if (taken.length === 0) continue;
        try {
          await reader.commit(next, '');
          this.#next.set(partition, next);
        } catch (error) {
          if (!(error instanceof LogFault && error.code === 'NOT_OWNER')) throw error;
        }
      }
    });
    this.#close = () => subscription.close();
    this.ended = subscription.ended;
    this.ended.catch((fault: unknown) => this.gaps.push(String(fault)));
  }

  /** Resolves when all of `values` have arrived; rejects with what went wrong, or when that takes too long. */
  async untilArrived(values: ReadonlySet<string>): Promise<void> {
    const missing = (): number => [...values].filter((value) => !this.arrived.has(value)).length;
    await expect.poll(() => [this.gaps, missing()], { timeout: RECOVERY_MS, interval: 200 }).toEqual([[], 0]);
  }

  stop(): Promise<void> {
    return this.#close();
  }
}

describe.skipIf(!mayRun)('the log on Kafka, while brokers and members die', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function cluster(count: 1 | 3): Promise<TestCluster> {
    const started = await startBrokers(count);
    ends.push(() => started.stop());
    return started;
  }

  async function open(options: KafkaLogOptions): Promise<Log> {
    const log = await openKafkaLog(options);
    ends.push(() => log.close());
    return log;
  }

  it('logs in with PLAIN and SCRAM, and refuses to open with a wrong password; TLS trusts one authority', async () => {
    const { saslBrokers, tlsBrokers } = await cluster(1);
    const [ca, otherCa] = await Promise.all(
      ['ca.pem', 'other-ca.pem'].map((name) =>
        readFile(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8'),
      ),
    );
    const trusting = kafkaLogOptions(tlsBrokers, { tls: { ca: ca! } });
    await ensureTopics(trusting, [TOPIC]);
    expect(await (await open(trusting)).append(TOPIC, [valueOf(1)])).toHaveLength(1);
    const distrusting = kafkaLogOptions(tlsBrokers, { tls: { ca: otherCa! } });
    await expect(openKafkaLog(distrusting)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const sasl = { mechanism, username: SASL_USERNAME, password: SASL_PASSWORD };
      const options = kafkaLogOptions(saslBrokers, { sasl });
      const topic = `${TOPIC}-${mechanism}`;
      await ensureTopics(options, [topic]);
      const log = await open(options);
      expect(await log.append(topic, [valueOf(1)])).toHaveLength(1);
      const wrong = { ...options, sasl: { ...sasl, password: 'wrong' } };
      await expect(openKafkaLog(wrong)).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(ensureTopics(wrong, [topic])).rejects.toMatchObject({ code: 'REFUSED' });
    }
  });

  it('recovers by itself when the only broker is killed and started again, and loses nothing', async () => {
    const { brokers, nodes } = await cluster(1);
    const events: KafkaEvent[] = [];
    const options = kafkaLogOptions(brokers, { onEvent: (event) => events.push(event) });
    await ensureTopics(options, [TOPIC]);
    const log = await open(options);
    const reading = new Reading(log);
    await reading.start();
    const appending = new Appending(log);
    for (let round = 0; round < 2; round += 1) {
      const before = appending.acknowledged.size;
      await expect
        .poll(() => appending.acknowledged.size, { timeout: RECOVERY_MS })
        .toBeGreaterThan(before + 200);
      await nodes[0]!.kill();
      await pause(2_000);
      await nodes[0]!.start();
      const back = performance.now();
      const since = appending.acknowledged.size;
      await expect
        .poll(() => appending.acknowledged.size, { timeout: RECOVERY_MS })
        .toBeGreaterThan(since + 200);
      const arrived = reading.arrived.size;
      await expect.poll(() => reading.arrived.size, { timeout: RECOVERY_MS }).toBeGreaterThan(arrived);
      expect(performance.now() - back).toBeLessThan(20_000);
    }
    await appending.stop();
    await reading.untilArrived(appending.acknowledged);
    await reading.stop();
    await reading.ended;
    expect(reading.gaps).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['UNREACHABLE', 'REACHABLE']));
  });

  it('loses nothing acknowledged when the leader of a partition is killed under load', async () => {
    const { brokers, nodes } = await cluster(3);
    const options = kafkaLogOptions(brokers, {
      topics: { partitions: 3, replication: 3, minInsyncReplicas: 2, retentionMs: 3_600_000 },
    });
    await ensureTopics(options, [TOPIC]);
    const log = await open(options);
    const reading = new Reading(log);
    await reading.start();
    const appending = new Appending(log);
    for (const node of nodes) {
      const before = appending.acknowledged.size;
      await expect
        .poll(() => appending.acknowledged.size, { timeout: RECOVERY_MS })
        .toBeGreaterThan(before + 200);
      // Each of the three leads one of the partitions.
      await node.kill();
      const killed = appending.acknowledged.size;
      await expect
        .poll(() => appending.acknowledged.size, { timeout: RECOVERY_MS })
        .toBeGreaterThan(killed + 400);
      await node.start();
    }
    await appending.stop();
    await reading.untilArrived(appending.acknowledged);
    await reading.stop();
    expect(reading.gaps).toEqual([]);
  });

  it('keeps memory bounded and answers in time while the broker does not', async () => {
    const { brokers, nodes } = await cluster(1);
    const appendTimeoutMs = 3_000;
    const limits = { maxInFlightBytes: 1_000_000, appendTimeoutMs };
    const options = kafkaLogOptions(brokers, { limits: { ...kafkaLogOptions([]).limits, ...limits } });
    await ensureTopics(options, [TOPIC]);
    const log = await open(options);
    await log.append(TOPIC, [valueOf(1)]);
    const large = { key: Buffer.from('k'), value: new Uint8Array(150_000) };
    const unavailable = { name: 'LogFault', code: 'UNAVAILABLE', retryable: true };
    for (const trouble of ['freeze', 'kill'] as const) {
      await nodes[0]![trouble]();
      const waiting = Array.from({ length: 6 }, () => {
        const began = performance.now();
        return log.append(TOPIC, [large]).then(
          () => undefined,
          (fault: unknown) => ({ fault, afterMs: performance.now() - began }),
        );
      });
      const began = performance.now();
      await expect(log.append(TOPIC, [large])).rejects.toMatchObject(unavailable);
      expect(performance.now() - began).toBeLessThan(appendTimeoutMs / 2);
      for (const answer of await Promise.all(waiting)) {
        expect(answer?.fault).toMatchObject(unavailable);
        expect(answer?.afterMs).toBeLessThan(appendTimeoutMs + 2_000);
      }
      if (trouble === 'freeze') nodes[0]!.thaw();
      else await nodes[0]!.start();
      // Nothing is kept of what was given up: there is room for as much again.
      const appended = async (): Promise<number> =>
        Promise.all(Array.from({ length: 6 }, () => log.append(TOPIC, [large]))).then(
          (positions) => positions.length,
          () => 0,
        );
      await expect.poll(appended, { timeout: RECOVERY_MS }).toBe(6);
    }
  });

  it('takes everything from a member that was frozen beyond its session, before it can do anything', async () => {
    const { brokers } = await cluster(1);
    const options = kafkaLogOptions(brokers, {
      topics: { partitions: 1, replication: 1, minInsyncReplicas: 1, retentionMs: 3_600_000 },
    });
    await ensureTopics(options, [TOPIC]);
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=lachan-source', '--import', './cli/run-typescript.js'],
        ...['test/support/kafka/read-child.ts', brokers.join(), GROUP, TOPIC],
      ],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    ends.push(async () => {
      child.kill('SIGKILL');
      await Promise.resolve();
    });
    const said: unknown[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)));
    await expect.poll(() => said, { timeout: RECOVERY_MS }).toContainEqual({ assigned: 0 });

    const log = await open(options);
    child.kill('SIGSTOP');
    const mine: string[] = [];
    const subscription = await log.read(GROUP, [TOPIC], async (reader) => {
      await reader.commit(1, 'of the new owner');
      mine.push('committed');
      while (reader.owned()) await reader.take({ maxRecords: 1, maxBytes: 1, maxWaitMs: 100 });
    });
    await expect.poll(() => mine, { timeout: RECOVERY_MS }).toEqual(['committed']);
    child.kill('SIGCONT');
    await expect
      .poll(() => said, { timeout: RECOVERY_MS })
      .toContainEqual({
        woken: 0,
        owned: false,
        revoked: true,
        commit: 'NOT_OWNER',
      });
    expect((await log.committed(GROUP, TOPIC))[0]).toEqual({ offset: 1, metadata: 'of the new owner' });
    await subscription.close();
  });
});
