// What the log on Kafka is told by its operator, and the limits it keeps.

export interface KafkaLogOptions {
  /** `host:port` of one or more brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Present: TLS. `ca` is a PEM bundle; without it the system's authorities are trusted. */
  readonly tls?: { readonly ca?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  readonly topics: TopicSettings;
  /** Milliseconds; only differences count. Must go on while the process is stopped: a lease hangs on it. */
  readonly now: () => number;
  /** Told about changes of state, never about records. */
  readonly onEvent?: (event: KafkaEvent) => void;
  /** What is left out has the value of `DEFAULT_LIMITS`. */
  readonly limits?: Partial<KafkaLimits>;
}

/** What a topic is made with; one that exists must keep at least as much. */
export interface TopicSettings {
  readonly partitions: number;
  readonly replication: number;
  readonly minInsyncReplicas: number;
  readonly retentionMs: number;
}

export interface KafkaLimits {
  /** Requests leave at least so far apart, in milliseconds, but a full batch at once: so long a record waits at most. */
  readonly lingerMs: number;
  /** A partition's batch is sent as soon as it has so many bytes; one larger record makes a batch of its own. */
  readonly maxBatchBytes: number;
  /** Bytes of records without an answer; an append beyond them rejects UNAVAILABLE at once. */
  readonly maxInFlightBytes: number;
  /** An append that has no answer by then rejects UNAVAILABLE. */
  readonly appendTimeoutMs: number;
  /** One request to a broker; connecting has a limit of its own. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** A member that the coordinator has not heard for so long has lost its partitions. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the coordinator waits for the members to join anew. */
  readonly rebalanceTimeoutMs: number;
  /** How long a broker holds a fetch back when there is nothing to give. */
  readonly fetchWaitMs: number;
  /** Bytes read ahead for each partition, beyond what one fetch brings. */
  readonly readAheadBytes: number;
}

export const DEFAULT_LIMITS: KafkaLimits = {
  lingerMs: 5,
  maxBatchBytes: 1_048_576,
  maxInFlightBytes: 67_108_864,
  appendTimeoutMs: 15_000,
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 3_000,
  sessionTimeoutMs: 30_000,
  heartbeatMs: 3_000,
  rebalanceTimeoutMs: 60_000,
  fetchWaitMs: 500,
  readAheadBytes: 2_097_152,
};

export type KafkaEvent =
  /** Brokers do not answer; told once, until they do again. */
  | { readonly kind: 'UNREACHABLE'; readonly reason: string }
  | { readonly kind: 'REACHABLE' }
  | {
      readonly kind: 'ASSIGNED';
      readonly group: string;
      readonly generation: number;
      readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
    }
  | { readonly kind: 'REVOKED'; readonly group: string; readonly generation: number; readonly reason: string }
  | { readonly kind: 'TOPIC_CREATED'; readonly topic: string }
  /** What the client itself has to say, warnings and errors only. */
  | { readonly kind: 'CLIENT'; readonly level: 'warn' | 'error'; readonly message: string };
