// A caller of the gateway that sends whatever bytes a test wants and reads what came back to the last detail.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import {
  Client,
  credentials,
  Metadata,
  status,
  type ClientDuplexStream,
  type StatusObject,
} from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@lachan/proto/error-details';
import type { Report } from '@lachan/proto/report';
import {
  StreamReportsRequestSchema,
  StreamReportsResponseSchema,
  SubmitReportsRequestSchema,
  SubmitReportsResponseSchema,
  type Receipt,
  type StreamReportsResponse,
} from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';
import { until, within } from './lachan-process.js';

const CALL_MS = 60_000;
const SERVICE = '/lachan.v1.ReportService';

/** How a call ended. `code` is the name of the gRPC status. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  /** What `grpc-status-details-bin` holds; undefined where there is none. */
  readonly rich: RichStatus | undefined;
}

export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  /** `field RULE` of each violation; undefined without BadRequest. */
  readonly violations: readonly string[] | undefined;
  /** Undefined without RetryInfo. */
  readonly retryAfterMs: number | undefined;
}

export type Answer = { readonly ok: true; readonly bytes: Uint8Array } | ({ readonly ok: false } & Ending);

const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

export class GatewayClient {
  readonly #client: Client;
  readonly #token: string | undefined;

  constructor(address: string, token?: string) {
    this.#client = new Client(`dns:${address}`, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
    this.#token = token;
  }

  close(): void {
    this.#client.close();
  }

  /** One unary call by its full path, with these bytes. */
  call(path: string, bytes: Uint8Array): Promise<Answer> {
    const deadline = new Date(Date.now() + CALL_MS);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        asIs,
        asIs,
        bytes,
        this.#metadata(),
        { deadline },
        (error, answer) => {
          if (error === null && answer !== undefined) resolve({ ok: true, bytes: answer });
          else if (error !== null) resolve({ ok: false, ...endingOf(error) });
        },
      );
    });
  }

  submitBytes(bytes: Uint8Array): Promise<Answer> {
    return this.call(`${SERVICE}/SubmitReports`, bytes);
  }

  /** The receipts of one batch that the gateway must take. */
  submit(reports: readonly Report[]): Promise<readonly Receipt[]> {
    const request = create(SubmitReportsRequestSchema, { reports: [...reports] });
    return this.receipts(toBinary(SubmitReportsRequestSchema, request));
  }

  /** The same for a batch in bytes. */
  async receipts(request: Uint8Array): Promise<readonly Receipt[]> {
    const answer = await this.submitBytes(request);
    if (!answer.ok) throw new Error(`SubmitReports: ${answer.code} ${answer.message}`);
    return fromBinary(SubmitReportsResponseSchema, answer.bytes).receipts;
  }

  stream(path = `${SERVICE}/StreamReports`): GatewayStream {
    const deadline = new Date(Date.now() + CALL_MS * 3);
    return new GatewayStream(
      this.#client.makeBidiStreamRequest(path, asIs, asIs, this.#metadata(), { deadline }),
    );
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#token !== undefined) metadata.set('authorization', `Bearer ${this.#token}`);
    return metadata;
  }
}

/** One bidirectional call. */
export class GatewayStream {
  /** Messages as they came. */
  readonly messages: Uint8Array[] = [];
  readonly #ended: Promise<Ending>;
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  #over = false;

  constructor(call: ClientDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
    call.on('data', (bytes: Uint8Array) => this.messages.push(bytes));
    call.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      call.on('status', (found: StatusObject) => {
        this.#over = true;
        resolve(endingOf(found));
      });
    });
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.#over) this.#call.write(bytes);
  }

  send(batchSequence: number, reports: readonly Report[]): void {
    const request = { batchSequence: BigInt(batchSequence), reports: [...reports] };
    this.sendBytes(toBinary(StreamReportsRequestSchema, create(StreamReportsRequestSchema, request)));
  }

  /** The messages as answers of StreamReports. */
  responses(): readonly StreamReportsResponse[] {
    return this.messages.map((bytes) => fromBinary(StreamReportsResponseSchema, bytes));
  }

  /** The answer to one batch. */
  answer(batchSequence: number): Promise<StreamReportsResponse> {
    return until(
      `the answer to batch ${batchSequence}`,
      () => this.responses().find((response) => Number(response.batchSequence) === batchSequence),
      CALL_MS,
    );
  }

  /** The n-th message, from 0. */
  message(n: number): Promise<Uint8Array> {
    return until(`message ${n} of a stream`, () => this.messages[n], CALL_MS);
  }

  finish(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }

  /** Reads no more, so that what is sent here piles up. */
  stopReading(): void {
    this.#call.pause();
  }

  ended(): Promise<Ending> {
    return within(CALL_MS, 'the stream to end', this.#ended);
  }
}

export function endingOf({
  code,
  details,
  metadata,
}: Pick<StatusObject, 'code' | 'details' | 'metadata'>): Ending {
  const [raw] = metadata.get('grpc-status-details-bin');
  return {
    code: status[code],
    message: details,
    rich: raw === undefined || typeof raw === 'string' ? undefined : richOf(raw),
  };
}

function richOf(bytes: Uint8Array): RichStatus {
  const found = fromBinary(StatusSchema, bytes);
  const info = found.details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((one) => one !== undefined);
  const bad = found.details.map((any) => anyUnpack(any, BadRequestSchema)).find((one) => one !== undefined);
  const retry = found.details.map((any) => anyUnpack(any, RetryInfoSchema)).find((one) => one !== undefined);
  const delay = retry?.retryDelay;
  return {
    code: found.code,
    message: found.message,
    reason: info?.reason,
    domain: info?.domain,
    violations: bad?.fieldViolations.map(({ field, reason }) => `${field} ${reason}`),
    retryAfterMs: delay === undefined ? undefined : Number(delay.seconds) * 1000 + delay.nanos / 1_000_000,
  };
}
