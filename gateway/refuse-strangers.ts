// What somebody without a token can cost: not the memory of a message, and nothing that stays.
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { toStatus } from './refusal.js';

const HEALTH = '/grpc.health.v1.Health/';

export interface Doors {
  /** Services whose callers must have a token, and whether it is one for that service. */
  readonly guarded: Readonly<Record<string, (authorization: string | undefined) => boolean>>;
  /** Services whose health may be asked for. The health service would keep any other name for ever. */
  readonly healthOf: ReadonlySet<string>;
}

/** Answers a stranger when the headers are there, before a byte of the message is kept. */
export function refuseStrangers({ guarded, healthOf }: Doors): ServerInterceptor {
  const services = Object.entries(guarded).map(([service, isKnown]) => [`/${service}/`, isKnown] as const);
  return (method, call) => {
    const isKnown = services.find(([path]) => method.path.startsWith(path))?.[1];
    const isHealth = method.path.startsWith(HEALTH);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, go) {
            const [authorization] = metadata.get('authorization');
            if (isKnown?.(typeof authorization === 'string' ? authorization : undefined) !== false) {
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
