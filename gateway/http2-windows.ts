// grpc-js gives its server no say in HTTP/2 windows: they stay at 64 KiB, which at 50 ms of round trip caps a
// connection at 1.3 MB/s. So the server that Node makes for it is adjusted here.
import http2, { type Http2Server, type ServerOptions } from 'node:http2';

export interface Http2Limits {
  /** Bytes that one stream, and one connection, may have sent and not yet been read. */
  readonly windowBytes: number;
  readonly maxConnections: number;
}

const createServer = http2.createServer.bind(http2);

/** From now on every plaintext HTTP/2 server of this process has these limits. Call it before the server is bound. */
export function widenHttp2Windows({ windowBytes, maxConnections }: Http2Limits): void {
  const widened = (options: ServerOptions = {}): Http2Server => {
    const server = createServer({
      ...options,
      settings: { ...options.settings, initialWindowSize: windowBytes },
    });
    server.maxConnections = maxConnections;
    server.on('session', (session) => session.setLocalWindowSize(windowBytes));
    return server;
  };
  Object.defineProperty(http2, 'createServer', { value: widened, configurable: true, writable: true });
}
