// Answers of calls wait in memory until their caller reads them; how long, only the caller decides.
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Caller } from './authenticate.js';
import type { CallerShares } from './caller-shares.js';

type Call = ConstructorParameters<typeof ServerInterceptingCall>[0];

/** Counts the bytes that are answered and not yet on their way; whoever has too many is told to wait elsewhere. */
export function countUnreadAnswers(
  unread: CallerShares,
  callerOf: (authorization: string | undefined) => Caller | undefined,
): ServerInterceptor {
  return (_method, call) => new CountedCall(call, unread, callerOf);
}

class CountedCall extends ServerInterceptingCall {
  readonly #unread: CallerShares;
  readonly #seen: { caller?: Caller | undefined; release?: () => void };

  constructor(
    call: Call,
    unread: CallerShares,
    callerOf: (authorization: string | undefined) => Caller | undefined,
  ) {
    const seen: { caller?: Caller | undefined; release?: () => void } = {};
    super(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, go) {
            const [authorization] = metadata.get('authorization');
            seen.caller = callerOf(typeof authorization === 'string' ? authorization : undefined);
            go(metadata);
          },
          onCancel: () => seen.release?.(),
        }),
    });
    this.#unread = unread;
    this.#seen = seen;
  }

  override sendMessage(message: unknown, callback: () => void): void {
    const { caller } = this.#seen;
    if (caller === undefined || !(message instanceof Uint8Array)) {
      super.sendMessage(message, callback);
      return;
    }
    const release = this.#unread.take(caller, message.length);
    this.#seen.release = release;
    super.sendMessage(message, () => {
      release();
      callback();
    });
  }
}
