// A real gRPC server on loopback with the services of takedown, that answers as a test tells it to.
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { AuthorityService } from '@lachan/proto/authority-service';
import { rawServiceDefinition } from '@lachan/proto/grpc-service';
import { TakedownService } from '@lachan/proto/takedown-service';
import { toStatus, type Refusal } from '../../gateway/refusal.js';

/** One call as it came. */
export interface AskedCall {
  readonly authorization: string;
  readonly atMs: number;
}

/** What one method answers: a response, or why there is none. */
export type Scripted = (request: Uint8Array, call: AskedCall) => Uint8Array | Refusal;

const STRANGER: Refusal = { kind: 'unauthenticated' };

/** In place of a response. */
export class Refused {
  constructor(readonly refusal: Refusal) {}
}

/** `answer` in the messages of its method. */
export function scripted<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  answer: (request: MessageShape<I>, call: AskedCall) => MessageInitShape<O> | Refused,
): Scripted {
  return (request, call) => {
    const answered = answer(fromBinary(method.input, request), call);
    if (answered instanceof Refused) return answered.refusal;
    return toBinary(method.output, create(method.output, answered));
  };
}

export class ScriptedAuthority {
  readonly endpoint: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.endpoint = `127.0.0.1:${port}`;
  }

  /** `script`: answers by local name of the method; others are refused as strangers are. */
  static async start(script: Readonly<Record<string, Scripted>>): Promise<ScriptedAuthority> {
    const server = new Server();
    for (const service of [AuthorityService, TakedownService]) {
      const methods = rawServiceDefinition(service);
      const unary = Object.entries(methods).filter(([, method]) => !method.responseStream);
      const implementation: UntypedServiceImplementation = {};
      for (const [name] of unary) {
        implementation[name] = (
          call: ServerUnaryCall<Uint8Array, Uint8Array>,
          done: sendUnaryData<Uint8Array>,
        ): void => {
          const authorization = String(call.metadata.get('authorization')[0]);
          const answer = script[name]?.(call.request, { authorization, atMs: performance.now() }) ?? STRANGER;
          if (answer instanceof Uint8Array) done(null, answer);
          else done(toStatus(answer));
        };
      }
      server.addService(Object.fromEntries(unary), implementation);
    }
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, taken) => {
        if (error === null) resolve(taken);
        else reject(error);
      });
    });
    return new ScriptedAuthority(server, port);
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
