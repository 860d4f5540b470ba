import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIp, isIpv4, parseIp } from '../../schemas/ip-address.js';

function wordsOf(text: string): number[] {
  const words = new Uint32Array(4);
  if (!parseIp(text, words)) throw new Error(`${text} is no address`);
  return [...words];
}

describe('the text of an IP address', () => {
  it.each<[string, number[]]>([
    ['192.0.2.1', [0, 0, 0xffff, 0xc0000201]],
    ['0.0.0.0', [0, 0, 0xffff, 0]],
    ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
    ['::ffff:192.0.2.1', [0, 0, 0xffff, 0xc0000201]],
    ['::FFFF:c000:201', [0, 0, 0xffff, 0xc0000201]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0x10000, 0, 0, 0]],
    ['2001:db8::1:2', [0x20010db8, 0, 0, 0x10002]],
    ['2001:DB8:0:0:8:800:200C:417A', [0x20010db8, 0, 0x80800, 0x200c417a]],
    ['2001:db8:0:3:4:5:6::', [0x20010db8, 3, 0x40005, 0x60000]],
    ['::2:3:4:5:6:7:8', [2, 0x30004, 0x50006, 0x70008]],
    ['64:ff9b::192.0.2.33', [0x64ff9b, 0, 0, 0xc0000221]],
    ['1:2:3:4:5:6:192.0.2.1', [0x10002, 0x30004, 0x50006, 0xc0000201]],
  ])('%s is read as RFC 4291 says', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it.each([
    ...[
      '',
      ' ',
      '192.0.2',
      '192.0.2.1.',
      '.192.0.2.1',
      '192.0.2.1.1',
      '192.0..1',
      '192.0.2.256',
      '192.0.2.01',
    ],
    ...['192.0.2.-1', '192.0.2.1 ', ' 192.0.2.1', '0xc0.0.2.1', '3221225985', '192.0.2.1/32', '192.0.2.1:80'],
    ...[
      ':',
      ':::',
      '1',
      '1:',
      ':1',
      '1:2',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
    ],
    ...['::1:2:3:4:5:6:7:8', '12345::', '::g', '[::1]', 'fe80::1%eth0', '::1 ', '::192.0.2', '::192.0.2.1:1'],
    ...[
      '1:2:3:4:5:6:7:192.0.2.1',
      '192.0.2.1::',
      '::192.0.2.01',
      '2001:db8::1/128',
      'localhost',
      '１９２.0.2.1',
    ],
  ])('%j is none', (text) => {
    expect(isIp(text)).toBe(false);
  });

  it('is an address exactly when Node says so', () => {
    const piece = fc.constantFrom(
      ':',
      '::',
      '.',
      '0',
      '1',
      '25',
      '255',
      '256',
      'ffff',
      '12345',
      'g',
      '192.0.2.1',
    );
    const nearly = fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        expect(isIp(text)).toBe(isIP(text) !== 0 && !text.includes('%'));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells the families apart, the mapped form counting as IPv4', () => {
    const families = ['192.0.2.1', '::ffff:0:0', '::fffe:0:0', '1::ffff:192.0.2.1', '::192.0.2.1', '::'];
    expect(families.map((text) => isIpv4(Uint32Array.from(wordsOf(text))))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
