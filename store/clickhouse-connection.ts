// How a ClickHouse server is reached: checked once, before anything is sent.
import { Buffer } from 'node:buffer';
import { StoreFault } from './store.js';

export interface ClickHouseOptions {
  /** `http://host:8123` or `https://host:8443`; a path is the prefix of a proxy. */
  readonly url: string;
  /** Made when it is missing. */
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM of the authority that signed the server's certificate, where the system does not know it. */
  readonly ca?: string | undefined;
  /** Name of the cluster, as in the server's configuration: inserts then wait for most replicas, reads see all of them. */
  readonly cluster?: string | undefined;
  /** After so long the answer is given up; the server is told to stop at three quarters of it. Default 20,000. */
  readonly insertTimeoutMs?: number | undefined;
  /** The same of a question. Default 60,000. */
  readonly queryTimeoutMs?: number | undefined;
  /** The same of a statement; one for a whole cluster may wait for its servers. Default 240,000. */
  readonly commandTimeoutMs?: number | undefined;
  /** Idle connections are closed after so long, which must be less than the server waits (3 to 30 s by its version). Default 2,000. */
  readonly idleSocketMs?: number | undefined;
  /** An answer of more bytes is refused. Default 256 MiB. */
  readonly answerBytes?: number | undefined;
}

const CONNECTIONS = 16;

/** As the client takes it. Throws `StoreFault` where the address cannot be meant. */
export function connectionOf(options: ClickHouseOptions, requestTimeoutMs: number) {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new StoreFault('never', 'the address of ClickHouse is no http or https URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw new StoreFault('never', 'the address of ClickHouse takes no credentials and no settings');
  }
  if (options.ca !== undefined && url.protocol !== 'https:') {
    throw new StoreFault('never', 'a certificate authority for ClickHouse needs an https address');
  }
  return {
    url: url.origin,
    pathname: url.pathname,
    username: options.username ?? 'default',
    password: options.password ?? '',
    request_timeout: requestTimeoutMs,
    max_open_connections: CONNECTIONS,
    keep_alive: {
      enabled: true,
      idle_socket_ttl: options.idleSocketMs ?? 2_000,
      eagerly_destroy_stale_sockets: true,
    },
    // An exception after the first bytes of an answer would come under status 200.
    clickhouse_settings: { wait_end_of_query: 1 } as const,
    ...(options.ca === undefined ? {} : { tls: { ca_cert: Buffer.from(options.ca) } }),
  };
}
