// Topics are made and checked at start: a wrong setting would lose records months later.
import type { KafkaEvent, TopicSettings } from './kafka-options.js';
import { LogFault } from './log.js';

/** Room for the largest record of the log with all that stands around it. */
const MAX_MESSAGE_BYTES = 2_097_152;
const FIND_ATTEMPTS = 25;
const FIND_PAUSE_MS = 200;

/** What is found at the brokers. */
export interface FoundTopic {
  readonly replicas: readonly number[];
  readonly settings: ReadonlyMap<string, string>;
}

/** What is needed of an administrator's connection. */
export interface TopicAdmin {
  /** Undefined: no such topic. `replicas` counts those of each partition. */
  find(topic: string): Promise<FoundTopic | undefined>;
  /** False when somebody else has just made it. */
  create(
    topic: string,
    partitions: number,
    replication: number,
    settings: Record<string, string>,
  ): Promise<boolean>;
}

/** Settings by name: the value to make a topic with, and whether a found value will do. */
function rules({
  minInsyncReplicas,
  retentionMs,
}: TopicSettings): readonly [string, string, (found: string) => boolean][] {
  const atLeast =
    (least: number) =>
    (found: string): boolean =>
      found === '-1' || Number(found) >= least;
  const exactly =
    (value: string) =>
    (found: string): boolean =>
      found === value;
  return [
    ['cleanup.policy', 'delete', exactly('delete')],
    ['min.insync.replicas', String(minInsyncReplicas), atLeast(minInsyncReplicas)],
    ['retention.ms', String(retentionMs), atLeast(retentionMs)],
    // A limit by size would delete what nobody has read yet.
    ['retention.bytes', '-1', exactly('-1')],
    ['max.message.bytes', String(MAX_MESSAGE_BYTES), atLeast(MAX_MESSAGE_BYTES)],
    // Age counts by the broker's clock: a gateway whose clock is wrong must not make records live too short.
    ['message.timestamp.type', 'LogAppendTime', exactly('LogAppendTime')],
    ['unclean.leader.election.enable', 'false', exactly('false')],
  ];
}

/** Rejects `LogFault` (REFUSED) with every setting that is wrong. */
export async function ensureTopic(
  admin: TopicAdmin,
  topic: string,
  settings: TopicSettings,
  onEvent: (event: KafkaEvent) => void,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const { partitions, replication } = settings;
  const needed = rules(settings);
  let found = await admin.find(topic);
  if (found === undefined) {
    const values = Object.fromEntries(needed.map(([name, value]) => [name, value]));
    if (await admin.create(topic, partitions, replication, values)) onEvent({ kind: 'TOPIC_CREATED', topic });
    // The brokers learn of it one after the other.
    for (let attempt = 0; found === undefined && attempt < FIND_ATTEMPTS; attempt += 1) {
      found = await admin.find(topic);
      if (found === undefined) await pause(FIND_PAUSE_MS);
    }
  }
  if (found === undefined) throw new LogFault('UNAVAILABLE', `${topic} was made and is not there yet.`);

  const wrong = needed.flatMap(([name, value, fits]) => {
    const is = found.settings.get(name) ?? '';
    return fits(is) ? [] : [`${name} is ${is}, needed is ${value}`];
  });
  if (found.replicas.length !== partitions)
    wrong.push(
      `it has ${found.replicas.length} partitions, configured are ${partitions} (they cannot be changed later)`,
    );
  const fewest = Math.min(...found.replicas);
  if (fewest < replication) wrong.push(`a partition has ${fewest} replicas, needed are ${replication}`);
  if (wrong.length > 0)
    throw new LogFault('REFUSED', `The topic ${topic} cannot be used: ${wrong.join('; ')}.`);
}
