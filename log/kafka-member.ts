// One member of a consumer group: joins, stays alive, commits and leaves, by the classic protocol. Every answer is tied
// to the generation in which it was asked for, because a member that has joined anew may still be allowed what it lost.
import { assign } from './kafka-assign.js';
import type { KafkaConnection } from './kafka-connection.js';
import { errorTypeOf } from './kafka-fault.js';
import type { KafkaLimits } from './kafka-options.js';
import type { GroupProtocol, JoinAnswer, TopicPartition, WireBroker } from './kafka-wire.js';

const PROTOCOL = 'lachan-sticky';
const LEAVE_MS = 2_000;

/** One agreement of the group about who reads what. */
export interface Agreement {
  readonly generation: number;
  readonly memberId: string;
  readonly assigned: readonly TopicPartition[];
  /** When this member was last known to be alive to the coordinator. */
  readonly aliveAt: number;
}

export interface MemberOptions {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly topics: readonly string[];
  readonly limits: KafkaLimits;
  readonly protocol: GroupProtocol;
  readonly now: () => number;
}

export class GroupMember {
  readonly #options: MemberOptions;
  #memberId = '';

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** Joins, or joins anew; returns when all members have. Rejects with the client's own error: try again. */
  async join(owned: readonly TopicPartition[]): Promise<Agreement> {
    const { connection, group: groupId, topics, limits, protocol, now } = this.#options;
    await connection.refresh();
    const metadata = protocol.encodeSubscription(topics, owned);
    try {
      const joined = await this.#ask(
        (coordinator) =>
          coordinator.joinGroup({
            groupId,
            sessionTimeout: limits.sessionTimeoutMs,
            rebalanceTimeout: limits.rebalanceTimeoutMs,
            memberId: this.#memberId,
            groupProtocols: [{ name: PROTOCOL, metadata }],
          }),
        limits.rebalanceTimeoutMs + limits.requestTimeoutMs,
      );
      const { generationId, memberId } = joined;
      this.#memberId = memberId;
      const groupAssignment = memberId === joined.leaderId ? await this.#assignAll(joined) : [];
      const aliveAt = now();
      const { memberAssignment } = await this.#ask(
        (coordinator) => coordinator.syncGroup({ groupId, generationId, memberId, groupAssignment }),
        limits.rebalanceTimeoutMs + limits.requestTimeoutMs,
      );
      const assigned = protocol.decodeAssignment(memberAssignment);
      return { generation: generationId, memberId, assigned, aliveAt };
    } catch (error) {
      if (errorTypeOf(error) === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
      throw error;
    }
  }

  async heartbeat({ generation, memberId }: Agreement): Promise<void> {
    const { group: groupId, limits } = this.#options;
    await this.#ask(
      (coordinator) => coordinator.heartbeat({ groupId, groupGenerationId: generation, memberId }),
      Math.min(limits.requestTimeoutMs, limits.sessionTimeoutMs / 3),
    );
  }

  async commit(
    { generation, memberId }: Agreement,
    { topic, partition }: TopicPartition,
    offset: number,
    metadata: string,
  ): Promise<void> {
    const { group: groupId } = this.#options;
    const topics = [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }];
    await this.#ask((coordinator) =>
      coordinator.offsetCommit({ groupId, groupGenerationId: generation, memberId, topics }),
    );
  }

  /** Leaves the group; the next `join` makes a new member, and with it a new generation. Never rejects. */
  async leave(): Promise<void> {
    const { group: groupId } = this.#options;
    const memberId = this.#memberId;
    this.#memberId = '';
    if (memberId === '') return;
    // The coordinator forgets a member that cannot say so when its session ends.
    await Promise.allSettled([
      this.#ask((coordinator) => coordinator.leaveGroup({ groupId, memberId }), LEAVE_MS),
    ]);
  }

  #ask<T>(use: (coordinator: WireBroker) => Promise<T>, limitMs?: number): Promise<T> {
    const { connection, group } = this.#options;
    return connection.askCoordinator(group, use, limitMs);
  }

  async #assignAll({ members }: JoinAnswer): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const { connection, topics, protocol } = this.#options;
    const partitions: TopicPartition[] = [];
    for (const topic of topics) {
      const count = await connection.countPartitions(topic);
      for (let partition = 0; partition < count; partition += 1) partitions.push({ topic, partition });
    }
    const shares = assign(
      members.map((one) => ({ id: one.memberId, owned: protocol.decodeOwned(one.memberMetadata) })),
      partitions,
    );
    return [...shares].map(([memberId, share]) => ({
      memberId,
      memberAssignment: protocol.encodeAssignment(share),
    }));
  }
}
