// The gateway's gRPC server: transport, limits, health, reflection and draining. Holds no rule about reports.
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { file_google_rpc_error_details } from '@lachan/proto/error-details';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import { file_lachan_v1_report_service, ReportService } from '@lachan/proto/report-service';
import { HealthImplementation } from 'grpc-health-check';
import type { Select } from '../store/queries/select.js';
import type { Authenticator, Caller } from './authenticate.js';
import { CallerShares } from './caller-shares.js';
import { countUnreadAnswers } from './count-unread-answers.js';
import { getReport } from './get-report.js';
import { widenHttp2Windows } from './http2-windows.js';
import { receive, type Answer, type ReceiveDependencies } from './receive.js';
import { reflectionOf } from './reflection.js';
import { refuseStrangers } from './refuse-strangers.js';
import { toStatus, type Refusal } from './refusal.js';
import { ReportStreamSession } from './stream-reports.js';

export interface ServerLimits {
  readonly maxMessageBytes: number;
  readonly windowBytes: number;
  readonly maxConnections: number;
  readonly maxStreamsPerConnection: number;
  /** StreamReports calls that may be open at once, over all connections. */
  readonly maxReportStreams: number;
  /** Of these, how many one provider may have. */
  readonly maxReportStreamsPerCaller: number;
  /** Bytes of answers that one provider may leave unread before its calls are told to wait. */
  readonly maxUnreadBytesPerCaller: number;
  readonly maxBatchesInFlightPerStream: number;
}

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: ServerLimits;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly receiving: ReceiveDependencies;
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
  /** Takes nothing more, answers what was taken, and closes; after `deadlineMs` whatever is left is cut off. */
  drain(deadlineMs: number): Promise<void>;
}

type Unary = ServerUnaryCall<Uint8Array, Uint8Array>;
type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;

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

/** Resolves when the port is bound and health says SERVING. */
export async function startServer(options: ServerOptions): Promise<GatewayServer> {
  const { limits, authenticator, receiving, select, mayPass = () => false, onFault } = options;
  const sessions = new Set<ReportStreamSession>();
  const streamShares = new CallerShares(limits.maxReportStreamsPerCaller);
  const unread = new CallerShares(limits.maxUnreadBytesPerCaller);
  let draining = false;

  const callerWith = (authorization: string | undefined): Caller | undefined =>
    authenticator.authenticate(authorization);
  const callerOf = (call: Unary | Stream): Caller | undefined => {
    const [authorization] = call.metadata.get('authorization');
    return callerWith(typeof authorization === 'string' ? authorization : undefined);
  };

  const unary =
    (answer: (bytes: Uint8Array, caller: Caller) => Promise<Uint8Array | Refusal>) =>
    (call: Unary, reply: sendUnaryData<Uint8Array>): void => {
      const caller = callerOf(call);
      if (caller === undefined) return reply(toStatus({ kind: 'unauthenticated' }));
      if (draining) return reply(toStatus({ kind: 'shutting-down' }));
      if (unread.isFull(caller)) return reply(toStatus({ kind: 'wait', ...READ_FIRST }));
      answer(call.request, caller)
        .then((answered) =>
          answered instanceof Uint8Array ? reply(null, answered) : reply(toStatus(answered)),
        )
        .catch((error: unknown) => {
          if (mayPass(error)) return reply(toStatus(STORE_UNAVAILABLE));
          onFault(error);
          reply(toStatus({ kind: 'fault' }));
        });
    };

  const streamReports = (call: Stream): void => {
    const fail = (refusal: Refusal): void => {
      call.emit('error', toStatus(refusal));
    };
    const opener = callerOf(call);
    if (opener === undefined) return fail({ kind: 'unauthenticated' });
    if (draining) return fail({ kind: 'shutting-down' });
    if (sessions.size >= limits.maxReportStreams || streamShares.isFull(opener)) {
      return fail({ kind: 'too-many-streams' });
    }
    const giveBack = streamShares.take(opener, 1);
    const session = new ReportStreamSession(
      {
        write: (message) => call.write(message),
        pause: () => void call.pause(),
        resume: () => void call.resume(),
        end: () => void call.end(),
        fail,
      },
      {
        admission: receiving.admission,
        maxBatchesInFlight: limits.maxBatchesInFlightPerStream,
        receive(bytes) {
          // Asked anew for every batch: a revoked token must not live on in an open stream.
          const caller = callerOf(call);
          return caller === undefined ? undefined : receive(bytes, 'StreamReportsRequest', caller, receiving);
        },
        onFault,
      },
    );
    sessions.add(session);
    const closed = (): void => {
      session.onClosed();
      sessions.delete(session);
      giveBack();
    };
    call.on('data', (bytes: Uint8Array) => session.onMessage(bytes));
    call.on('drain', () => session.onDrain());
    call.on('end', () => session.onEnd());
    call.on('error', closed);
    call.on('cancelled', closed);
    call.on('close', closed);
    call.on('finish', closed);
  };

  widenHttp2Windows(limits);
  const server = new Server({
    interceptors: [
      refuseStrangers({
        guarded: [ReportService.typeName],
        isKnown: (authorization) => callerWith(authorization) !== undefined,
        healthOf: new Set(['', ReportService.typeName]),
      }),
      countUnreadAnswers(unread, callerWith),
    ],
    'grpc.max_receive_message_length': limits.maxMessageBytes,
    'grpc.max_concurrent_streams': limits.maxStreamsPerConnection,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS / 3,
    'grpc.keepalive_permit_without_calls': 1,
  });
  const health = new HealthImplementation({ '': 'SERVING', [ReportService.typeName]: 'SERVING' });
  health.addToServer(server);
  reflectionOf(
    [file_lachan_v1_report_service, file_google_rpc_error_details],
    [ReportService.typeName],
  ).addToServer(server);
  server.addService(rawServiceDefinition(ReportService), {
    submitReports: unary(async (bytes, caller) =>
      submitResponse(await receive(bytes, 'SubmitReportsRequest', caller, receiving)),
    ),
    streamReports,
    getReport: unary((bytes, caller) => getReport(bytes, caller, receiving.keyed, select)),
  });
  const port = await bind(server, `${options.host}:${options.port}`);

  return {
    address: `${options.host}:${port}`,
    streams: () => sessions.size,
    async drain(deadlineMs) {
      draining = true;
      health.setStatus('', 'NOT_SERVING');
      health.setStatus(ReportService.typeName, 'NOT_SERVING');
      for (const session of sessions) session.drain();
      await shutDown(server, deadlineMs);
    },
  };
}

/** Of a SubmitReportsResponse the receipts are all there is. */
function submitResponse(answer: Answer): Uint8Array | Refusal {
  switch (answer.kind) {
    case 'receipts':
      return answer.receipts;
    case 'wait':
      return {
        kind: answer.isUnavailable === true ? 'unavailable' : 'wait',
        retryAfterMs: answer.retryAfterMs,
        message: answer.message,
      };
    case 'refused':
      return { kind: 'invalid', violations: answer.violations };
  }
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
