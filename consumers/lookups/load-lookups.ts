// What is known of IP addresses: country and network number. Loaded once at start; knows files, never reports.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseIp } from '../../schemas/ip-address.js';
import { packCountry, unpackCountry } from './country-code.js';
import { IpRanges } from './ip-ranges.js';
import { readMmdb } from './read-mmdb.js';
import { readRanges, type ValueReader } from './read-ranges.js';
import { isSpecialPurpose } from './special-purpose.js';

const DAY_MS = 86_400_000;

/** The operator's own MaxMind DB files; where one is not given, the packaged range files serve. */
export interface LookupFiles {
  /** Records with `country.iso_code` or `country_code`. */
  readonly countryMmdb?: string | undefined;
  /** Records with `autonomous_system_number`. */
  readonly asnMmdb?: string | undefined;
}

export interface Lookups {
  /**
   * ISO 3166-1 alpha-2, upper case, of an IPv4 or IPv6 address; empty when not known, for
   * special-purpose addresses, and for text that is no address.
   */
  country(ip: string): string;
  /** The number of the autonomous system that announces the address; 0 in the same cases. */
  asn(ip: string): number;
  /** Name and version or date of every lookup, as it stands in each row. */
  readonly versions: string;
  /** Whole days since the oldest of the lookups was built. */
  ageDays(nowMs: number): number;
}

interface Source {
  readonly ranges: IpRanges;
  readonly version: string;
  readonly builtAtMs: number;
}

/** Reads every file whole. Throws an error that names the file which is missing or damaged. */
export function loadLookups(files: LookupFiles = {}): Lookups {
  const country =
    files.countryMmdb === undefined
      ? packagedSource('asn-country', (bytes, from, to) =>
          to - from === 2 ? packCountry(bytes[from] ?? 0, bytes[from + 1] ?? 0) : 0,
        )
      : mmdbSource(files.countryMmdb, countryOf);
  const asn = files.asnMmdb === undefined ? packagedSource('asn', readAsn) : mmdbSource(files.asnMmdb, asnOf);
  const words = new Uint32Array(4);
  const find = (ranges: IpRanges, ip: string): number =>
    parseIp(ip, words) && !isSpecialPurpose(words) ? ranges.find(words) : 0;
  return {
    country: (ip) => unpackCountry(find(country.ranges, ip)),
    asn: (ip) => find(asn.ranges, ip),
    versions: `${country.version}, ${asn.version}`,
    ageDays: (nowMs) => Math.floor((nowMs - Math.min(country.builtAtMs, asn.builtAtMs)) / DAY_MS),
  };
}

function mmdbSource(path: string, valueOf: (record: unknown) => number): Source {
  const { ranges, databaseType, builtAtMs } = readMmdb(readFileSync(path), path, valueOf);
  const builtAt = new Date(builtAtMs).toISOString().replace('.000Z', 'Z');
  return { ranges, builtAtMs, version: `${databaseType} ${builtAt}` };
}

/** The range files of `@ip-location-db/NAME`. Their version ends in the hour of their making, as in 2.3.2026061719. */
function packagedSource(name: string, readValue: ValueReader): Source {
  const require = createRequire(import.meta.url);
  const manifestPath = require.resolve(`@ip-location-db/${name}/package.json`);
  const version = field(require(manifestPath), 'version');
  const [, year, month, day, hour] = /\.(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(String(version)) ?? [];
  const builtAtMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
  if (Number.isNaN(builtAtMs)) throw new Error(`The version of @ip-location-db/${name} holds no date.`);
  const ranges = new IpRanges();
  for (const family of [4, 6] as const) {
    const path = join(dirname(manifestPath), `${name}-ipv${family}-num.csv`);
    readRanges(readFileSync(path), path, family, readValue, ranges);
  }
  return { ranges: ranges.seal(), version: `${name} ${String(version)}`, builtAtMs };
}

function readAsn(bytes: Uint8Array, from: number, to: number): number {
  let asn = 0;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - 48;
    if (digit < 0 || digit > 9 || asn > 429_496_729) return 0;
    asn = asn * 10 + digit;
  }
  return asn <= 0xffffffff ? asn : 0;
}

function countryOf(record: unknown): number {
  const code = field(field(record, 'country'), 'iso_code') ?? field(record, 'country_code');
  return typeof code === 'string' && code.length === 2
    ? packCountry(code.charCodeAt(0), code.charCodeAt(1))
    : 0;
}

function asnOf(record: unknown): number {
  const asn = field(record, 'autonomous_system_number');
  return typeof asn === 'number' ? asn : 0;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
