// The StreamReports calls that are open: how many there may be, and their end when the gateway shuts down.
import type { Caller } from './authenticate.js';
import { CallerShares } from './caller-shares.js';
import { receive, type ReceiveDependencies } from './receive.js';
import { toStatus, type Refusal } from './refusal.js';
import { ReportStreamSession } from './stream-reports.js';

/** What is needed of grpc-js's `ServerDuplexStream`. */
export interface StreamCall {
  write(message: Uint8Array): boolean;
  pause(): unknown;
  resume(): unknown;
  end(): unknown;
  emit(event: 'error', status: object): boolean;
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'drain' | 'end' | 'error' | 'cancelled' | 'close' | 'finish', listener: () => void): unknown;
}

export interface ReportStreamsOptions {
  readonly receiving: ReceiveDependencies;
  /** Calls that may be open at once, over all connections; of these, how many one provider may have. */
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
  readonly maxBatchesInFlightPerStream: number;
  readonly onFault: (error: unknown) => void;
}

export class ReportStreams {
  readonly #sessions = new Set<ReportStreamSession>();
  readonly #shares: CallerShares;
  #isDraining = false;

  constructor(private readonly options: ReportStreamsOptions) {
    this.#shares = new CallerShares(options.maxStreamsPerCaller);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Answers one call. `callerNow` is asked for every batch: a revoked token must not live on in an open stream. */
  open(call: StreamCall, callerNow: () => Caller | undefined): void {
    const { receiving, maxStreams, maxBatchesInFlightPerStream, onFault } = this.options;
    const fail = (refusal: Refusal): void => void call.emit('error', toStatus(refusal));
    const opener = callerNow();
    if (opener === undefined) return fail({ kind: 'unauthenticated' });
    if (this.#isDraining) return fail({ kind: 'shutting-down' });
    if (this.size >= maxStreams || this.#shares.isFull(opener)) return fail({ kind: 'too-many-streams' });
    const giveBack = this.#shares.take(opener, 1);
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
        maxBatchesInFlight: maxBatchesInFlightPerStream,
        receive(bytes) {
          const caller = callerNow();
          return caller === undefined ? undefined : receive(bytes, 'StreamReportsRequest', caller, receiving);
        },
        onFault,
      },
    );
    this.#sessions.add(session);
    const closed = (): void => {
      session.onClosed();
      this.#sessions.delete(session);
      giveBack();
    };
    call.on('data', (bytes) => session.onMessage(bytes));
    call.on('drain', () => session.onDrain());
    call.on('end', () => session.onEnd());
    for (const event of ['error', 'cancelled', 'close', 'finish'] as const) call.on(event, closed);
  }

  /** Takes none any more; those there are answer what they took, and end. */
  drain(): void {
    this.#isDraining = true;
    for (const session of this.#sessions) session.drain();
  }
}
