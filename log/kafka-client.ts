// The only file that knows kafkajs, and of it only what it does well: the protocol and its connections. Its producer
// and its consumer are not used. The producer has no linger, its encoding is slow, and a failure of one broker hides
// what the others have answered. The consumer goes on elsewhere when an offset is out of range, may repeat a commit under a generation in
// which the partition belongs to somebody else, and tells of a revocation only when it is over.
// Node does not find the other names of a CommonJS module that are spread into it.
import kafkajs, {
  AssignerProtocol,
  Kafka,
  logLevel,
  PartitionAssigners,
  type Admin,
  type Broker,
  type Cluster,
} from 'kafkajs';

import { errorTypeOf } from './kafka-fault.js';
import { quietIdleConnections } from './kafka-idle.js';
import type { KafkaEvent, KafkaLimits, KafkaLogOptions } from './kafka-options.js';
import { produceEncoded } from './kafka-produce-call.js';
import type { TopicAdmin } from './kafka-topics.js';
import type { GroupProtocol, TopicPartition, WireBroker, WireCluster } from './kafka-wire.js';

/** Within one attempt; whoever asks repeats attempts by itself. */
const RETRY = { retries: 4, initialRetryTime: 50, maxRetryTime: 300 };

/** A client that has not connected yet. */
export function openClient(
  options: KafkaLogOptions,
  limits: KafkaLimits,
  onEvent: (event: KafkaEvent) => void,
): Kafka {
  quietIdleConnections();
  const { brokers, clientId, tls, sasl } = options;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: limits.connectTimeoutMs,
    authenticationTimeout: limits.connectTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    retry: RETRY,
    ...(tls && { ssl: tls.ca === undefined ? true : { ca: tls.ca } }),
    ...(sasl && { sasl: toSasl(sasl) }),
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, namespace, log }) =>
        onEvent({
          kind: 'CLIENT',
          level: level === logLevel.ERROR ? 'error' : 'warn',
          message: `${namespace}: ${log.message}`,
        }),
  });
}

type Sasl = NonNullable<KafkaLogOptions['sasl']>;

/** The client's types have one shape for each mechanism. */
function toSasl({ mechanism, username, password }: Sasl) {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/** A set of connections that is not connected yet. */
export function openCluster(client: Kafka): WireCluster {
  const cluster = clusterOf(client);
  return {
    connect: () => cluster.connect(),
    disconnect: () => cluster.disconnect(),
    refreshMetadata: () => cluster.refreshMetadata(),
    addMultipleTargetTopics: (topics) => cluster.addMultipleTargetTopics(topics),
    findTopicPartitionMetadata: (topic) => cluster.findTopicPartitionMetadata(topic),
    findBroker: async (nodeId) => toWire(await cluster.findBroker({ nodeId })),
    async findCoordinator(groupId) {
      const { coordinator } = await cluster.findGroupCoordinatorMetadata({ groupId });
      return String(coordinator.nodeId);
    },
    async offsets(topic, partitions, which) {
      const [found] = await cluster.fetchTopicsOffset([
        {
          topic,
          partitions: partitions.map((partition) => ({ partition })),
          fromBeginning: which === 'first',
        },
      ]);
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    },
  };
}

/** The client gives its connections to whoever assigns partitions, and to nobody else. This consumer never runs. */
function clusterOf(client: Kafka): Cluster {
  const clusters: Cluster[] = [];
  client.consumer({
    groupId: 'never-joined',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        clusters.push(config.cluster);
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  const [cluster] = clusters;
  if (cluster === undefined) throw new Error('kafkajs has not given its connections.');
  return cluster;
}

const CALLS = ['fetch', 'joinGroup', 'syncGroup', 'heartbeat', 'leaveGroup', 'offsetCommit', 'offsetFetch'];

type ClientBroker = Omit<WireBroker, 'produce'>;

const isClientBroker = (broker: object): broker is ClientBroker =>
  CALLS.every((call) => typeof Reflect.get(broker, call) === 'function');

function toWire(broker: Broker): WireBroker {
  const one: object = broker;
  if (!isClientBroker(one)) throw new Error('kafkajs has not the calls that are needed.');
  return {
    produce: (body) => produceEncoded(one, body),
    fetch: (request) => one.fetch(request),
    joinGroup: (request) => one.joinGroup(request),
    syncGroup: (request) => one.syncGroup(request),
    heartbeat: (request) => one.heartbeat(request),
    leaveGroup: (request) => one.leaveGroup(request),
    offsetCommit: (request) => one.offsetCommit(request),
    offsetFetch: (request) => one.offsetFetch(request),
  };
}

export const groupProtocol: GroupProtocol = {
  encodeSubscription: (topics, owned) =>
    AssignerProtocol.MemberMetadata.encode({
      version: 0,
      topics: [...topics],
      userData: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: byTopic(owned),
        userData: Buffer.alloc(0),
      }),
    }),
  decodeOwned(subscription) {
    const userData = AssignerProtocol.MemberMetadata.decode(subscription)?.userData;
    return userData === undefined ? [] : fromAssignment(userData);
  },
  encodeAssignment: (assigned) =>
    AssignerProtocol.MemberAssignment.encode({
      version: 0,
      assignment: byTopic(assigned),
      userData: Buffer.alloc(0),
    }),
  decodeAssignment: fromAssignment,
};

function byTopic(partitions: readonly TopicPartition[]): Record<string, number[]> {
  const topics: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (topics[topic] ??= []).push(partition);
  return topics;
}

function fromAssignment(encoded: Buffer): readonly TopicPartition[] {
  const assignment = AssignerProtocol.MemberAssignment.decode(encoded)?.assignment ?? {};
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

export function toTopicAdmin(admin: Admin): TopicAdmin {
  return {
    async find(topic) {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
        });
        const replicas = topics.flatMap((one) =>
          one.partitions.map((partition) => partition.replicas.length),
        );
        const entries = resources.flatMap(({ configEntries }) => configEntries);
        return {
          replicas,
          settings: new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
        };
      } catch (error) {
        if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
        throw error;
      }
    },
    create: (topic, numPartitions, replicationFactor, settings) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic,
            numPartitions,
            replicationFactor,
            configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
  };
}
