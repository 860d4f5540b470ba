// How a gateway is reached, and what tells time and chance: what everything in this package is given.
import { asRecord, textOf, toNumbers, type Range } from './read-options.js';
import type { RetryBounds } from './retry.js';
import { Secret } from './secret.js';

/** What tells the time. Tests give their own. */
export interface Clock {
  /** Milliseconds since 1970: for `reported_at` of reports and `occurred_at` of actions. */
  wallMs(): number;
  /** Milliseconds since any fixed moment, never going back, for deadlines and delays. */
  monotonicMs(): number;
}

/** Everything but `endpoint` and `token` has a default. */
export interface ReachOptions {
  /** The gateway, as "host:port"; IPv6 as "[2001:db8::1]:443". */
  readonly endpoint: string;
  /** The provider's credential. It is never printed. */
  readonly token: string;
  /**
   * Whether to use TLS, and which authorities to trust in place of the system's. Default: TLS,
   * except to a loopback endpoint.
   */
  readonly tls?: boolean | { readonly rootCertificates: string | Uint8Array };
  /** Allows `tls: false` to a host that is not loopback: token and reports then travel in the open. */
  readonly insecure?: boolean;
  /** Bounds of the delay before trying again; the delay is drawn from 0 to a bound that doubles from one to the other. */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number };
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

const RETRY_RANGES = {
  initialMs: { value: 100, min: 1, max: 60_000 },
  maxMs: { value: 5_000, min: 1, max: 600_000 },
} as const;

export const REACH_KEYS = ['endpoint', 'token', 'tls', 'insecure', 'retry', 'clock', 'random'] as const;
const ENDPOINT = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253}):([0-9]{1,5})$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** How a gateway is reached; `rootCertificates` undefined: the system's. */
export type Security =
  { readonly tls: false } | { readonly tls: true; readonly rootCertificates: Uint8Array | undefined };

export interface Reach {
  readonly endpoint: string;
  readonly token: Secret;
  readonly security: Security;
  readonly retry: RetryBounds;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The defaults for a host that does not care; the only reads of time and chance in this package. */
const SYSTEM_CLOCK: Clock = {
  // eslint-disable-next-line no-restricted-properties -- the default of the parameter
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
// eslint-disable-next-line no-restricted-properties -- the default of the parameter
const SYSTEM_RANDOM = (): number => Math.random();

/** Reads what `ReachOptions` describes; what is wrong with it is added to `faults`, never the token. */
export function toReach(options: ReachOptions, faults: string[]): Reach {
  const given = asRecord(options);
  const [, host = '', port = ''] = ENDPOINT.exec(textOf(given['endpoint'])) ?? [];
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) faults.push('endpoint must be "host:port"');
  const token = textOf(given['token']);
  if (!TOKEN.test(token)) faults.push('token must be 1 to 4,096 printable ASCII characters without spaces');
  const security = toSecurity(given, LOOPBACK.test(host), faults);
  const retry = toRetry(given['retry'], faults);
  if (given['random'] !== undefined && typeof given['random'] !== 'function')
    faults.push('random must be a function');
  const clock = given['clock'] === undefined ? undefined : asRecord(given['clock']);
  if (clock !== undefined && !('wallMs' in clock && 'monotonicMs' in clock)) {
    faults.push('clock must have wallMs() and monotonicMs()');
  }
  return {
    endpoint: textOf(given['endpoint']),
    token: new Secret(token),
    security,
    retry,
    clock: clock === undefined ? SYSTEM_CLOCK : (options.clock ?? SYSTEM_CLOCK),
    random: given['random'] === undefined ? SYSTEM_RANDOM : (options.random ?? SYSTEM_RANDOM),
  };
}

/** The bounds of a delay before trying again. */
export function toRetry(
  given: unknown,
  faults: string[],
  ranges: Readonly<Record<keyof RetryBounds, Range>> = RETRY_RANGES,
): RetryBounds {
  if (given !== undefined && typeof given !== 'object') faults.push('retry must be an object');
  const retry = toNumbers(asRecord(given), ranges, 'retry.', faults);
  if (retry.maxMs < retry.initialMs) faults.push('retry.maxMs must not be less than retry.initialMs');
  return retry;
}

function toSecurity(given: Readonly<Record<string, unknown>>, loopback: boolean, faults: string[]): Security {
  const { tls, insecure } = given;
  if (insecure !== undefined && typeof insecure !== 'boolean') faults.push('insecure must be true or false');
  if (tls === undefined || typeof tls === 'boolean') {
    const wanted = tls === undefined ? !loopback : tls;
    if (wanted) return { tls: true, rootCertificates: undefined };
    if (!loopback && insecure !== true) {
      faults.push('tls: false would send the token in the open; allow that with insecure: true');
    }
    return { tls: false };
  }
  const roots = asRecord(tls)['rootCertificates'];
  if (typeof roots === 'string') return { tls: true, rootCertificates: Buffer.from(roots) };
  if (roots instanceof Uint8Array) return { tls: true, rootCertificates: roots };
  faults.push('tls must be true, false or { rootCertificates }');
  return { tls: false };
}
