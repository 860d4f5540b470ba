// The append-only log between gateway and consumers. Knows bytes, positions and groups; never what is in them.

/** What is appended: `key` decides the partition (all records of one key meet in one), `value` is opaque. */
export interface LogRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Where an appended record stands. Offsets are dense within a partition: n, n+1, n+2, … */
export interface Position {
  readonly partition: number;
  readonly offset: number;
}

/** A record as read back. `value` is only valid until the next `take` of the same reader. */
export interface LoggedRecord {
  readonly offset: number;
  readonly value: Uint8Array;
}

/** What a group has committed for a partition: the next offset to read, and a note of at most 4,096 bytes of ASCII. */
export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** What a partition holds: records with `first` <= offset < `end`; equal when it is empty. */
export interface Extent {
  readonly partition: number;
  readonly first: number;
  readonly end: number;
}

/** Limits of one `take`: it returns as soon as one of them is reached. */
export interface TakeLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** How long to wait for the first record, and then for more, in milliseconds in all. */
  readonly maxWaitMs: number;
}

/**
 * One partition while this reader owns it. Reading starts at `committed.offset` (or at the first
 * record the partition still holds) and goes on in order without gaps.
 */
export interface PartitionReader {
  readonly topic: string;
  readonly partition: number;
  /** As found on assignment; undefined when the group has never committed here. */
  readonly committed: Committed | undefined;
  /** Aborted when the partition is lost or the subscription closes. Nothing may be landed after that. */
  readonly revoked: AbortSignal;
  /** Whether commits would still be accepted: compare right before every insert. */
  owned(): boolean;
  /**
   * The next records in order; empty when none came in time or the reader was revoked.
   * Throws `LogFault` when the next offset is no longer held (deleted before it was read) or a
   * record fails its checksum.
   */
  take(limits: TakeLimits): Promise<readonly LoggedRecord[]>;
  /** Durable when it resolves. Throws `LogFault` (code NOT_OWNER) when the partition is lost. */
  commit(offset: number, metadata: string): Promise<void>;
}

/** A running `read`. */
export interface Subscription {
  /** Settles when reading has ended: rejects with the first fault of a handler or of the log. */
  readonly ended: Promise<void>;
  /** Revokes all partitions, waits for their handlers to return, and leaves the group. Safe twice. */
  close(): Promise<void>;
}

/** Handles one partition from assignment to revocation: returns soon after `reader.revoked` aborts. */
export type PartitionHandler = (reader: PartitionReader) => Promise<void>;

export interface Log {
  /**
   * Appends in order. Resolves when every record is durable: it then survives the death of the
   * process and of the machine (embedded), or of a broker (Kafka). Rejects with `LogFault`; what a
   * rejected append has left behind is unknown, and sending it again is safe.
   */
  append(topic: string, records: readonly LogRecord[]): Promise<readonly Position[]>;
  /** Reads `topics` as `group`; each partition has one owner in the group at a time. */
  read(group: string, topics: readonly string[], onAssigned: PartitionHandler): Promise<Subscription>;
  /** What each partition of the topic holds now, in the order of partitions. */
  extents(topic: string): Promise<readonly Extent[]>;
  /** What `group` has committed, by partition; undefined where it never has. */
  committed(group: string, topic: string): Promise<readonly (Committed | undefined)[]>;
  /** Ends subscriptions, waits for running appends and releases everything. Safe twice. */
  close(): Promise<void>;
}

/** Closed list of what can go wrong in the log. */
export const LOG_FAULTS = [
  /** The log has reached its limit in bytes, or the disk is full: wait, then append again. */
  'FULL',
  /** The log does not answer or failed to write: append again later. */
  'UNAVAILABLE',
  /** The partition belongs to somebody else by now. */
  'NOT_OWNER',
  /** Records that were never read are gone. */
  'OUT_OF_RANGE',
  /** What is stored is not what was written. */
  'DAMAGED',
  /** The request itself is not acceptable (record too large, unknown topic). */
  'REFUSED',
] as const;

export type LogFaultCode = (typeof LOG_FAULTS)[number];

/** A fault of the log. `retryable`: the same call may succeed later. The message never holds record content. */
export class LogFault extends Error {
  override readonly name = 'LogFault';
  readonly retryable: boolean;

  constructor(
    readonly code: LogFaultCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retryable = code === 'FULL' || code === 'UNAVAILABLE';
  }
}
