// Ranges of addresses (RFC 4632, RFC 4291): which one an address is in.
import { isIpv4, parseIp } from './ip-address.js';

/** Of IPv4 as its IPv4-mapped form. */
export interface Network {
  /** Four numbers of 32 bits, the most significant first; 0 behind the prefix. */
  readonly words: readonly [number, number, number, number];
  /** Length of the prefix among 128 bits. */
  readonly bits: number;
}

const IPV4_BITS = 96;
const scratch = new Uint32Array(4);

/** Reads `192.0.2.0/24` or `2001:db8::/32`; undefined for anything else, also where bits stand behind the prefix. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (!parseIp(address, scratch)) return undefined;
  const isMapped = isIpv4(scratch) && !address.includes(':');
  const bits = Number(length) + (isMapped ? IPV4_BITS : 0);
  if (bits > 128) return undefined;
  const whole = wordsOf(scratch);
  const words = networkOf(whole, bits);
  return words.every((word, i) => word === whole[i]) ? { words, bits } : undefined;
}

/** The first `bits` bits of an address. */
export function networkOf(words: Network['words'], bits: number): Network['words'] {
  const kept = (i: number): number => {
    const here = Math.min(32, Math.max(0, bits - i * 32));
    return here === 0 ? 0 : (words[i] ?? 0) & (-1 << (32 - here));
  };
  return [kept(0) >>> 0, kept(1) >>> 0, kept(2) >>> 0, kept(3) >>> 0];
}

/** The address as a network takes it; undefined for a text that is none. */
export function addressWords(text: string): Network['words'] | undefined {
  return parseIp(text, scratch) ? wordsOf(scratch) : undefined;
}

function wordsOf(words: Uint32Array): Network['words'] {
  return [words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0];
}
