// A real gRPC server on loopback that speaks the contract and answers as a test tells it to.
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { RetryInfoSchema } from '@lachan/proto/error-details';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import type { Report } from '@lachan/proto/report';
import {
  GetReportRequestSchema,
  GetReportResponseSchema,
  ReceiptStatus,
  type ReceiptSchema,
  ReportService,
  StreamReportsRequestSchema,
  StreamReportsResponseSchema,
} from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';

type Response = MessageInitShape<typeof StreamReportsResponseSchema>;
export type WireReceipt = MessageInitShape<typeof ReceiptSchema>;

/** One batch as it came in. */
export interface ReceivedBatch {
  readonly stream: ScriptedStream;
  readonly sequence: bigint;
  readonly reports: readonly Report[];
  readonly atMs: number;
}

/** What the gateway does; by default it gives credit for 10,000 reports and accepts everything. */
export interface Script {
  readonly credit?: number;
  onStream?(stream: ScriptedStream): void;
  onBatch?(batch: ReceivedBatch): void;
  onLookup?(reportId: string): MessageInitShape<typeof GetReportResponseSchema> | { readonly code: status };
}

/** The receipt of an accepted report. The authority's id is made of the report's own, so that a mix-up shows. */
export function accepted(report: Report, index: number) {
  return {
    index,
    reportId: report.reportId,
    authorityReportId: `authority-${report.reportId}`,
    status: ReceiptStatus.ACCEPTED,
    receivedAt: timestampFromMs(1_790_000_000_000),
  };
}

/** One stream as the gateway sees it. */
export class ScriptedStream {
  readonly authorization: string;
  /** Reports received and not answered. */
  unanswered = 0;
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  readonly #credit: number;

  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>, credit: number) {
    this.#call = call;
    this.#credit = credit;
    this.authorization = String(call.metadata.get('authorization')[0]);
  }

  send(response: Response): void {
    const message = create(StreamReportsResponseSchema, { credit: this.#credit, ...response });
    this.#call.write(toBinary(StreamReportsResponseSchema, message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#call.write(bytes);
  }

  answer(batch: ReceivedBatch, receipts: WireReceipt[], response: Response = {}): void {
    this.unanswered -= batch.reports.length;
    this.send({ batchSequence: batch.sequence, receipts, ...response });
  }

  accept(batch: ReceivedBatch): void {
    this.answer(batch, batch.reports.map(accepted));
  }

  throttle(batch: ReceivedBatch, delayMs: number): void {
    this.answer(batch, [], { throttle: { retryDelay: durationFromMs(delayMs), message: 'too fast' } });
  }

  /** Ends the stream in order, as a gateway does that shuts down. */
  end(): void {
    this.#call.end();
  }

  /** Ends the stream with a status, and RetryInfo where a delay is given. */
  fail(code: status, message: string, retryDelayMs?: number): void {
    const metadata = new Metadata();
    if (retryDelayMs !== undefined) {
      const info = create(RetryInfoSchema, { retryDelay: durationFromMs(retryDelayMs) });
      const details = create(StatusSchema, { code, message, details: [anyPack(RetryInfoSchema, info)] });
      metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, details)));
    }
    this.#call.emit('error', { code, details: message, metadata });
  }
}

export class ScriptedGateway {
  readonly streams: ScriptedStream[] = [];
  readonly batches: ReceivedBatch[] = [];
  readonly port: number;
  readonly #script: Script;
  readonly #server: Server;
  #watchers: (() => void)[] = [];

  private constructor(script: Script, server: Server, port: number) {
    this.#script = script;
    this.#server = server;
    this.port = port;
    server.addService(rawServiceDefinition(ReportService), {
      streamReports: (call: ServerDuplexStream<Uint8Array, Uint8Array>) => this.#onStream(call),
      getReport: (call: ServerUnaryCall<Uint8Array, Uint8Array>, done: sendUnaryData<Uint8Array>) =>
        this.#onLookup(call, done),
      submitReports: (_call: unknown, done: sendUnaryData<Uint8Array>) =>
        done({ code: status.UNIMPLEMENTED }),
    });
  }

  /** Listens on loopback; `port` 0 takes any. */
  static async start(script: Script = {}, port = 0): Promise<ScriptedGateway> {
    const server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, taken) => {
        if (error === null) resolve(taken);
        else reject(error);
      });
    });
    return new ScriptedGateway(script, server, bound);
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  get reports(): Report[] {
    return this.batches.flatMap((batch) => batch.reports);
  }

  /** Resolves once `condition` holds; it is asked again with every stream and batch that comes in. */
  async until(condition: (gateway: ScriptedGateway) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** Drops every connection at once, as a killed process does. */
  kill(): void {
    this.#server.forceShutdown();
  }

  #onStream(call: ServerDuplexStream<Uint8Array, Uint8Array>): void {
    const stream = new ScriptedStream(call, this.#script.credit ?? 10_000);
    call.on('error', () => undefined);
    call.on('end', () => call.end());
    call.on('data', (bytes: Uint8Array) => {
      const { batchSequence, reports } = fromBinary(StreamReportsRequestSchema, bytes);
      const batch = { stream, sequence: batchSequence, reports, atMs: performance.now() };
      stream.unanswered += reports.length;
      this.batches.push(batch);
      if (this.#script.onBatch) this.#script.onBatch(batch);
      else stream.accept(batch);
      this.#notify();
    });
    this.streams.push(stream);
    if (this.#script.onStream) this.#script.onStream(stream);
    else stream.send({});
    this.#notify();
  }

  #onLookup(call: ServerUnaryCall<Uint8Array, Uint8Array>, done: sendUnaryData<Uint8Array>): void {
    const { reportId } = fromBinary(GetReportRequestSchema, call.request);
    const answer = this.#script.onLookup?.(reportId) ?? { code: status.NOT_FOUND };
    if ('code' in answer) done({ code: answer.code, details: 'scripted' });
    else done(null, toBinary(GetReportResponseSchema, create(GetReportResponseSchema, answer)));
  }

  #notify(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }
}
