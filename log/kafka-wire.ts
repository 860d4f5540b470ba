// The few of the client's calls that the log needs, in its own words. Shapes only.

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface ReceivedMessage {
  /** Decimal. */
  readonly offset: string;
  readonly value: Buffer | null;
  readonly headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}

interface ByTopic<T> {
  readonly topic: string;
  readonly partitions: readonly T[];
}

export interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number; readonly baseOffset: string }[];
  }[];
}

export interface FetchAnswer {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly ReceivedMessage[];
    }[];
  }[];
}

export interface JoinAnswer {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

/** One broker. The client has all of these calls; its own types name only some of them. */
export interface WireBroker {
  /** `body` is what `encodeProduce` makes. Rejects with the first error of a partition. */
  produce(body: Buffer): Promise<ProduceAnswer>;
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<FetchAnswer>;
  joinGroup(request: {
    groupId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    memberId: string;
    groupProtocols: { name: string; metadata: Buffer }[];
  }): Promise<JoinAnswer>;
  syncGroup(request: {
    groupId: string;
    generationId: number;
    memberId: string;
    groupAssignment: { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: ByTopic<{ partition: number; offset: string; metadata: string }>[];
  }): Promise<unknown>;
  offsetFetch(request: { groupId: string; topics: ByTopic<{ partition: number }>[] }): Promise<{
    readonly responses: readonly ByTopic<{
      partition: number;
      offset: string;
      metadata: string | null;
    }>[];
  }>;
}

/** A set of connections to all brokers of a cluster, with what is known of its topics. */
export interface WireCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  findBroker(nodeId: string): Promise<WireBroker>;
  /** The node id of the broker that the group belongs to. */
  findCoordinator(groupId: string): Promise<string>;
  /** The first offset held, or the end. */
  offsets(topic: string, partitions: readonly number[], which: 'first' | 'end'): Promise<Map<number, number>>;
}

/** How members of a group tell each other what they read, in the encoding of all Kafka consumers. */
export interface GroupProtocol {
  encodeSubscription(topics: readonly string[], owned: readonly TopicPartition[]): Buffer;
  /** What a member has owned, so that it may keep it. */
  decodeOwned(subscription: Buffer): readonly TopicPartition[];
  encodeAssignment(assigned: readonly TopicPartition[]): Buffer;
  decodeAssignment(assignment: Buffer): readonly TopicPartition[];
}
