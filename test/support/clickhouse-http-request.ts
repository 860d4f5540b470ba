// What a request to ClickHouse's HTTP interface asks for: https://clickhouse.com/docs/interfaces/http
import type { IncomingHttpHeaders } from 'node:http';

export interface HttpRequest {
  /** The statement; for a block of rows without the rows. */
  readonly query: string;
  /** Rows behind an INSERT. */
  readonly rows: Buffer | undefined;
  readonly table: string | undefined;
  readonly database: string;
  /** In the order of their names. */
  readonly settings: readonly (readonly [string, string])[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly format: string;
}

/** Of the interface itself, not of the engine. */
const OF_HTTP = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'session_id',
  'role',
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
  'distributed_ddl_task_timeout',
]);

export function readRequest(url: URL, body: Buffer): HttpRequest {
  const inUrl = url.searchParams.get('query') ?? '';
  const insert = /^INSERT INTO (?:\w+\.)?(\w+) .* FORMAT \w+$/s.exec(inUrl.trim());
  const query = insert === null ? `${inUrl}${body.toString()}` : inUrl.trim();
  const settings = [...url.searchParams].filter(([n]) => !OF_HTTP.has(n) && !n.startsWith('param_'));
  const params = [...url.searchParams].filter(([n]) => n.startsWith('param_'));
  return {
    query,
    rows: insert === null ? undefined : body,
    table: insert?.[1],
    database: url.searchParams.get('database') ?? 'default',
    settings: settings.sort(([a], [b]) => (a < b ? -1 : 1)),
    params: Object.fromEntries(
      params.map(([name, text]) => [name.slice(6), valueOf(name.slice(6), text, query)]),
    ),
    format: url.searchParams.get('default_format') ?? 'TabSeparated',
  };
}

/** Name and password, from any of the three places. */
export function credentialsOf(headers: IncomingHttpHeaders): { username: string; password: string } {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString();
    return { username: text.slice(0, text.indexOf(':')), password: text.slice(text.indexOf(':') + 1) };
  }
  const { 'x-clickhouse-user': username = 'default', 'x-clickhouse-key': password = '' } = headers;
  return { username: String(username), password: String(password) };
}

/** Bound parameters come as the engine's escaped text; the binding of chDB takes values and escapes them itself. */
function valueOf(name: string, text: string, query: string): unknown {
  const isList = new RegExp(`\\{\\s*${name}\\s*:\\s*Array\\(`).test(query);
  return isList ? listOf(text) : unescaped(text);
}

const ITEM = /'((?:[^'\\]|\\.)*)'|([^[\],]+)/gs;

function listOf(text: string): unknown[] {
  return [...text.matchAll(ITEM)].map(([, quoted, plain = '']) => {
    if (quoted !== undefined) return unescaped(quoted);
    if (/^(?:true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
    return /^-?\d{1,15}$/.test(plain) ? Number(plain) : BigInt(plain);
  });
}

function unescaped(text: string): string {
  const meant: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' };
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => meant[letter] ?? letter);
}
