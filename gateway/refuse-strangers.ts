// What somebody without a token can cost: not the memory of a message, and nothing that stays.
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { toStatus } from './refusal.js';

const HEALTH = '/grpc.health.v1.Health/';

export interface Doors {
  /** Services whose callers must have a token. */
  readonly guarded: readonly string[];
  readonly isKnown: (authorization: string | undefined) => boolean;
  /** Services whose health may be asked for. The health service would keep any other name for ever. */
  readonly healthOf: ReadonlySet<string>;
}

/** Answers a stranger when the headers are there, before a byte of the message is kept. */
export function refuseStrangers({ guarded, isKnown, healthOf }: Doors): ServerInterceptor {
  return (method, call) => {
    const isGuarded = guarded.some((service) => method.path.startsWith(`/${service}/`));
    const isHealth = method.path.startsWith(HEALTH);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, go) {
            const [authorization] = metadata.get('authorization');
            if (!isGuarded || isKnown(typeof authorization === 'string' ? authorization : undefined)) {
              go(metadata);
            } else call.sendStatus(toStatus({ kind: 'unauthenticated' }));
          },
          onReceiveMessage(message: unknown, go) {
            if (!isHealth || healthOf.has(serviceIn(message))) go(message);
            else call.sendStatus(toStatus({ kind: 'unknown-service' }));
          },
        });
      },
    });
  };
}

function serviceIn(message: unknown): string {
  const { service }: { readonly service?: unknown } =
    typeof message === 'object' && message !== null ? message : {};
  return typeof service === 'string' ? service : '';
}
