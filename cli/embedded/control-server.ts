// The HTTP side of `start`: health and metrics for everybody on the host, operations for who can read the data
// directory.
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { FigureRefusal } from '../../store/queries/figures.js';
import type { Secret } from '../../gateway/secret.js';
import { OperationRefusal } from '../operation-refusal.js';
import type { Operations } from '../operations.js';
import { OPERATION_NAMES, performOperation, type OperationName } from './control-protocol.js';

export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  readonly token: Secret<string>;
  readonly operations: Operations;
  readonly registry: Registry;
  /** Undefined while all is well; else what is wrong, in one sentence. */
  readonly problem: () => string | undefined;
  readonly onFault: (error: unknown) => void;
}

export interface ControlServer {
  /** `http://host:port` */
  readonly url: string;
  /** Takes nothing more, and answers what was asked; after two seconds whatever is left is cut off. */
  close(): Promise<void>;
}

const CLOSE_MS = 2_000;
const MAX_BODY_BYTES = 65_536;

export async function startControlServer(options: ControlOptions): Promise<ControlServer> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    route(request, response, options).catch((error: unknown) => {
      const mendable = error instanceof OperationRefusal || error instanceof FigureRefusal;
      if (!mendable) options.onFault(error);
      if (response.headersSent) return void response.destroy();
      sendJson(response, mendable ? 400 : 500, {
        error: mendable ? error.message : 'internal error; see the log of the process',
      });
    });
  });
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        const cutOff = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        server.close(() => {
          clearTimeout(cutOff);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { token, operations, registry, problem }: ControlOptions,
): Promise<void> {
  const path = request.url?.split('?')[0] ?? '';
  if (request.method === 'GET' && path === '/healthz') {
    const wrong = problem();
    sendJson(
      response,
      wrong === undefined ? 200 : 503,
      wrong === undefined ? { ok: true } : { ok: false, problem: wrong },
    );
    return;
  }
  if (request.method === 'GET' && path === '/metrics') {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(text);
    return;
  }
  const name = OPERATION_NAMES.find((operation) => path === `/operations/${operation}`);
  if (request.method !== 'POST' || name === undefined) {
    sendJson(response, 404, { error: 'no such page' });
    return;
  }
  if (!authorised(request, token)) {
    sendJson(response, 401, { error: 'not authorised' });
    return;
  }
  sendJson(response, 200, { result: (await performed(request, name, operations)) ?? null });
}

async function performed(
  request: IncomingMessage,
  name: OperationName,
  operations: Operations,
): Promise<unknown> {
  const body: unknown = JSON.parse(await readBody(request));
  if (!Array.isArray(body)) throw new OperationRefusal('the arguments of an operation are a JSON array');
  return performOperation(operations, name, body);
}

function authorised(request: IncomingMessage, token: Secret<string>): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token.reveal()}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new OperationRefusal('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}
