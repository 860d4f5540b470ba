import { Secret } from './secret.js';
import {
  harmless,
  SPOOL_RANGES,
  spoolFaults,
  type SpoolChoices,
  type SpoolOptions,
} from './spool-options.js';

/** What tells the time. Tests give their own. */
export interface Clock {
  /** Milliseconds since 1970, for `reported_at`. */
  wallMs(): number;
  /** Milliseconds since any fixed moment, never going back, for deadlines and delays. */
  monotonicMs(): number;
}

/** What a platform decides. Everything but `endpoint` and `token` has a default. */
export interface ReporterOptions {
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
  /** Most reports in one batch (1 to 1,000; default 500). */
  readonly maxBatchReports?: number;
  /** Most bytes in one batch, and in one report (default 1 MiB). */
  readonly maxBatchBytes?: number;
  /** How long a report may wait for others to fill its batch, in milliseconds (default 20). */
  readonly lingerMs?: number;
  /** Most reports without a receipt (default 10,000). */
  readonly maxBufferedReports?: number;
  /** Most bytes of reports without a receipt; the last one taken may go beyond (default 16 MiB). */
  readonly maxBufferedBytes?: number;
  /** Most batches without an answer (default 16). */
  readonly maxInFlightBatches?: number;
  /** From `report()` to its receipt, in milliseconds (default 30,000). */
  readonly deadlineMs?: number;
  /** How long the gateway may owe an answer before the connection is given up (default 10,000). */
  readonly answerTimeoutMs?: number;
  /** Bounds of the delay before trying again; the delay is drawn from 0 to a bound that doubles from one to the other. */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number };
  /** Keeps every report on the disk until it has its receipt. Default: reports are in memory only. */
  readonly spool?: SpoolOptions;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

const RANGES = {
  maxBatchReports: { value: 500, min: 1, max: 1_000 },
  // A gateway takes messages of at most 4 MiB.
  maxBatchBytes: { value: MIB, min: 1_024, max: 4 * MIB - 1_024 },
  lingerMs: { value: 20, min: 0, max: 60_000 },
  maxBufferedReports: { value: 10_000, min: 1, max: 10_000_000 },
  maxBufferedBytes: { value: 16 * MIB, min: 1_024, max: 4_096 * MIB },
  maxInFlightBatches: { value: 16, min: 1, max: 1_000 },
  deadlineMs: { value: 30_000, min: 1, max: DAY_MS },
  answerTimeoutMs: { value: 10_000, min: 1, max: DAY_MS },
} as const;
const RETRY_RANGES = {
  initialMs: { value: 100, min: 1, max: 60_000 },
  maxMs: { value: 5_000, min: 1, max: 600_000 },
} as const;

const OTHER_KEYS = ['endpoint', 'token', 'tls', 'insecure', 'retry', 'spool', 'clock', 'random'];
const ENDPOINT = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253}):([0-9]{1,5})$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** How a gateway is reached; `rootCertificates` undefined: the system's. */
export type Security =
  { readonly tls: false } | { readonly tls: true; readonly rootCertificates: Uint8Array | undefined };

export type Settings = Readonly<Record<keyof typeof RANGES, number>> & {
  readonly endpoint: string;
  readonly token: Secret;
  readonly security: Security;
  readonly retry: Readonly<Record<keyof typeof RETRY_RANGES, number>>;
  readonly spool: SpoolChoices | undefined;
  readonly clock: Clock;
  readonly random: () => number;
};

/** The defaults for a host that does not care; the only reads of time and chance in this package. */
const SYSTEM_CLOCK: Clock = {
  // eslint-disable-next-line no-restricted-properties -- the default of the parameter
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
// eslint-disable-next-line no-restricted-properties -- the default of the parameter
const SYSTEM_RANDOM = (): number => Math.random();

/** Fully decided settings. Throws one TypeError that names every fault, and never the token. */
export function toSettings(options: ReporterOptions): Settings {
  const faults: string[] = [];
  const given = asRecord(options);
  const known = new Set([...Object.keys(RANGES), ...OTHER_KEYS]);
  for (const key of Object.keys(given)) if (!known.has(key)) faults.push(`${key} is not an option`);

  const [, host = '', port = ''] = ENDPOINT.exec(textOf(given['endpoint'])) ?? [];
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) faults.push('endpoint must be "host:port"');
  const token = textOf(given['token']);
  if (!TOKEN.test(token)) faults.push('token must be 1 to 4,096 printable ASCII characters without spaces');
  const security = toSecurity(given, LOOPBACK.test(host), faults);
  const sizes = toNumbers(given, RANGES, '', faults);
  if (given['retry'] !== undefined && typeof given['retry'] !== 'object')
    faults.push('retry must be an object');
  const retry = toNumbers(asRecord(given['retry']), RETRY_RANGES, 'retry.', faults);
  if (retry.maxMs < retry.initialMs) faults.push('retry.maxMs must not be less than retry.initialMs');
  const spool = 'spool' in given ? toSpool(options.spool, faults) : undefined;
  if (given['random'] !== undefined && typeof given['random'] !== 'function')
    faults.push('random must be a function');
  const clock = given['clock'] === undefined ? undefined : asRecord(given['clock']);
  if (clock !== undefined && !('wallMs' in clock && 'monotonicMs' in clock)) {
    faults.push('clock must have wallMs() and monotonicMs()');
  }
  if (faults.length > 0) throw new TypeError(`Reporter options: ${faults.join('; ')}`);

  return {
    ...sizes,
    endpoint: options.endpoint,
    token: new Secret(token),
    security,
    retry,
    spool,
    clock: options.clock ?? SYSTEM_CLOCK,
    random: options.random ?? SYSTEM_RANDOM,
  };
}

function toSpool(options: SpoolOptions | undefined, faults: string[]): SpoolChoices | undefined {
  if (options === undefined) return undefined;
  const given = asRecord(options);
  faults.push(...spoolFaults(given));
  return {
    ...toNumbers(given, SPOOL_RANGES, 'spool.', faults),
    directory: textOf(given['directory']),
    onReceipt: harmless(options.onReceipt),
    onFault: harmless(options.onFault),
  };
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

interface Range {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

function toNumbers<K extends string>(
  given: Readonly<Record<string, unknown>>,
  ranges: Readonly<Record<K, Range>>,
  prefix: string,
  faults: string[],
): Record<K, number> {
  const decide = (name: string, { value, min, max }: Range): number => {
    const found = given[name] ?? value;
    if (typeof found === 'number' && Number.isInteger(found) && found >= min && found <= max) return found;
    faults.push(`${prefix}${name} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const entries = Object.entries<Range>(ranges).map(([name, range]) => [name, decide(name, range)]);
  // The keys are those of `ranges`; fromEntries forgets them.
  return Object.fromEntries(entries) as Record<K, number>;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
