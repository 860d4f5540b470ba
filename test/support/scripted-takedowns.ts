// A real gRPC server on loopback that speaks the contract of takedown and answers as a test tells it to.
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { anyPack, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { RetryInfoSchema } from '@lachan/proto/error-details';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import {
  ReceiptStatus,
  ReportService,
  WatchOutcomesRequestSchema,
  WatchOutcomesResponseSchema,
} from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';
import { TakedownEventType, type TakedownEvent } from '@lachan/proto/takedown';
import {
  SubmitActionsRequestSchema,
  SubmitActionsResponseSchema,
  TakedownService,
  WatchNoticesRequestSchema,
  WatchNoticesResponseSchema,
  type NoticeSchema,
} from '@lachan/proto/takedown-service';

export type WireNotice = MessageInitShape<typeof NoticeSchema>;
export type WireOutcomes = NonNullable<MessageInitShape<typeof WatchOutcomesResponseSchema>['outcomes']>;
type WireReceipts = NonNullable<MessageInitShape<typeof SubmitActionsResponseSchema>['receipts']>;

const RECEIVED_AT_MS = 1_790_000_000_000;

/** What the gateway does; by default it tells everything there is after the cursor, and takes every action. */
export interface Script {
  onWatch?(watch: ScriptedWatch): void;
  onActions?(events: readonly TakedownEvent[]): WireReceipts | { readonly code: status } | undefined;
}

/** The notice `n-1` of the case `case-1` and so on. */
export function notice(n: number, caseNumber = n): WireNotice {
  return {
    noticeId: `n-${n}`,
    locationKey: `case-${caseNumber}`,
    cycle: 1,
    type: TakedownEventType.NOTICE_ISSUED,
    issuedAt: timestampFromMs(RECEIVED_AT_MS),
  };
}

/** The receipt of an accepted action. */
export function taken({ eventId, locationKey }: TakedownEvent, index: number) {
  const receivedAt = timestampFromMs(RECEIVED_AT_MS);
  return { index, eventId, locationKey, status: ReceiptStatus.ACCEPTED, receivedAt };
}

/** Cursors of this gateway: how many of the notices are worked off. */
export const cursorAfter = (count: number): string => `after-${count}`;

function statusOf(code: status, message: string, retryDelayMs?: number) {
  const metadata = new Metadata();
  if (retryDelayMs !== undefined) {
    const info = create(RetryInfoSchema, { retryDelay: durationFromMs(retryDelayMs) });
    const details = create(StatusSchema, { code, message, details: [anyPack(RetryInfoSchema, info)] });
    metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, details)));
  }
  return { code, details: message, metadata };
}

/** One watch as the gateway sees it. */
export class ScriptedWatch {
  readonly authorization: string;
  isOpen = true;
  readonly #call: ServerWritableStream<Uint8Array, Uint8Array>;

  constructor(
    call: ServerWritableStream<Uint8Array, Uint8Array>,
    readonly cursor: string,
    onClosed: () => void,
  ) {
    this.#call = call;
    this.authorization = String(call.metadata.get('authorization')[0]);
    for (const event of ['cancelled', 'close', 'finish']) {
      call.on(event, () => {
        this.isOpen = false;
        onClosed();
      });
    }
    call.on('error', () => undefined);
  }

  tell(found: WireNotice | undefined, cursor: string): void {
    const message = create(WatchNoticesResponseSchema, { cursor, ...(found && { notice: found }) });
    this.sendBytes(toBinary(WatchNoticesResponseSchema, message));
  }

  tellOutcomes(outcomes: WireOutcomes, cursor: string): void {
    this.sendBytes(
      toBinary(WatchOutcomesResponseSchema, create(WatchOutcomesResponseSchema, { outcomes, cursor })),
    );
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.isOpen) this.#call.write(bytes);
  }

  end(): void {
    this.#call.end();
  }

  fail(code: status, message: string, retryDelayMs?: number): void {
    this.#call.emit('error', statusOf(code, message, retryDelayMs));
  }
}

export class ScriptedTakedowns {
  readonly watches: ScriptedWatch[] = [];
  /** Every batch of actions as it came in. */
  readonly batches: (readonly TakedownEvent[])[] = [];
  readonly #script: Script;
  readonly #server: Server;
  #observers: (() => void)[] = [];

  private constructor(
    script: Script,
    server: Server,
    readonly port: number,
    /** What there is to tell, in order; `issue` adds to it. */
    readonly notices: WireNotice[],
  ) {
    this.#script = script;
    this.#server = server;
    server.addService(rawServiceDefinition(TakedownService), {
      watchNotices: (call: ServerWritableStream<Uint8Array, Uint8Array>) =>
        this.#onWatch(call, fromBinary(WatchNoticesRequestSchema, call.request).cursor),
      submitActions: (call: ServerUnaryCall<Uint8Array, Uint8Array>, done: sendUnaryData<Uint8Array>) =>
        this.#onActions(call, done),
      getCase: (_call: unknown, done: sendUnaryData<Uint8Array>) => done({ code: status.UNIMPLEMENTED }),
    });
    server.addService(rawServiceDefinition(ReportService), {
      watchOutcomes: (call: ServerWritableStream<Uint8Array, Uint8Array>) =>
        this.#onWatch(call, fromBinary(WatchOutcomesRequestSchema, call.request).cursor),
    });
  }

  /** Listens on loopback; `port` 0 takes any. */
  static async start(
    script: Script = {},
    port = 0,
    notices: readonly WireNotice[] = [],
  ): Promise<ScriptedTakedowns> {
    const server = new Server();
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, taken) => {
        if (error === null) resolve(taken);
        else reject(error);
      });
    });
    return new ScriptedTakedowns(script, server, bound, [...notices]);
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  get open(): readonly ScriptedWatch[] {
    return this.watches.filter((watch) => watch.isOpen);
  }

  get actions(): readonly TakedownEvent[] {
    return this.batches.flat();
  }

  /** Tells new notices to all who watch. */
  issue(...found: readonly WireNotice[]): void {
    for (const one of found) {
      this.notices.push(one);
      for (const watch of this.open) watch.tell(one, cursorAfter(this.notices.length));
    }
  }

  /** Tells everything after the watch's cursor, and a cursor where there is nothing. */
  catchUp(watch: ScriptedWatch, count = Infinity): void {
    const from = watch.cursor === '' ? 0 : Number(watch.cursor.slice('after-'.length));
    const found = this.notices.slice(from, from + count);
    for (const [i, one] of found.entries()) watch.tell(one, cursorAfter(from + i + 1));
    if (found.length === 0) watch.tell(undefined, cursorAfter(from));
  }

  /** Resolves once `condition` holds; it is asked again with every watch that opens or ends and every batch. */
  async until(condition: (gateway: ScriptedTakedowns) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#observers.push(resolve));
  }

  /** Drops every connection at once, as a killed process does. */
  kill(): void {
    this.#server.forceShutdown();
  }

  #onWatch(call: ServerWritableStream<Uint8Array, Uint8Array>, cursor: string): void {
    const watch = new ScriptedWatch(call, cursor, () => this.#notify());
    this.watches.push(watch);
    if (this.#script.onWatch) this.#script.onWatch(watch);
    else this.catchUp(watch);
    this.#notify();
  }

  #onActions(call: ServerUnaryCall<Uint8Array, Uint8Array>, done: sendUnaryData<Uint8Array>): void {
    const { events } = fromBinary(SubmitActionsRequestSchema, call.request);
    this.batches.push(events);
    const answer = this.#script.onActions === undefined ? events.map(taken) : this.#script.onActions(events);
    if (answer !== undefined && 'code' in answer) done({ code: answer.code, details: 'scripted' });
    else if (answer !== undefined) {
      const response = create(SubmitActionsResponseSchema, { receipts: answer });
      done(null, toBinary(SubmitActionsResponseSchema, response));
    }
    this.#notify();
  }

  #notify(): void {
    const observers = this.#observers;
    this.#observers = [];
    for (const observer of observers) observer();
  }
}
