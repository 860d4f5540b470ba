// Answers of calls wait in memory until their caller reads them; how long, only the caller decides.
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { CallerShares, Holder } from './caller-shares.js';

type Call = ConstructorParameters<typeof ServerInterceptingCall>[0];
type CallerOf = (authorization: string | undefined) => Holder | undefined;

/** Counts the bytes that are answered and not yet on their way; whoever has too many is told to wait elsewhere. */
export function countUnreadAnswers(unread: CallerShares, callerOf: CallerOf): ServerInterceptor {
  return (_method, call) => new CountedCall(call, new UnreadOfCall(unread), callerOf);
}

/** What one call holds. grpc-js tells of every call once that it is over, and of a message only if it was sent. */
class UnreadOfCall {
  caller: Holder | undefined;
  #isOver = false;
  readonly #held = new Set<() => void>();

  constructor(private readonly unread: CallerShares) {}

  /** Counts a message; what is returned takes it out of the count. */
  add(message: unknown): () => void {
    if (this.#isOver || this.caller === undefined || !(message instanceof Uint8Array)) return () => undefined;
    const giveBack = this.unread.take(this.caller, message.length);
    this.#held.add(giveBack);
    return () => {
      this.#held.delete(giveBack);
      giveBack();
    };
  }

  end(): void {
    this.#isOver = true;
    for (const giveBack of this.#held) giveBack();
    this.#held.clear();
  }
}

class CountedCall extends ServerInterceptingCall {
  constructor(
    call: Call,
    private readonly held: UnreadOfCall,
    callerOf: CallerOf,
  ) {
    super(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, go) {
            const [authorization] = metadata.get('authorization');
            held.caller = callerOf(typeof authorization === 'string' ? authorization : undefined);
            go(metadata);
          },
          onCancel: () => held.end(),
        }),
    });
  }

  override sendMessage(message: unknown, callback: () => void): void {
    const sent = this.held.add(message);
    super.sendMessage(message, () => {
      sent();
      callback();
    });
  }
}
