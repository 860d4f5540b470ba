// The log on Apache Kafka 4.x as a whole: what is appended, who reads it, and how all of it ends.
import { setTimeout as pause } from 'node:timers/promises';

import { KafkaAppender } from './kafka-append.js';
import { groupProtocol, openClient, openCluster, toTopicAdmin } from './kafka-client.js';
import { KafkaConnection } from './kafka-connection.js';
import { isWrongCredentials, toFault, within } from './kafka-fault.js';
import { DEFAULT_LIMITS, type KafkaEvent, type KafkaLimits, type KafkaLogOptions } from './kafka-options.js';
import { KafkaSubscription } from './kafka-subscribe.js';
import { ensureTopic } from './kafka-topics.js';
import { checkName } from './limits.js';
import { LogFault, type Log } from './log.js';

export type { KafkaEvent, KafkaLogOptions } from './kafka-options.js';

const ENSURE_MS = 60_000;

/** Opens the log. Rejects `LogFault`: UNAVAILABLE when no broker answers, REFUSED for wrong credentials. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { limits, onEvent } = withDefaults(options);
  const client = openClient(options, limits, onEvent);
  const connect = (): KafkaConnection =>
    new KafkaConnection({ open: () => openCluster(client), limits, pause, onEvent });

  const questions = connect();
  const appends = connect();
  const appender = new KafkaAppender(appends, limits, pause, options.now);
  const subscriptions = new Set<KafkaSubscription>();
  try {
    await questions.connect();
  } catch (error) {
    await questions.close();
    throw toOpenFault(error);
  }

  const closeAll = async (): Promise<void> => {
    await Promise.all([...subscriptions].map((subscription) => subscription.close()));
    await appender.close();
    await Promise.all([questions.close(), appends.close()]);
  };
  let closing: Promise<void> | undefined;
  const checkOpen = (): void => {
    if (closing !== undefined) throw new LogFault('UNAVAILABLE', 'The log is closed.');
  };

  return {
    append: (topic, records) => appender.append(topic, records),
    async read(group, topics, onAssigned) {
      checkName('group', group);
      for (const topic of topics) checkName('topic', topic);
      checkOpen();
      const connection = connect();
      try {
        for (const topic of topics) await connection.countPartitions(topic);
        checkOpen();
      } catch (error) {
        await connection.close();
        throw error;
      }
      const { now } = options;
      const subscription = new KafkaSubscription(
        { connection, group, topics, limits, protocol: groupProtocol, now, onEvent },
        onAssigned,
      );
      subscriptions.add(subscription);
      const forget = (): void => void subscriptions.delete(subscription);
      subscription.ended.then(forget, forget);
      return subscription;
    },
    async extents(topic) {
      checkName('topic', topic);
      return questions.extents(topic);
    },
    async committed(group, topic) {
      checkName('group', group);
      checkName('topic', topic);
      return questions.committed(group, topic);
    },
    close: () => (closing ??= closeAll()),
  };
}

/** Makes missing topics and checks those that exist. Rejects REFUSED, naming every setting that is wrong. */
export async function ensureTopics(options: KafkaLogOptions, names: readonly string[]): Promise<void> {
  const { limits, onEvent } = withDefaults(options);
  for (const name of names) checkName('topic', name);
  const admin = openClient(options, limits, onEvent).admin();
  const ensureAll = async (): Promise<void> => {
    await admin.connect();
    for (const name of names) await ensureTopic(toTopicAdmin(admin), name, options.topics, onEvent, pause);
  };
  try {
    await within(ENSURE_MS, ensureAll());
  } catch (error) {
    throw toOpenFault(error);
  } finally {
    await Promise.allSettled([within(limits.requestTimeoutMs, admin.disconnect())]);
  }
}

function withDefaults(options: KafkaLogOptions): {
  limits: KafkaLimits;
  onEvent: (event: KafkaEvent) => void;
} {
  return {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    onEvent: options.onEvent ?? (() => undefined),
  };
}

const toOpenFault = (error: unknown): LogFault =>
  isWrongCredentials(error)
    ? new LogFault('REFUSED', 'Kafka refuses the user name or password.', { cause: error })
    : toFault('at all', error);
