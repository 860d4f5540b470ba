// A caller without any gRPC library: it may send whatever HTTP/2 can carry, and stop wherever it likes.
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { within } from './lachan-process.js';

const LIMIT_MS = 5_000;

/** How a call was answered: the last headers that came, and whether it came to any. */
export interface RawAnswer {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: number | undefined;
  readonly rstCode: number | undefined;
}

export class RawCaller {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on('error', () => undefined);
  }

  /** Connected, and told the server's settings. `settings`: the caller's own, as how much it is ready to read. */
  static async connect(address: string, settings: http2.Settings = {}): Promise<RawCaller> {
    const caller = new RawCaller(http2.connect(`http://${address}`, { settings }));
    await within(LIMIT_MS, 'the settings of the server', once(caller.session, 'remoteSettings'));
    return caller;
  }

  /** Begins a call and sends `body`, as it is; `isWhole`: and nothing after it. */
  begin(path: string, body: Uint8Array, isWhole: boolean, headers: OutgoingHttpHeaders = {}): RawCall {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    if (body.length > 0) stream.write(body);
    if (isWhole) stream.end();
    return new RawCall(stream);
  }

  close(): void {
    this.session.destroy();
  }
}

export class RawCall {
  readonly #ended: Promise<void>;
  #httpStatus: number | undefined;
  #grpcStatus: number | undefined;

  constructor(readonly stream: ClientHttp2Stream) {
    const note = (headers: OutgoingHttpHeaders): void => {
      if (headers[':status'] !== undefined) this.#httpStatus = Number(headers[':status']);
      if (headers['grpc-status'] !== undefined) this.#grpcStatus = Number(headers['grpc-status']);
    };
    stream.on('error', () => undefined);
    stream.on('response', note);
    stream.on('trailers', note);
    stream.resume();
    this.#ended = new Promise((resolve) => {
      stream.on('end', resolve);
      stream.on('close', resolve);
    });
  }

  /** Until the server has said its last word. */
  async answered(): Promise<RawAnswer> {
    await within(LIMIT_MS, 'an answer', this.#ended);
    return { httpStatus: this.#httpStatus, grpcStatus: this.#grpcStatus, rstCode: this.stream.rstCode };
  }
}

/** A message in gRPC's frame; `length` and `flag` may lie. */
export function frame(message: Uint8Array, { flag = 0, length = message.length } = {}): Uint8Array {
  const framed = Buffer.alloc(5 + message.length);
  framed.writeUInt8(flag, 0);
  framed.writeUInt32BE(length, 1);
  framed.set(message, 5);
  return framed;
}
