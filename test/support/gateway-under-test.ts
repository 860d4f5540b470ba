// A gateway on loopback with the real server and the real log; callers, clock and store are the test's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admission } from '../../gateway/admission.js';
import type { Operator } from '../../gateway/authenticate-operator.js';
import type { Caller } from '../../gateway/authenticate.js';
import { startServer, type GatewayServer, type ServerLimits } from '../../gateway/server.js';
import type { ReceivedEvents } from '../../gateway/takedown/receive-events.js';
import { Addressees } from '../../gateway/takedown/resolve-addressee.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import type { Log } from '../../log/log.js';
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import {
  isUnreadable,
  reportRecordCodec,
  takedownRecordCodec,
  type Unreadable,
} from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import type { Holding } from '../../store/queries/addressees.js';
import type { Select } from '../../store/queries/select.js';
import { GatewayClient } from './gateway-client.js';
import { keyed, sealer } from './gateway-records.js';
import { until } from './lachan-process.js';
import { RECEIVED_AT_MS } from './reports.js';

const MIB = 1_048_576;
const LIMITS: ServerLimits = {
  maxMessageBytes: 4 * MIB,
  windowBytes: 4 * MIB,
  maxConnections: 100,
  maxStreamsPerConnection: 100,
  maxReportStreams: 100,
  maxReportStreamsPerCaller: 50,
  maxUnreadBytesPerCaller: 8 * MIB,
  maxBatchesInFlightPerStream: 4,
};

/** A token and who it belongs to. */
export const tokenOf = (providerId: string): string => `token-of-${providerId}`;

/** Ids that begin with `import` may import histories; those that begin with `look` are verifiers. */
export const operatorTokenOf = (operatorId: string): string => `operator-token-of-${operatorId}`;

export class GatewayUnderTest {
  /** Providers and operators whose token is no longer good. */
  readonly revoked = new Set<string>();
  readonly faults: unknown[] = [];
  readonly clients: GatewayClient[] = [];
  landingLag = 0;
  /** Batches that wait in front of the log. */
  heldBatches = 0;
  select: Select = () => Promise.resolve([]);
  /** What providers hold, as notices find their addressees. */
  holdings: readonly Holding[] = [];
  /** What was decided about batches of events. */
  readonly receivedEvents: ReceivedEvents[] = [];
  #server: GatewayServer | undefined;
  #gate: Promise<void> | undefined;
  #openGate: () => void = () => undefined;

  private constructor(
    private readonly directory: string,
    readonly log: Log,
  ) {}

  static async start(limits: Partial<ServerLimits> = {}): Promise<GatewayUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'lachan-test-gateway-'));
    const log = openEmbeddedLog({ directory, maxBytes: 256 * MIB, clock: () => performance.now() });
    const gateway = new GatewayUnderTest(directory, log);
    gateway.#server = await startServer({
      host: '127.0.0.1',
      port: 0,
      limits: { ...LIMITS, ...limits },
      authenticator: { authenticate: (authorization) => gateway.#callerOf(authorization) },
      operators: { authenticate: (authorization) => gateway.#operatorOf(authorization) },
      events: {
        addressees: { current: () => new Addressees(gateway.holdings) },
        onReceived: (counts) => gateway.receivedEvents.push(counts),
      },
      receiving: {
        log: { append: (topic, records) => gateway.#append(topic, records) },
        keyed,
        dataKeys: { current: () => sealer },
        admission: new Admission(
          { maxInFlightBytes: 64 * MIB, maxLandingLag: 100_000, creditPerStream: 10_000 },
          () => gateway.landingLag,
        ),
        nowMs: () => RECEIVED_AT_MS,
        onReceived: () => undefined,
      },
      select: (sql, params) => gateway.select(sql, params),
      onFault: (error) => gateway.faults.push(error),
    });
    return gateway;
  }

  get server(): GatewayServer {
    if (this.#server === undefined) throw new Error('not started');
    return this.#server;
  }

  /** A caller with a connection of its own. */
  client(providerId?: string): GatewayClient {
    const token = providerId === undefined ? undefined : tokenOf(providerId);
    const client = new GatewayClient(this.server.address, token);
    this.clients.push(client);
    return client;
  }

  /** From now on no batch reaches the log until `letGo`. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#openGate = resolve));
  }

  letGo(): void {
    this.#gate = undefined;
    this.#openGate();
  }

  /** A caller with the token of an operator. */
  operator(operatorId: string): GatewayClient {
    const client = new GatewayClient(this.server.address, operatorTokenOf(operatorId));
    this.clients.push(client);
    return client;
  }

  /** Every report in the log, in order. */
  records(): Promise<ReportRecord[]> {
    return this.#read(REPORTS_TOPIC, (value) => reportRecordCodec.decode(value));
  }

  /** Every event in the log, in order. */
  events(): Promise<TakedownRecord[]> {
    return this.#read(TAKEDOWNS_TOPIC, (value) => takedownRecordCodec.decode(value));
  }

  async #read<T extends object>(topic: string, decode: (value: Uint8Array) => T | Unreadable): Promise<T[]> {
    const [extent] = await this.log.extents(topic);
    const end = extent?.end ?? 0;
    const found: T[] = [];
    const subscription = await this.log.read('test', [topic], async (reader) => {
      while (found.length < end && !reader.revoked.aborted) {
        for (const { value } of await reader.take({ maxRecords: 1_000, maxBytes: MIB, maxWaitMs: 1_000 })) {
          const record = decode(value);
          if (isUnreadable(record)) throw new Error(`not a record of ${topic}`);
          found.push(record);
        }
      }
    });
    await until('every record', () => (found.length >= end ? true : undefined));
    await subscription.close();
    await subscription.ended;
    return found;
  }

  async stop(): Promise<void> {
    this.letGo();
    for (const client of this.clients) client.close();
    await this.#server?.drain(0);
    await this.log.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #append(...[topic, records]: Parameters<Log['append']>): ReturnType<Log['append']> {
    this.heldBatches += 1;
    await this.#gate;
    this.heldBatches -= 1;
    return this.log.append(topic, records);
  }

  #callerOf(authorization: string | undefined): Caller | undefined {
    const providerId = /^Bearer token-of-(.+)$/.exec(authorization ?? '')?.[1];
    if (providerId === undefined || this.revoked.has(providerId)) return undefined;
    return { providerId, environment: 'TEST' };
  }

  #operatorOf(authorization: string | undefined): Operator | undefined {
    const operatorId = /^Bearer operator-token-of-(.+)$/.exec(authorization ?? '')?.[1];
    if (operatorId === undefined || this.revoked.has(operatorId)) return undefined;
    const role = operatorId.startsWith('look') ? 'VERIFIER' : 'OPERATOR';
    return { operatorId, environment: 'TEST', role, mayImport: operatorId.startsWith('import') };
  }
}
