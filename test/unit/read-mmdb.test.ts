import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { readMmdb } from '../../consumers/lookups/read-mmdb.js';
import { parseIp } from '../../schemas/ip-address.js';

const path = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/mmdb-test/${name}`, import.meta.url));
const countryMmdb = path('GeoLite2-Country-Test.mmdb');
const asnMmdb = path('GeoLite2-ASN-Test.mmdb');
const lookups = loadLookups({ countryMmdb, asnMmdb });

interface SourceRecord {
  readonly country?: { readonly iso_code: string };
  readonly autonomous_system_number?: number;
}

/** The networks a test database was made from, with their first and last address. */
function networksOf(name: string): { first: bigint; last: bigint; family: 4 | 6; record: SourceRecord }[] {
  const source = JSON.parse(readFileSync(path(name), 'utf8')) as Record<string, SourceRecord>[];
  return source.flatMap(Object.entries<SourceRecord>).map(([network, record]) => {
    const [address = '', length = ''] = network.split('/');
    const family = address.includes(':') ? 6 : 4;
    const first = numberOf(address);
    const size = 1n << BigInt((family === 4 ? 32 : 128) - Number(length));
    return { first, last: first + size - 1n, family, record };
  });
}

describe("the operator's own database", () => {
  const countries = networksOf('GeoLite2-Country-Test.json');
  const systems = networksOf('GeoLite2-ASN-Test.json');

  it('gives every network it was made from its country', () => {
    expect(countries.length).toBe(244);
    for (const { first, last, family, record } of countries) {
      const expected = record.country?.iso_code ?? '';
      expect([lookups.country(textOf(first, family)), lookups.country(textOf(last, family))]).toEqual([
        expected,
        expected,
      ]);
    }
  });

  it('gives every network it was made from its network number', () => {
    expect(systems.length).toBe(720);
    for (const { first, last, family, record } of systems) {
      const expected = record.autonomous_system_number ?? 0;
      expect([lookups.asn(textOf(first, family)), lookups.asn(textOf(last, family))]).toEqual([
        expected,
        expected,
      ]);
    }
  });

  it('says nothing of the addresses right beside its networks', () => {
    const beside = countries
      .flatMap(({ first, last, family }) => [
        { address: first - 1n, family },
        { address: last + 1n, family },
      ])
      .filter(
        ({ address, family }) =>
          !countries.some(
            (other) => other.family === family && other.first <= address && address <= other.last,
          ),
      );
    expect(beside.length).toBeGreaterThan(400);
    expect(new Set(beside.map(({ address, family }) => lookups.country(textOf(address, family))))).toEqual(
      new Set(['']),
    );
  });

  it('is named in every row with the time it was built, and its age is known', () => {
    expect(lookups.versions).toMatch(
      /^GeoLite2-Country \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, GeoLite2-ASN \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
    const builtAt = [...lookups.versions.matchAll(/\S+Z/g)].map(([text]) => Date.parse(text));
    const oldest = Math.min(...builtAt);
    expect([0, 86_399_999, 86_400_000, 400 * 86_400_000].map((ms) => lookups.ageDays(oldest + ms))).toEqual([
      0, 0, 1, 400,
    ]);
  });
});

describe('a database that cannot be trusted stops the start', () => {
  it.each([
    ['broken pointers', 'MaxMind-DB-test-broken-pointers-24.mmdb'],
    ['a broken search tree', 'MaxMind-DB-test-broken-search-tree-24.mmdb'],
    ['records of another kind', 'MaxMind-DB-no-ipv4-search-tree.mmdb'],
    ['network numbers only', 'GeoLite2-ASN-Test.mmdb'],
    ['another format', 'SOURCE.md'],
  ])('with %s', (_, name) => {
    expect(() => loadLookups({ countryMmdb: path(name), asnMmdb })).toThrow(
      `The lookup file ${path(name)} cannot be used: `,
    );
  });

  it('with countries where network numbers belong', () => {
    expect(() => loadLookups({ countryMmdb, asnMmdb: countryMmdb })).toThrow(
      `The lookup file ${countryMmdb} cannot be used: `,
    );
  });

  it('when it is missing', () => {
    expect(() => loadLookups({ countryMmdb: path('missing.mmdb'), asnMmdb })).toThrow(path('missing.mmdb'));
  });

  it('when it breaks off anywhere', () => {
    const whole = readFileSync(countryMmdb);
    const country = (record: unknown): number => (record === null ? 0 : 1);
    for (let length = 0; length < whole.length; length += 97) {
      expect(() => readMmdb(whole.subarray(0, length), 'short.mmdb', country)).toThrow(
        'The lookup file short.mmdb cannot be used: ',
      );
    }
  });

  it.each([24, 28, 32] as const)('when a record of %i bits points outside', (recordBits) => {
    const [inside, outside] = [17, (recordBits === 24 ? 0x10000 : 0x1000000) + 17];
    for (const node of [
      [inside, outside],
      [outside, inside],
    ] as [number, number][]) {
      expect(() => readMmdb(database(recordBits, 4, [node]), 'wild.mmdb', () => 1)).toThrow('wild.mmdb');
    }
    expect(() => readMmdb(database(recordBits, 4, [[inside, inside]]), 'wild.mmdb', () => 1)).not.toThrow();
  });

  it('when its tree runs in a circle', () => {
    const country = (): number => 1;
    expect(() => readMmdb(database(24, 6, [[0, 0]]), 'loop.mmdb', country)).toThrow('loop.mmdb');
    expect(() =>
      readMmdb(
        database(24, 4, [
          [0, 1],
          [1, 0],
        ]),
        'loop.mmdb',
        country,
      ),
    ).toThrow('loop.mmdb');
  });

  it('when its tree folds onto itself until a walk would never end', () => {
    const chain = Array.from({ length: 31 }, (_, i): [number, number] => [i + 1, i + 1]);
    expect(() => readMmdb(database(24, 4, chain), 'folded.mmdb', () => 1)).toThrow('folded.mmdb');
  });
});

describe('a database in each layout of the format', () => {
  it.each([24, 28, 32] as const)('with records of %i bits, for IPv4 alone', (recordBits) => {
    // 16.0.0.0/4, reached by the bits 0001; the value stands behind four nodes and 16 bytes.
    const leaf = 4 + 16;
    const tree: [number, number][] = [
      [1, 4],
      [2, 4],
      [3, 4],
      [4, leaf],
    ];
    const { ranges, databaseType, builtAtMs } = readMmdb(
      database(recordBits, 4, tree),
      'made.mmdb',
      (record) => (record === 'VN' ? 7 : 0),
    );
    const addresses = ['15.255.255.255', '16.0.0.0', '31.255.255.255', '32.0.0.0', '2400::1', '1000::1'];
    const found = addresses.map((text) => {
      const words = new Uint32Array(4);
      expect(parseIp(text, words)).toBe(true);
      return ranges.find(words);
    });
    expect(found).toEqual([0, 7, 7, 0, 0, 0]);
    expect([databaseType, builtAtMs]).toEqual(['Made', 1_700_000_000_000]);
  });
});

/** A MaxMind DB of the given tree, by the format's specification 2.0, with the one record 'VN' at the start of its data. */
function database(recordBits: 24 | 28 | 32, ipVersion: number, tree: readonly [number, number][]): Buffer {
  const nodes = tree.map(([left, right]) => {
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
    if (recordBits !== 28) return hex(left, recordBits / 4) + hex(right, recordBits / 4);
    return hex(left & 0xffffff, 6) + hex(left >>> 24, 1) + hex(right >>> 24, 1) + hex(right & 0xffffff, 6);
  });
  const text = (value: string): Buffer => Buffer.from([0x40 | value.length, ...Buffer.from(value)]);
  const number = (control: number[], value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([Buffer.from(control), bytes]);
  };
  const [uint32, uint64] = [[0xc4], [0x04, 0x02]];
  const metadata: [string, Buffer][] = [
    ['node_count', number(uint32, tree.length)],
    ['record_size', number(uint32, recordBits)],
    ['ip_version', number(uint32, ipVersion)],
    ['database_type', text('Made')],
    ['build_epoch', number(uint64, 1_700_000_000)],
    ['binary_format_major_version', number(uint32, 2)],
    ['binary_format_minor_version', number(uint32, 0)],
  ];
  return Buffer.concat([
    Buffer.from(nodes.join(''), 'hex'),
    Buffer.alloc(16),
    text('VN'),
    Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'),
    Buffer.from([0xe0 | metadata.length]),
    ...metadata.flatMap(([key, value]) => [text(key), value]),
  ]);
}

function numberOf(address: string): bigint {
  if (!address.includes(':'))
    return address.split('.').reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const [head = [], tail = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function textOf(address: bigint, family: 4 | 6): string {
  const hex = address.toString(16).padStart(family === 4 ? 8 : 32, '0');
  return family === 4
    ? (hex.match(/../g) ?? []).map((octet) => parseInt(octet, 16)).join('.')
    : (hex.match(/..../g) ?? []).join(':');
}
