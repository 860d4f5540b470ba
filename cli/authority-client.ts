// The services of takedown as commands call them: with a deadline, repeated as the gateway asks, refusals in words.
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@lachan/proto/error-details';
import { StatusSchema } from '@lachan/proto/status';
import type { Secret } from '../gateway/secret.js';
import { CommandFault } from './command-fault.js';

export interface AuthorityClientOptions {
  /** `host:port` */
  readonly endpoint: string;
  readonly token: Secret<string>;
  /** To whoever is not on this machine, TLS is used unless this allows to go without. */
  readonly insecure: boolean;
  /** How long one call may take, repeats included. */
  readonly deadlineMs: number;
  /** From 0 to 1, for delays. */
  readonly random: () => number;
}

export interface RefusedField {
  /** Path in the request. */
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

/** A call that was refused, or that nobody answered in time. */
export class CallFault extends CommandFault {
  /** `code`: name of the gRPC status; `retryAfterMs`: what the gateway asks to wait. */
  constructor(
    readonly code: string,
    message: string,
    readonly fields: readonly RefusedField[],
    readonly retryAfterMs: number | undefined,
  ) {
    super(message);
  }
}

const REPEATED: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED']);
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/i;

export class AuthorityClient {
  readonly #options: AuthorityClientOptions;
  readonly #client: Client;

  constructor(options: AuthorityClientOptions) {
    this.#options = options;
    const open = options.insecure || LOOPBACK.test(options.endpoint);
    this.#client = new Client(
      `dns:${options.endpoint}`,
      open ? credentials.createInsecure() : credentials.createSsl(),
      {
        // Repeating is decided here, by what the gateway answered.
        'grpc.enable_retries': 0,
        'grpc.enable_http_proxy': open ? 0 : 1,
        'grpc.service_config_disable_resolution': 1,
        'grpc.use_local_subchannel_pool': 1,
        'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
      },
    );
  }

  /** Repeats while the gateway asks to wait or cannot be reached, until the deadline. Rejects with `CallFault`. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const bytes = toBinary(method.input, create(method.input, request));
    const endMs = performance.now() + this.#options.deadlineMs;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once(method, bytes, endMs - performance.now());
      if (answer instanceof Uint8Array) return fromBinary(method.output, answer);
      const fault = faultOf(answer, this.#options.endpoint);
      const bound = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
      const delayMs = (fault.retryAfterMs ?? 0) + this.#options.random() * bound;
      if (!REPEATED.has(fault.code) || performance.now() + delayMs >= endMs) throw fault;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }

  close(): void {
    this.#client.close();
  }

  #once(
    { parent, name }: DescMethodUnary,
    bytes: Uint8Array,
    timeoutMs: number,
  ): Promise<Uint8Array | ServiceError> {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${this.#options.token.reveal()}`);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        `/${parent.typeName}/${name}`,
        asBuffer,
        (answer) => answer,
        bytes,
        metadata,
        { deadline: Date.now() + Math.max(1, timeoutMs) },
        (error, answer) => resolve(error ?? answer ?? new Uint8Array()),
      );
    });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function faultOf(error: ServiceError, endpoint: string): CallFault {
  const { reason, fields, retryAfterMs } = detailsOf(error);
  const code = error.code in status ? status[error.code] : 'UNKNOWN';
  const told = fields.map(
    ({ field, rule, message }) => `\n  ${field === '' ? '(request)' : field} ${rule}: ${message}`,
  );
  const sentence =
    code === 'DEADLINE_EXCEEDED' || (code === 'UNAVAILABLE' && reason === '')
      ? `no gateway answered at ${endpoint} in time (${error.details})`
      : `${error.details} (${reason === '' ? code : reason})`;
  return new CallFault(code, sentence + told.join(''), fields, retryAfterMs);
}

interface Details {
  readonly reason: string;
  readonly fields: readonly RefusedField[];
  readonly retryAfterMs: number | undefined;
}

function detailsOf({ metadata }: Partial<ServiceError>): Details {
  // A call that never left has no metadata.
  const [raw] = metadata?.get('grpc-status-details-bin') ?? [];
  let reason = '';
  let fields: readonly RefusedField[] = [];
  let retryAfterMs: number | undefined;
  if (raw === undefined || typeof raw === 'string') return { reason, fields, retryAfterMs };
  for (const detail of fromBinary(StatusSchema, raw).details) {
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay !== undefined) retryAfterMs = durationMs(delay);
    reason = anyUnpack(detail, ErrorInfoSchema)?.reason ?? reason;
    fields =
      anyUnpack(detail, BadRequestSchema)?.fieldViolations.map((violation) => ({
        field: violation.field,
        rule: violation.reason,
        message: violation.description,
      })) ?? fields;
  }
  return { reason, fields, retryAfterMs };
}
