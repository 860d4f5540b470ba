// The HTTP side of every process that serves: health, readiness and metrics, for everybody who can reach it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface MonitoringOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  /** Undefined while the process may go on living; else what is wrong, in one sentence. `/healthz`. */
  readonly health: () => string | undefined;
  /** Undefined while the process does its work; else what is wrong, in one sentence. `/readyz`. */
  readonly readiness: () => string | undefined;
  /** Answers whatever else is asked; undefined: there is no such page. */
  readonly answer?: (request: IncomingMessage, path: string) => Promise<Answer | undefined>;
  readonly onFault: (error: unknown) => void;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
}

export interface MonitoringServer {
  /** `http://host:port` */
  readonly url: string;
  /** Takes nothing more, and answers what was asked; after two seconds whatever is left is cut off. Safe twice. */
  close(): Promise<void>;
}

const CLOSE_MS = 2_000;
const MAX_CONNECTIONS = 100;

/** Rejects when the address is taken. */
export async function startMonitoring(options: MonitoringOptions): Promise<MonitoringServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    respond(request, response, options).catch((error: unknown) => {
      options.onFault(error);
      if (response.headersSent) return void response.destroy();
      sendJson(response, { status: 500, body: { error: 'internal error; see the log of the process' } });
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  // A TCP server that listens has an AddressInfo.
  const { port, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${options.host}]` : options.host;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      server.close(() => {
        clearTimeout(cutOff);
        resolve();
      });
      server.closeIdleConnections();
    });
  return { url: `http://${host}:${port}`, close: () => (closed ??= close()) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, health, readiness, answer }: MonitoringOptions,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  const asked = request.method === 'GET' ? { '/healthz': health, '/readyz': readiness }[path] : undefined;
  if (asked !== undefined) {
    sendJson(response, verdictOf(asked()));
    return;
  }
  if (request.method === 'GET' && path === '/metrics') {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(text);
    return;
  }
  const nothing: Answer = { status: 404, body: { error: 'no such page' } };
  sendJson(response, (await answer?.(request, path)) ?? nothing);
}

function verdictOf(problem: string | undefined): Answer {
  return problem === undefined
    ? { status: 200, body: { ok: true } }
    : { status: 503, body: { ok: false, problem } };
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}
