import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IpRanges } from '../../consumers/lookups/ip-ranges.js';
import { readRanges } from '../../consumers/lookups/read-ranges.js';
import { parseIp } from '../../schemas/ip-address.js';

function words(text: string): Uint32Array {
  const into = new Uint32Array(4);
  if (!parseIp(text, into)) throw new Error(`${text} is no address`);
  return into;
}

function rangesOf(...list: readonly (readonly [first: string, last: string, value: number])[]): IpRanges {
  const ranges = new IpRanges();
  for (const [first, last, value] of list) expect(ranges.add(words(first), words(last), value)).toBe(true);
  return ranges.seal();
}

const found = (ranges: IpRanges, ...addresses: readonly string[]): number[] =>
  addresses.map((address) => ranges.find(words(address)));

describe('ranges of addresses', () => {
  it('hold their first and last address and nothing beside', () => {
    const ranges = rangesOf(
      ['192.0.2.8', '192.0.2.15', 7],
      ['198.51.100.0', '198.51.100.0', 8],
      ['2001:db8::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff', 9],
    );
    expect(found(ranges, '192.0.2.7', '192.0.2.8', '192.0.2.15', '192.0.2.16')).toEqual([0, 7, 7, 0]);
    expect(found(ranges, '198.51.99.255', '198.51.100.0', '198.51.100.1')).toEqual([0, 8, 0]);
    expect(found(ranges, '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db8::')).toEqual([0, 9]);
    expect(found(ranges, '2001:db8:0:ffff:ffff:ffff:ffff:ffff', '2001:db8:1::')).toEqual([9, 0]);
  });

  it('may lie side by side and reach both ends of a family', () => {
    const ranges = rangesOf(
      ['0.0.0.0', '127.255.255.255', 1],
      ['128.0.0.0', '254.255.255.255', 2],
      ['255.0.0.0', '255.255.255.255', 2],
      ['::', '::fffe:ffff:ffff', 3],
      ['::1:0:0:0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 4],
    );
    expect(found(ranges, '0.0.0.0', '127.255.255.255', '128.0.0.0', '255.255.255.255')).toEqual([1, 1, 2, 2]);
    expect(found(ranges, '::', '::1:0:0:0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')).toEqual([3, 4, 4]);
  });

  it('find an IPv4 address in its mapped form as well', () => {
    const ranges = rangesOf(['192.0.2.0', '192.0.2.255', 7]);
    expect(found(ranges, '::ffff:192.0.2.1', '::ffff:c000:201', '::192.0.2.1')).toEqual([7, 7, 0]);
  });

  it('give way where the next one begins', () => {
    const ranges = rangesOf(['192.0.2.0', '192.0.2.200', 1], ['192.0.2.100', '192.0.2.255', 2]);
    expect(found(ranges, '192.0.2.99', '192.0.2.100', '192.0.2.200', '192.0.2.255')).toEqual([1, 2, 2, 2]);
  });

  it('are not taken backwards, out of order, or across families', () => {
    const ranges = rangesOf(['192.0.2.8', '192.0.2.15', 7]);
    expect(ranges.add(words('192.0.2.20'), words('192.0.2.19'), 1)).toBe(false);
    expect(ranges.add(words('192.0.2.8'), words('192.0.2.9'), 1)).toBe(false);
    expect(ranges.add(words('192.0.2.0'), words('192.0.2.255'), 1)).toBe(false);
    expect(ranges.add(words('192.0.2.20'), words('2001:db8::'), 1)).toBe(false);
    expect(ranges.add(words('2001:db8::'), words('192.0.2.20'), 1)).toBe(false);
    expect(found(ranges, '192.0.2.0', '192.0.2.8', '192.0.2.20', '2001:db8::')).toEqual([0, 7, 0, 0]);
  });

  it('answer as a walk through all of them would', () => {
    const sizes = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 3 })), { maxLength: 60 });
    fc.assert(
      fc.property(sizes, (list) => {
        const ranges = new IpRanges();
        const expected: number[] = [];
        for (const [gap, length, value] of list) {
          for (let i = 0; i < gap; i++) expected.push(0);
          const first = expected.length;
          for (let i = 0; i <= length; i++) expected.push(value);
          ranges.add(words(`192.0.2.${first}`), words(`192.0.2.${expected.length - 1}`), value);
          ranges.add(
            words(`2001:db8::${first.toString(16)}`),
            words(`2001:db8::${(expected.length - 1).toString(16)}`),
            value,
          );
          if (expected.length > 245) break;
        }
        ranges.seal();
        expect(expected.map((_, i) => ranges.find(words(`192.0.2.${i}`)))).toEqual(expected);
        expect(expected.map((_, i) => ranges.find(words(`2001:db8::${i.toString(16)}`)))).toEqual(expected);
      }),
    );
  });
});

describe('a range file', () => {
  const digit = (bytes: Uint8Array, from: number, to: number): number =>
    to - from === 1 ? (bytes[from] ?? 48) - 48 : 0;
  const read = (text: string, family: 4 | 6): IpRanges => {
    const ranges = new IpRanges();
    readRanges(Buffer.from(text), 'test-ranges.csv', family, digit, ranges);
    return ranges;
  };

  it('holds IPv4 addresses as decimal numbers', () => {
    const ranges = read('0,1,1\n3221225984,3221225991,2,"a name, with a comma"\n4294967295,4294967295,3', 4);
    expect(found(ranges, '0.0.0.0', '0.0.0.2', '192.0.2.0', '192.0.2.7', '192.0.2.8')).toEqual([
      1, 0, 2, 2, 0,
    ]);
    expect(found(ranges, '255.255.255.255')).toEqual([3]);
  });

  it('holds IPv6 addresses as decimal numbers', () => {
    const number = (text: string): string =>
      BigInt(`0x${Buffer.from(words(text).buffer).swap32().toString('hex')}`).toString();
    const ends = ['2001:db8::', '2001:db8::ffff', '2001:db8:1::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
    const [a = '', b = '', c = '', d = ''] = ends.map(number);
    expect(d).toBe('340282366920938463463374607431768211455');
    const ranges = read(`${a},${b},1,x\n${c},${d},2,"y"\n`, 6);
    expect(found(ranges, ...ends, '2001:db8::1:0', '::')).toEqual([1, 1, 2, 2, 0, 0]);
  });

  it.each<[string, string, 4 | 6, number]>([
    ['a line without value', '1,2,1\n3,4\n', 4, 2],
    ['an empty value', '1,2,\n', 4, 1],
    ['a value that means nothing', '1,2,AU\n', 4, 1],
    ['an empty line', '1,2,1\n\n3,4,1\n', 4, 2],
    ['an empty address', ',2,1\n', 4, 1],
    ['a dotted address', '192.0.2.0,192.0.2.1,1\n', 4, 1],
    ['addresses beyond 32 bits', '4294967296,4294967297,1\n', 4, 1],
    [
      'addresses beyond 128 bits',
      '340282366920938463463374607431768211456,340282366920938463463374607431768211457,1\n',
      6,
      1,
    ],
    ['a range that ends before it begins', '1,2,1\n5,4,1\n', 4, 2],
    ['ranges out of order', '5,6,1\n1,2,1\n', 4, 2],
    ['a last line that breaks off', '1,2,1\n3,', 4, 2],
  ])('with %s is refused, naming file and line', (_, text, family, line) => {
    expect(() => read(text, family)).toThrow(`The range file test-ranges.csv is damaged at line ${line}.`);
  });

  it('without content is refused', () => {
    expect(() => read('', 4)).toThrow('The range file test-ranges.csv is empty.');
  });
});
