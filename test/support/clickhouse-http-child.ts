// chDB behind the part of ClickHouse's HTTP interface that the client uses. Its one argument is ChildOptions as JSON; when
// it serves it says on which ports and with which version of the engine, as one line of JSON.
import { rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { ChdbResult, Session } from 'chdb';
import type { ChildOptions, StandInFault } from './clickhouse-http.js';
import { credentialsOf, readRequest, type HttpRequest } from './clickhouse-http-request.js';
import { EngineSessions } from './clickhouse-http-sessions.js';

const given = JSON.parse(process.argv[2] ?? '') as ChildOptions;
const { directory } = given;
const engine = new EngineSessions(directory);

let blocks = 0;
/** By way of a file: behind a statement the engine takes no binary rows here. One at a time, as it goes in the store. */
let turn: Promise<unknown> = Promise.resolve();
function insert(session: Session, query: string, rows: Buffer): Promise<ChdbResult> {
  const file = join(directory, `http-${(blocks += 1)}.block`);
  const statement = query.replace(
    /^(INSERT INTO [\w.]+ \([^)]*\))/,
    (head) => `${head} FROM INFILE '${file}' COMPRESSION 'none'`,
  );
  const inserted = turn.then(async () => {
    try {
      writeFileSync(file, rows, { mode: 0o600 });
      return await session.queryAsync(statement);
    } finally {
      rmSync(file, { force: true });
    }
  });
  turn = inserted.catch(() => undefined);
  return inserted;
}

function execute(request: HttpRequest): Promise<ChdbResult> {
  const { query, rows, params, format } = request;
  return engine.run(request, (session) => {
    if (rows !== undefined) return insert(session, query, rows);
    if (Object.keys(params).length > 0) return session.queryBindAsync(query, params, { format });
    return session.queryAsync(query, { format });
  });
}

/** Those of which some are still to come. */
const faults: { fault: StandInFault; left: number }[] = [];

function nextFault({ table }: HttpRequest): StandInFault | undefined {
  const index = faults.findIndex(
    ({ fault }) =>
      (fault.on ?? 'insert') === (table === undefined ? 'query' : 'insert') &&
      (fault.table === undefined || fault.table === table),
  );
  const found = faults[index];
  if (found === undefined) return undefined;
  found.left -= 1;
  if (found.left === 0) faults.splice(index, 1);
  return found.fault;
}

class EngineError extends Error {
  constructor(
    readonly clickhouseCode: number,
    name: string,
  ) {
    super(
      `Code: ${clickhouseCode}. DB::Exception: as the test asks for. (${name}) (version of the stand-in)`,
    );
  }
}

/** As in the server's exceptionCodeToHTTPStatus; all others are 500. */
const STATUS = new Map<number, number>([
  ...[6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 117, 457].map((code) => [code, 400] as const),
  ...[46, 47, 60, 73, 81, 115].map((code) => [code, 404] as const),
  ...[192, 193, 516].map((code) => [code, 403] as const),
  [194, 401],
  [159, 408],
]);

function answerError(response: ServerResponse, error: unknown): void {
  const code = codeOf(error);
  const text = String(error instanceof Error ? error.message : error);
  response.writeHead(STATUS.get(code) ?? 500, {
    'X-ClickHouse-Exception-Code': String(code),
    'Content-Type': 'text/plain; charset=UTF-8',
  });
  response.end(text.startsWith('Code: ') ? text : `Code: ${code}. DB::Exception: ${text}\n`);
}

function codeOf(error: unknown): number {
  if (typeof error === 'object' && error !== null) {
    if ('clickhouseCode' in error && typeof error.clickhouseCode === 'number') return error.clickhouseCode;
    if ('cause' in error) return codeOf(error.cause);
  }
  return 1001;
}

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://stand-in.example');
  if (url.pathname === '/ping') return void response.end('Ok.\n');
  const early = readRequest(url, Buffer.alloc(0));
  if (faults[0]?.fault.kind === 'half-open' && nextFault(early) !== undefined) return void incoming.pause();
  if (faults[0]?.fault.kind === 'reset-unread' && nextFault(early) !== undefined) {
    return void incoming.socket.resetAndDestroy();
  }
  const sent = await buffer(incoming);
  const request = readRequest(url, incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
  const user = given.user ?? { username: 'default', password: '' };
  const { username, password } = credentialsOf(incoming.headers);
  if (username !== user.username || password !== user.password) {
    throw new EngineError(516, 'AUTHENTICATION_FAILED');
  }

  const fault = nextFault(request);
  if (fault?.kind === 'exception') throw new EngineError(fault.code, fault.name);
  if (fault?.kind === 'reset-before') return void incoming.socket.resetAndDestroy();
  if (fault?.kind === 'silent-before') return;
  if (fault?.kind === 'late') await sleep(fault.ms);
  if (fault?.kind === 'exception-in-body') {
    response.writeHead(200, { 'X-ClickHouse-Exception-Tag': 'aaaabbbbccccdddd' });
    const text = new EngineError(fault.code, fault.name).message;
    const block = `__exception__\r\naaaabbbbccccdddd\r\n${text}\n${text.length + 1} aaaabbbbccccdddd\r\n__exception__\r\n`;
    return void response.end(`\r\n${block}`);
  }
  const result = await execute(request);
  if (fault?.kind === 'reset-after') return void incoming.socket.resetAndDestroy();
  if (fault?.kind === 'silent-after') return;
  if (fault?.kind === 'status-after') return void response.writeHead(fault.status).end('upstream went away');
  if (fault?.kind === 'slow') await sleep(fault.ms);

  const bytes = Buffer.from(result.bytes());
  const [read, written] = [
    String(result.rowsRead),
    request.rows === undefined ? '0' : String(result.rowsRead),
  ];
  response.writeHead(200, {
    'Content-Type': 'text/tab-separated-values; charset=UTF-8',
    'X-ClickHouse-Summary': JSON.stringify({ read_rows: read, written_rows: written, elapsed_ns: '1' }),
    'X-ClickHouse-Exception-Tag': 'aaaabbbbccccdddd',
  });
  if (fault?.kind === 'cut-answer') {
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
    response.write(' ');
    await sleep(50);
    return void incoming.socket.resetAndDestroy();
  }
  response.end(bytes);
}

const serve: RequestListener = (incoming, response) => {
  answer(incoming, response).catch((error: unknown) => {
    if (response.headersSent || incoming.socket.destroyed) incoming.socket.destroy();
    else answerError(response, error);
  });
};

const control = createServer((incoming, response) => {
  const act = async (): Promise<void> => {
    if (incoming.method === 'DELETE') faults.length = 0;
    if (incoming.method === 'POST') {
      const asked = JSON.parse((await buffer(incoming)).toString()) as StandInFault[];
      faults.push(...asked.map((fault) => ({ fault, left: fault.times ?? 1 })));
    }
    response.end(String(faults.reduce((sum, { left }) => sum + left, 0)));
  };
  act().catch((error: unknown) => response.writeHead(400).end(String(error)));
});

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

await engine.forgetWhatWasLost();
const limits = {
  maxHeaderSize: 4 * 1024 * 1024,
  keepAliveTimeout: given.keepAliveMs ?? 10_000,
  requestTimeout: 0,
};
const server =
  given.tls === undefined ? createServer(limits, serve) : createTlsServer({ ...limits, ...given.tls }, serve);
const ready = {
  port: await listen(server, given.port),
  controlPort: await listen(control, given.controlPort),
  version: await engine.version(),
};
process.stdout.write(`${JSON.stringify(ready)}\n`);

// Whoever started it may be killed without a word.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 1_000).unref();
