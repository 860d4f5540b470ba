// The HTTP side of `start`: health and metrics for everybody on the host, operations for who can read the data
// directory.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { FigureRefusal } from '../../store/queries/figure.js';
import type { Secret } from '../../gateway/secret.js';
import { startMonitoring, type MonitoringServer } from '../monitoring-server.js';
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

/** Rules of `what-if` are the largest of what an operation is asked. */
const MAX_BODY_BYTES = 4_194_304;

export function startControlServer(options: ControlOptions): Promise<MonitoringServer> {
  const { token, operations, problem, ...monitoring } = options;
  return startMonitoring({
    ...monitoring,
    health: problem,
    readiness: problem,
    async answer(request, path) {
      const name = OPERATION_NAMES.find((operation) => path === `/operations/${operation}`);
      if (request.method !== 'POST' || name === undefined) return undefined;
      if (!authorised(request, token)) return { status: 401, body: { error: 'not authorised' } };
      try {
        return { status: 200, body: { result: (await performed(request, name, operations)) ?? null } };
      } catch (error) {
        const mendable = error instanceof OperationRefusal || error instanceof FigureRefusal;
        if (!mendable) throw error;
        return { status: 400, body: { error: error.message } };
      }
    },
  });
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
