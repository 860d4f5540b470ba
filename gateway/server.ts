// The gateway's gRPC server: transport, limits, health, reflection and draining. Holds no rule about reports or cases.
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { AuthorityService, file_lachan_v1_authority_service } from '@lachan/proto/authority-service';
import { file_google_rpc_error_details } from '@lachan/proto/error-details';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import { file_lachan_v1_report_service, ReportService } from '@lachan/proto/report-service';
import { file_lachan_v1_takedown_service, TakedownService } from '@lachan/proto/takedown-service';
import { HealthImplementation } from 'grpc-health-check';
import type { Select } from '../store/queries/select.js';
import type { OperatorAuthenticator } from './authenticate-operator.js';
import type { Authenticator } from './authenticate.js';
import { CallerShares, type Holder } from './caller-shares.js';
import { countUnreadAnswers } from './count-unread-answers.js';
import { getReport } from './get-report.js';
import { widenHttp2Windows } from './http2-windows.js';
import { receive, submitResponse, type ReceiveDependencies } from './receive.js';
import { reflectionOf } from './reflection.js';
import { refuseStrangers } from './refuse-strangers.js';
import { toStatus, type Refusal } from './refusal.js';
import { ReportStreams } from './report-streams.js';
import { getCase, getOwnCase, listCases } from './takedown/read-cases.js';
import type { ReceiveEventsDependencies } from './takedown/receive-events.js';
import { assignCase, recordEvents, submitActions } from './takedown/record-events.js';
import { openWatching, type WatchLimits } from './watch/watch-service.js';

export interface ServerLimits {
  readonly maxMessageBytes: number;
  readonly windowBytes: number;
  readonly maxConnections: number;
  readonly maxStreamsPerConnection: number;
  /** StreamReports calls that may be open at once, over all connections. */
  readonly maxReportStreams: number;
  /** Of these, how many one provider may have. */
  readonly maxReportStreamsPerCaller: number;
  /** Bytes of answers that one caller may leave unread before its calls are told to wait. */
  readonly maxUnreadBytesPerCaller: number;
  readonly maxBatchesInFlightPerStream: number;
  /** Of watching; those of `WATCH_LIMITS` where left out. */
  readonly watching?: Partial<WatchLimits>;
}

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: ServerLimits;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly operators: Pick<OperatorAuthenticator, 'authenticate'>;
  readonly receiving: ReceiveDependencies;
  /** What receiving events needs beside that. */
  readonly events: Pick<ReceiveEventsDependencies, 'addressees' | 'onReceived'>;
  readonly select: Select;
  /** Whether a question that failed with this fault may be asked again later; none when left out. */
  readonly mayPass?: ((error: unknown) => boolean) | undefined;
  /** Told about faults of our own; callers only learn that there was one. */
  readonly onFault: (error: unknown) => void;
}

export interface GatewayServer {
  /** `host:port` as bound. */
  readonly address: string;
  /** Open StreamReports calls. */
  readonly streams: () => number;
  /** Open calls of WatchNotices and WatchOutcomes. */
  readonly watchers: () => number;
  /** Takes nothing more, answers what was taken, and closes; after `deadlineMs` whatever is left is cut off. */
  drain(deadlineMs: number): Promise<void>;
}

type Unary = ServerUnaryCall<Uint8Array, Uint8Array>;
type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;
type Watched = ServerWritableStream<Uint8Array, Uint8Array>;

const KEEPALIVE_MS = 30_000;
const READ_FIRST = {
  retryAfterMs: 1_000,
  message: 'Read the answers of earlier calls first; then send again.',
};

const STORE_UNAVAILABLE: Refusal = {
  kind: 'unavailable',
  retryAfterMs: 2_000,
  message: 'What has landed cannot be asked for at the moment; please ask again later.',
};

const SERVICES = [ReportService, TakedownService, AuthorityService].map(({ typeName }) => typeName);

/** Resolves when the port is bound and health says SERVING. */
export async function startServer(options: ServerOptions): Promise<GatewayServer> {
  const { limits, authenticator, operators, receiving, select, mayPass = () => false, onFault } = options;
  const { keyed, nowMs } = receiving;
  const eventsDeps: ReceiveEventsDependencies = { ...receiving, select, ...options.events };
  const reading = { select, keyed };
  const unread = new CallerShares(limits.maxUnreadBytesPerCaller);
  const streams = new ReportStreams({
    receiving,
    maxStreams: limits.maxReportStreams,
    maxStreamsPerCaller: limits.maxReportStreamsPerCaller,
    maxBatchesInFlightPerStream: limits.maxBatchesInFlightPerStream,
    onFault,
  });
  const watching = openWatching({ select, nowMs, limits: limits.watching ?? {}, mayPass, onFault });
  let draining = false;

  const provider = authenticator.authenticate.bind(authenticator);
  const operator = operators.authenticate.bind(operators);

  const unary =
    <Of extends Holder>(
      holderWith: (authorization: string | undefined) => Of | undefined,
      answer: (bytes: Uint8Array, holder: Of) => Promise<Uint8Array | Refusal>,
    ) =>
    (call: Unary, reply: sendUnaryData<Uint8Array>): void => {
      const holder = holderWith(authorizationOf(call));
      if (holder === undefined) return reply(toStatus({ kind: 'unauthenticated' }));
      if (draining) return reply(toStatus({ kind: 'shutting-down' }));
      if (unread.isFull(holder)) return reply(toStatus({ kind: 'wait', ...READ_FIRST }));
      answer(call.request, holder)
        .then((answered) =>
          answered instanceof Uint8Array ? reply(null, answered) : reply(toStatus(answered)),
        )
        .catch((error: unknown) => {
          if (mayPass(error)) return reply(toStatus(STORE_UNAVAILABLE));
          onFault(error);
          reply(toStatus({ kind: 'fault' }));
        });
    };

  widenHttp2Windows(limits);
  const server = new Server({
    interceptors: [
      refuseStrangers({
        guarded: {
          [ReportService.typeName]: (authorization) => provider(authorization) !== undefined,
          [TakedownService.typeName]: (authorization) => provider(authorization) !== undefined,
          [AuthorityService.typeName]: (authorization) => operator(authorization) !== undefined,
        },
        healthOf: new Set(['', ...SERVICES]),
      }),
      countUnreadAnswers(unread, (authorization) => provider(authorization) ?? operator(authorization)),
    ],
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_concurrent_streams': limits.maxStreamsPerConnection,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS / 3,
    'grpc.keepalive_permit_without_calls': 1,
  });
  const health = new HealthImplementation(
    Object.fromEntries(['', ...SERVICES].map((service) => [service, 'SERVING' as const])),
  );
  health.addToServer(server);
  reflectionOf(
    [
      file_lachan_v1_report_service,
      file_lachan_v1_takedown_service,
      file_lachan_v1_authority_service,
      file_google_rpc_error_details,
    ],
    SERVICES,
  ).addToServer(server);
  server.addService(rawServiceDefinition(ReportService), {
    submitReports: unary(provider, async (bytes, caller) =>
      submitResponse(await receive(bytes, 'SubmitReportsRequest', caller, receiving)),
    ),
    streamReports: (call: Stream) => streams.open(call, () => provider(authorizationOf(call))),
    getReport: unary(provider, (bytes, caller) => getReport(bytes, caller, keyed, select)),
    watchOutcomes: (call: Watched) => watching.outcomes(call, () => provider(authorizationOf(call))),
  });
  server.addService(rawServiceDefinition(TakedownService), {
    submitActions: unary(provider, (bytes, caller) => submitActions(bytes, caller, eventsDeps)),
    watchNotices: (call: Watched) => watching.notices(call, () => provider(authorizationOf(call))),
    getCase: unary(provider, (bytes, caller) => getOwnCase(bytes, caller, reading)),
  });
  server.addService(rawServiceDefinition(AuthorityService), {
    recordEvents: unary(operator, (bytes, who) => recordEvents(bytes, who, eventsDeps)),
    listCases: unary(operator, (bytes, { environment }) => listCases(bytes, environment, reading)),
    getCase: unary(operator, (bytes, { environment }) => getCase(bytes, environment, reading)),
    assignCase: unary(operator, (bytes, who) => assignCase(bytes, who, eventsDeps)),
  });
  const port = await bind(server, `${options.host}:${options.port}`);

  return {
    address: `${options.host}:${port}`,
    streams: () => streams.size,
    watchers: watching.watchers,
    async drain(deadlineMs) {
      draining = true;
      for (const service of ['', ...SERVICES]) health.setStatus(service, 'NOT_SERVING');
      streams.drain();
      watching.drain();
      await shutDown(server, deadlineMs);
    },
  };
}

function authorizationOf({ metadata }: Pick<Unary, 'metadata'>): string | undefined {
  const [authorization] = metadata.get('authorization');
  return typeof authorization === 'string' ? authorization : undefined;
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** grpc-js waits for ever for streams that a caller keeps open, so the deadline cuts them off. */
function shutDown(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, deadlineMs);
    server.tryShutdown(() => {
      clearTimeout(cutOff);
      resolve();
    });
  });
}
