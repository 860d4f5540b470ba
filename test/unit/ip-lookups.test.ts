import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEnrich } from '../../consumers/enrich.js';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';

const lookups = loadLookups();

interface Row {
  readonly ip: string;
  readonly country: string;
  readonly asn: number | undefined;
}

/** Columns ip, expected_country, is_vn, expected_asn_or_empty, then a name that may hold commas. */
const rows = readFileSync(
  new URL('../fixtures/geoip-smoke/ip-country-asn-smoke.csv', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .slice(1)
  .map((line): Row => {
    const [ip = '', country = '', , asn = ''] = line.split(',');
    return { ip, country, asn: asn === '' ? undefined : Number(asn) };
  });

describe('the packaged range files', () => {
  it('agree with 200 addresses of which independent databases say the same', () => {
    expect(rows.length).toBe(200);
    expect(rows.map(({ ip }) => lookups.country(ip))).toEqual(rows.map(({ country }) => country));
    const known = rows.filter(({ asn }) => asn !== undefined);
    expect(known.length).toBeGreaterThan(100);
    expect(known.map(({ ip }) => lookups.asn(ip))).toEqual(known.map(({ asn }) => asn));
  });

  it('know Vietnamese addresses of both families', () => {
    const vn = rows.filter(({ country }) => country === 'VN');
    expect(vn.filter(({ ip }) => ip.includes(':')).length).toBeGreaterThan(4);
    expect(vn.filter(({ ip }) => ip.includes('.')).length).toBeGreaterThan(50);
  });

  it('answer the same for an IPv4 address in its mapped form', () => {
    const v4 = rows.filter(({ ip }) => ip.includes('.'));
    expect(v4.map(({ ip }) => lookups.country(`::ffff:${ip}`))).toEqual(v4.map(({ country }) => country));
    expect(v4.map(({ ip }) => lookups.asn(`::FFFF:${ip}`))).toEqual(v4.map(({ ip }) => lookups.asn(ip)));
  });

  it('are named with the version of their packages, which tells their age', () => {
    const date = /^asn-country \d+\.\d+\.(\d{10}), asn \d+\.\d+\.(\d{10})$/.exec(lookups.versions);
    const builtAt = (date ?? []).slice(1).map((digits) => {
      const [, year, month, day, hour] = /(....)(..)(..)(..)/.exec(digits) ?? [];
      return Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:00:00Z`);
    });
    const oldest = Math.min(...builtAt);
    expect([0, 86_399_999, 86_400_000].map((ms) => lookups.ageDays(oldest + ms))).toEqual([0, 0, 1]);
  });
});

describe('an address that is no public host has no country and no network', () => {
  it.each([
    ['this network', ['0.0.0.0', '0.255.255.255']],
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1']],
    ['shared by carriers', ['100.64.0.0', '100.127.255.255']],
    ['loopback', ['127.0.0.1', '127.255.255.255', '::1']],
    ['link-local', ['169.254.169.254', 'fe80::1']],
    ['protocol assignments', ['192.0.0.1', '192.0.0.170', '2001:2::1', '2001:1ff:ffff::']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1', '3fff:fff::1']],
    ['benchmarks', ['198.18.0.0', '198.19.255.255']],
    ['tunnels', ['192.88.99.1', '2001::1', '2001:0:c000:201::1', '2002:c000:201::1', '2002:808:808::1']],
    ['translated', ['64:ff9b::8.8.8.8', '64:ff9b:1::1']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
    [
      'reserved',
      ['240.0.0.1', '255.255.255.255', '::', '::8.8.8.8', '100::1', '4000::1', '5f00::1', 'fec0::1'],
    ],
    ['unique local', ['fc00::1', 'fdff::1']],
    ['mapped', ['::ffff:10.0.0.1', '::ffff:192.0.2.1']],
  ])('%s', (_, addresses) => {
    expect(addresses.filter((ip) => lookups.country(ip) !== '' || lookups.asn(ip) !== 0)).toEqual([]);
  });

  it('but what the registries call globally reachable has its network', () => {
    // AS112 (RFC 7535), inside 2001::/23.
    expect(lookups.asn('2001:4:112::1')).toBe(112);
  });
});

describe('text that is no address', () => {
  it.each(['', 'lachan-demo-1.vn', '8.8.8', '8.8.8.08', '8.8.8.8 ', '[2400:cb00::1]', '2400:cb00::1%1'])(
    '%j tells nothing',
    (ip) => {
      expect([lookups.country(ip), lookups.asn(ip)]).toEqual(['', 0]);
    },
  );
});

describe('enriching a location', () => {
  const enrich = createEnrich(lookups);

  it('adds country and network of its host', () => {
    const { ip, country, asn } = rows.find((row) => row.asn !== undefined && row.country === 'VN')!;
    expect(enrich({ ip })).toEqual({ country, asn });
  });

  it('adds nothing where no host is known', () => {
    expect(enrich({ ip: '' })).toEqual({ country: '', asn: 0 });
  });
});
