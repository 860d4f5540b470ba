// A server of watches alone on loopback, and callers that read them.
import { fromBinary, toBinary, create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ClientReadableStream,
  type ServerWritableStream,
  type StatusObject,
} from '@grpc/grpc-js';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import {
  ReportService,
  WatchOutcomesRequestSchema,
  WatchOutcomesResponseSchema,
} from '@lachan/proto/report-service';
import {
  TakedownService,
  WatchNoticesRequestSchema,
  WatchNoticesResponseSchema,
} from '@lachan/proto/takedown-service';
import type { Caller } from '../../gateway/authenticate.js';
import { openWatching, type Watching, type WatchingOptions } from '../../gateway/watch/watch-service.js';
import { endingOf, type Ending } from './gateway-client.js';
import { until, within } from './lachan-process.js';

type Call = ServerWritableStream<Uint8Array, Uint8Array>;

export class WatchServer {
  /** `environment provider` of tokens that are no longer good. */
  readonly revoked = new Set<string>();
  readonly #clients: Client[] = [];

  private constructor(
    readonly watching: Watching,
    readonly faults: readonly unknown[],
    private readonly server: Server,
    private readonly address: string,
  ) {}

  static async start(options: Omit<WatchingOptions, 'nowMs' | 'onFault'>): Promise<WatchServer> {
    const faults: unknown[] = [];
    const watching = openWatching({ nowMs: Date.now, onFault: (error) => faults.push(error), ...options });
    const server = new Server();
    const callerOf = (call: Call): Caller | undefined => watchServer.#callerOf(call);
    const { watchNotices } = rawServiceDefinition(TakedownService);
    const { watchOutcomes } = rawServiceDefinition(ReportService);
    if (watchNotices === undefined || watchOutcomes === undefined) throw new Error('no such methods');
    server.addService(
      { watchNotices, watchOutcomes },
      {
        watchNotices: (call: Call) => watching.notices(call, () => callerOf(call)),
        watchOutcomes: (call: Call) => watching.outcomes(call, () => callerOf(call)),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const watchServer = new WatchServer(watching, faults, server, `127.0.0.1:${port}`);
    return watchServer;
  }

  /** A connection of its own. */
  client(): Client {
    const client = new Client(`dns:${this.address}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
    this.#clients.push(client);
    return client;
  }

  notices(who: string, cursor = '', client = this.client()) {
    const request = toBinary(WatchNoticesRequestSchema, create(WatchNoticesRequestSchema, { cursor }));
    return this.#watch(client, 'TakedownService/WatchNotices', who, request, WatchNoticesResponseSchema);
  }

  outcomes(who: string, cursor = '', client = this.client()) {
    const request = toBinary(WatchOutcomesRequestSchema, create(WatchOutcomesRequestSchema, { cursor }));
    return this.#watch(client, 'ReportService/WatchOutcomes', who, request, WatchOutcomesResponseSchema);
  }

  stop(): void {
    for (const client of this.#clients) client.close();
    this.watching.drain();
    this.server.forceShutdown();
  }

  #watch<T extends DescMessage>(client: Client, method: string, who: string, request: Uint8Array, schema: T) {
    const metadata = new Metadata();
    metadata.set('authorization', who);
    const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
    const call = client.makeServerStreamRequest(`/lachan.v1.${method}`, asIs, asIs, request, metadata);
    return new WatchedStream(call, schema);
  }

  #callerOf(call: Call): Caller | undefined {
    const who = String(call.metadata.get('authorization')[0]);
    const [environment, providerId = ''] = who.split(' ');
    if (this.revoked.has(who) || (environment !== 'TEST' && environment !== 'PRODUCTION')) return undefined;
    return { environment, providerId };
  }
}

export class WatchedStream<T extends DescMessage> {
  readonly messages: MessageShape<T>[] = [];
  readonly #ended: Promise<Ending>;

  constructor(
    private readonly call: ClientReadableStream<Uint8Array>,
    schema: T,
  ) {
    call.on('data', (bytes: Uint8Array) => this.messages.push(fromBinary(schema, bytes)));
    call.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      call.on('status', (status: StatusObject) => resolve(endingOf(status)));
    });
  }

  /** Until so many messages pass the test. */
  count(most: number, isMeant: (message: MessageShape<T>) => boolean): Promise<true> {
    return until(`${most} messages of a watch`, () =>
      this.messages.filter(isMeant).length >= most ? true : undefined,
    );
  }

  ended(): Promise<Ending> {
    return within(30_000, 'a watch to end', this.#ended);
  }

  cancel(): void {
    this.call.cancel();
  }

  stopReading(): void {
    this.call.pause();
  }

  goOnReading(): void {
    this.call.resume();
  }
}
