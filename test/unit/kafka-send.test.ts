import { describe, expect, it } from 'vitest';

import { KafkaAppender } from '../../log/kafka-append.js';
import { DEFAULT_LIMITS, type KafkaLimits } from '../../log/kafka-options.js';
import type { ProduceAnswer, WireBroker } from '../../log/kafka-wire.js';
import type { LogRecord, Position } from '../../log/log.js';
import { decodeProduce, type DecodedProduce } from '../support/kafka/decode-produce.js';

const record = (value: string): LogRecord => ({ key: Buffer.from('k'), value: Buffer.from(value) });
const never = (): Promise<never> => Promise.reject(new Error('not part of this test'));
const HOUR_MS = 3_600_000;

/** A broker with one partition, which answers when it is told to, and at once after `answerAll`. */
class Broker {
  readonly requests: DecodedProduce[] = [];
  #end = 0;
  #held: (() => void)[] = [];
  #answering = false;
  /** How many of the next requests it fails. */
  failures = 0;

  answerAll(): void {
    this.#answering = true;
    for (const answer of this.#held.splice(0)) answer();
  }

  values(): string[][] {
    return this.requests.map(({ batches }) =>
      batches.flatMap(({ records }) => records.map(({ value }) => String(value))),
    );
  }

  async produce(body: Buffer): Promise<ProduceAnswer> {
    const request = await decodeProduce(body);
    this.requests.push(request);
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the connection has ended');
    }
    if (!this.#answering) await new Promise<void>((answer) => this.#held.push(answer));
    const topics = request.batches.map(({ topic, partition, records }) => {
      const baseOffset = String(this.#end);
      this.#end += records.length;
      return { topicName: topic ?? '', partitions: [{ partition, baseOffset }] };
    });
    return { topics };
  }
}

function appenderTo(
  broker: Broker,
  limits: Partial<KafkaLimits>,
): (value: string) => Promise<readonly Position[]> {
  const wire: WireBroker = {
    produce: (body) => broker.produce(body),
    fetch: never,
    joinGroup: never,
    syncGroup: never,
    heartbeat: never,
    leaveGroup: never,
    offsetCommit: never,
    offsetFetch: never,
  };
  const appender = new KafkaAppender(
    {
      countPartitions: () => Promise.resolve(1),
      leaderOf: () => '1',
      ask: (_, use) => use(wire),
      refresh: () => Promise.resolve(),
    },
    { ...DEFAULT_LIMITS, ...limits },
    () => new Promise((resolve) => setImmediate(resolve)),
    () => performance.now(),
  );
  return (value) => appender.append('t', [record(value)]);
}

const at = (offset: number) => [{ partition: 0, offset }];

describe('the log on Kafka sends', () => {
  it('what comes alone at once', async () => {
    const broker = new Broker();
    broker.answerAll();
    const append = appenderTo(broker, { lingerMs: HOUR_MS });
    expect(await append('a')).toEqual(at(0));
    expect(broker.values()).toEqual([['a']]);
  });

  it('what comes together in one request', async () => {
    const broker = new Broker();
    broker.answerAll();
    const append = appenderTo(broker, { lingerMs: HOUR_MS });
    expect(await Promise.all(['a', 'b', 'c'].map(append))).toEqual([at(0), at(1), at(2)]);
    expect(broker.values()).toEqual([['a', 'b', 'c']]);
  });

  it('what comes soon afterwards together, when the time to wait for others is over', async () => {
    const broker = new Broker();
    broker.answerAll();
    const lingerMs = 40;
    const append = appenderTo(broker, { lingerMs });
    const began = performance.now();
    await append('a');
    const second = append('b');
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([second, append('c')]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(lingerMs - 2);
    expect(broker.values()).toEqual([['a'], ['b', 'c']]);
  });

  it('a full batch at once, however long others could be waited for', async () => {
    const broker = new Broker();
    broker.answerAll();
    const append = appenderTo(broker, { lingerMs: HOUR_MS, maxBatchBytes: 1_000 });
    await append('a');
    const full = 'x'.repeat(1_000);
    expect(await append(full)).toEqual(at(1));
    expect(broker.values()).toEqual([['a'], [full]]);
  });

  it('one batch of a partition at a time: what comes meanwhile goes together afterwards, in order', async () => {
    const broker = new Broker();
    const append = appenderTo(broker, { lingerMs: 0 });
    const first = append('a');
    await expect.poll(() => broker.requests.length).toBe(1);
    const others = ['b', 'c', 'd'].map(append);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(broker.values()).toEqual([['a']]);
    broker.answerAll();
    expect(await first).toEqual(at(0));
    expect(await Promise.all(others)).toEqual([at(1), at(2), at(3)]);
    expect(broker.values()).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('a batch that has failed again, before anything that came later', async () => {
    const broker = new Broker();
    broker.answerAll();
    broker.failures = 2;
    const append = appenderTo(broker, { lingerMs: 0 });
    const first = append('a');
    await expect.poll(() => broker.requests.length).toBeGreaterThan(0);
    const second = append('b');
    expect(await first).toEqual(at(0));
    expect(await second).toEqual(at(1));
    expect(broker.values()).toEqual([['a'], ['a'], ['a'], ['b']]);
  });

  it('nothing of what was given up, and keeps none of it', async () => {
    const broker = new Broker();
    broker.failures = Infinity;
    const append = appenderTo(broker, { appendTimeoutMs: 30, maxInFlightBytes: 1 });
    await expect(append('a')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    broker.failures = 0;
    broker.answerAll();
    await expect.poll(() => append('b').catch(() => undefined)).toEqual(at(0));
    expect(broker.values().at(-1)).toEqual(['b']);
  });
});
