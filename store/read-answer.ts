// What a ClickHouse server answered over HTTP, told apart into rows and faults. The engine's words stay here: they quote rows.
import { addAbortSignal, type Readable } from 'node:stream';
import { engineFault } from './classify-fault.js';
import { StoreFault, type Row } from './store.js';

export interface HttpAnswer {
  readonly stream: Readable;
  readonly response_headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly http_status_code?: number;
}

export interface ReadLimits {
  readonly doing: string;
  readonly signal: AbortSignal;
  readonly mostBytes: number;
}

/** As much as is read of an answer that tells of a fault: it begins with the number. */
const FAULT_BYTES = 64 * 1024;
/** Whoever keeps the door and says so without the engine's number: no repetition changes that. */
const REFUSED_FOR_GOOD = new Set([401, 403, 413, 414, 431]);

/**
 * All bytes of the answer. Rejects with `StoreFault` when it tells of a fault, in its headers or under status 200 in its
 * body; with the connection's own error when it breaks off.
 */
export async function readAnswer(answer: HttpAnswer, limits: ReadLimits): Promise<Buffer> {
  const { doing, signal, mostBytes } = limits;
  const status = answer.http_status_code ?? 0;
  const headerCode = answer.response_headers['x-clickhouse-exception-code'];
  const failed = status < 200 || status > 299 || headerCode !== undefined;
  const stream = addAbortSignal(signal, answer.stream);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    if (!Buffer.isBuffer(part)) throw new TypeError('an answer is bytes');
    parts.push(part);
    bytes += part.length;
    if (failed && bytes > FAULT_BYTES) break;
    if (bytes > mostBytes) throw new StoreFault('never', `${doing}: more than ${mostBytes} bytes of answer`);
  }
  const body = Buffer.concat(parts);
  if (!failed) {
    const code = codeIn(body.subarray(-FAULT_BYTES));
    if (code !== undefined) throw engineFault(code, doing);
    return body;
  }
  const code = headerCode === undefined ? codeIn(body) : String(headerCode);
  if (code !== undefined) throw engineFault(code, doing);
  throw new StoreFault(
    REFUSED_FOR_GOOD.has(status) ? 'never' : 'same-block',
    `${doing}: answered with HTTP status ${status}`,
  );
}

/** Of rows as JSON objects, one a line. */
export function rowsOf(body: Buffer, doing: string): readonly Row[] {
  const rows: Row[] = [];
  for (const line of body.toString('utf8').split('\n')) {
    if (line !== '') rows.push(rowOf(line, doing));
  }
  return rows;
}

function rowOf(line: string, doing: string): Row {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    // Not as a cause: the parser quotes the line.
  }
  if (typeof row === 'object' && row !== null) return { ...row };
  throw new StoreFault('same-block', `${doing}: the answer is not what was asked for`);
}

/** An exception stands on a line of its own; within rows there is no line that begins so. */
function codeIn(bytes: Buffer): string | undefined {
  return /(?:^|\n)Code: (\d+)\. DB::/.exec(bytes.toString('latin1'))?.[1];
}
