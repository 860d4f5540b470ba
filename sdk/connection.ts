// The gateway as seen through gRPC: calls, bytes and failures. Knows no report. The only file here that imports grpc-js.
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import { RetryInfoSchema } from '@lachan/proto/error-details';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import { ReportService } from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';
import { TakedownService } from '@lachan/proto/takedown-service';
import {
  Client,
  credentials,
  Metadata,
  status,
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type StatusObject,
} from '@grpc/grpc-js';
import type { Secret } from './secret.js';
import type { Security } from './reach.js';
import type { RetryBounds } from './retry.js';

/** How a call ended, where it did not end well. */
export interface Failure {
  /** Name of the gRPC status, as in "UNAVAILABLE". */
  readonly code: string;
  /** The gateway's words, or those of the network layer. */
  readonly message: string;
  /** How long the gateway asks to wait, in milliseconds. */
  readonly retryDelayMs: number | undefined;
}

export interface WatchListener {
  onMessage(message: Uint8Array): void;
  /** Once, after the last message, and never before the stream was returned. */
  onEnd(failure: Failure | undefined): void;
}

export interface StreamListener extends WatchListener {
  /** After `send` returned false: more may be sent. */
  onDrain(): void;
}

/** One open StreamReports call. Nothing here throws. */
export interface ReportStream {
  /** Returns whether more may be sent before `onDrain`. */
  send(message: Uint8Array): boolean;
  /** Says that nothing more will be sent, and gives the gateway a second to end the call. */
  finish(): void;
  cancel(): void;
}

/** One open call that only tells. Nothing here throws. */
export interface WatchStream {
  /** Nothing is told until `resume`, but for the few messages that are read already. */
  pause(): void;
  resume(): void;
  cancel(): void;
}

export type CallResult =
  { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly failure: Failure };

/** What a platform gives to reach its gateway. */
export interface ConnectionSettings {
  readonly endpoint: string;
  readonly token: Secret;
  readonly security: Security;
  readonly retry: RetryBounds;
}

const FINISH_MS = 1_000;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;
const DETAILS_KEY = 'grpc-status-details-bin';

const methods = { ...rawServiceDefinition(ReportService), ...rawServiceDefinition(TakedownService) };

/** A channel to one gateway; it connects with its first call and may be replaced by a fresh one. */
export class Connection {
  readonly #settings: ConnectionSettings;
  #client: Client;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.#client = newClient(settings);
  }

  openStream(listener: StreamListener): ReportStream {
    const method = methodNamed('streamReports');
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.#metadata(),
    );
    listen(call, listener);
    call.on('drain', () => listener.onDrain());
    return {
      send: (message) => call.write(message),
      finish: () => {
        call.end();
        setTimeout(() => call.cancel(), FINISH_MS).unref();
      },
      cancel: () => call.cancel(),
    };
  }

  /** Opens a call that goes on telling. */
  watch(name: 'watchNotices' | 'watchOutcomes', request: Uint8Array, listener: WatchListener): WatchStream {
    const method = methodNamed(name);
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadata(),
    );
    listen(call, listener);
    return {
      pause: () => void call.pause(),
      resume: () => void call.resume(),
      cancel: () => call.cancel(),
    };
  }

  /** One encoded request, one answer. Never rejects. */
  ask(name: 'getReport' | 'submitActions', request: Uint8Array, timeoutMs: number): Promise<CallResult> {
    const method = methodNamed(name);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.#metadata(),
        { deadline: new Date(performance.timeOrigin + performance.now() + timeoutMs) },
        (error, bytes) => {
          if (error !== null) resolve({ ok: false, failure: toFailure(error) });
          else resolve({ ok: true, bytes: bytes ?? new Uint8Array() });
        },
      );
    });
  }

  /** Leaves the network connection, which may be dead without knowing it, for a fresh one. */
  renew(): void {
    this.#client.close();
    this.#client = newClient(this.#settings);
  }

  close(): void {
    this.#client.close();
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${this.#settings.token.reveal()}`);
    return metadata;
  }
}

function listen(
  call: ClientReadableStream<Uint8Array> | ClientDuplexStream<Uint8Array, Uint8Array>,
  listener: WatchListener,
): void {
  // The status may overtake messages that are still being handed out; the end of reading cannot.
  let ended: StatusObject | undefined;
  let read = false;
  const settle = (): void => {
    if (ended === undefined || !read) return;
    listener.onEnd(ended.code === status.OK ? undefined : toFailure(ended));
  };
  call.on('data', (message: Uint8Array) => listener.onMessage(message));
  call.on('end', () => {
    read = true;
    settle();
  });
  call.on('status', (found: StatusObject) => {
    ended = found;
    settle();
  });
  // Said again by the status; without a listener it would end the process.
  call.on('error', () => undefined);
}

function newClient({ endpoint, security, retry }: ConnectionSettings): Client {
  const options: ChannelOptions = {
    // Finds a peer that went away without a word.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 5_000,
    'grpc.initial_reconnect_backoff_ms': retry.initialMs,
    'grpc.max_reconnect_backoff_ms': retry.maxMs,
    // Repeating is decided by what the gateway answered, report by report.
    'grpc.enable_retries': 0,
    // Closing must really close, so no connection is shared with other users of grpc-js.
    'grpc.use_local_subchannel_pool': 1,
    // A proxy on the way of plain text would read along.
    'grpc.enable_http_proxy': security.tls ? 1 : 0,
    // What is repeated and when is not for a name server to say.
    'grpc.service_config_disable_resolution': 1,
    'grpc.max_receive_message_length': MAX_RESPONSE_BYTES,
    'grpc-node.flow_control_window': WINDOW_BYTES,
  };
  return new Client(`dns:${endpoint}`, toCredentials(security), options);
}

function toCredentials(security: Security) {
  if (!security.tls) return credentials.createInsecure();
  return credentials.createSsl(security.rootCertificates ? Buffer.from(security.rootCertificates) : null);
}

function methodNamed(name: string) {
  const method = methods[name];
  if (method === undefined) throw new Error(`the contract has no method ${name}`);
  return method;
}

function toFailure({
  code,
  details,
  metadata,
}: Pick<StatusObject, 'code' | 'details' | 'metadata'>): Failure {
  return {
    code: code in status ? status[code] : 'UNKNOWN',
    message: details,
    retryDelayMs: askedDelayMs(metadata),
  };
}

function askedDelayMs(metadata: Metadata): number | undefined {
  const [raw] = metadata.get(DETAILS_KEY);
  if (raw === undefined || typeof raw === 'string') return undefined;
  try {
    for (const detail of fromBinary(StatusSchema, raw).details) {
      const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
      if (delay !== undefined) return durationMs(delay);
    }
  } catch {
    // Details are advice; the status itself has been told.
  }
  return undefined;
}
