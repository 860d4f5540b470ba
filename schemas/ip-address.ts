const COLON = 58;
const DOT = 46;
/** The longest text of an address: six groups of four and a dotted quad. */
const MAX_LENGTH = 45;

/** Holds the groups of one parse; parsing is synchronous, so one is enough. */
const groups = new Uint16Array(8);

/**
 * Reads an IPv4 address (dotted decimal, no leading zeros) or an IPv6 address (RFC 4291, without
 * zone) into `words`: 128 bits as four numbers, the most significant first. An IPv4 address becomes
 * its IPv4-mapped form, so `192.0.2.1` and `::ffff:192.0.2.1` read the same. False when the text is
 * not an address; `words` is then undefined.
 */
export function parseIp(text: string, words: Uint32Array): boolean {
  if (text.length > MAX_LENGTH) return false;
  if (text.includes(':')) return parseIpv6(text, words);
  const quad = parseDottedQuad(text, 0);
  if (quad < 0) return false;
  words[0] = 0;
  words[1] = 0;
  words[2] = 0xffff;
  words[3] = quad;
  return true;
}

const scratch = new Uint32Array(4);

/** Whether the text is an address as `parseIp` reads it. */
export function isIp(text: string): boolean {
  return parseIp(text, scratch);
}

/** Whether what `parseIp` read is an IPv4 address (or the mapped form of one). */
export function isIpv4(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** The 32 bits of the dotted quad from `from` to the end, or -1. */
function parseDottedQuad(text: string, from: number): number {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let octets = 0;
  for (let i = from; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : DOT;
    if (c === DOT) {
      octets++;
      if (digits === 0 || octets > 4) return -1;
      value = value * 256 + octet;
      octet = 0;
      digits = 0;
    } else {
      const leadingZero = digits > 0 && octet === 0;
      if (c < 48 || c > 57 || leadingZero) return -1;
      octet = octet * 10 + c - 48;
      digits++;
      if (octet > 255) return -1;
    }
  }
  return octets === 4 ? value : -1;
}

function parseIpv6(text: string, words: Uint32Array): boolean {
  const end = text.length;
  let count = 0;
  let gap = -1;
  let i = 0;
  if (text.startsWith('::')) {
    gap = 0;
    i = 2;
  }
  while (i < end) {
    const start = i;
    let value = 0;
    for (; i < end; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (i < end && text.charCodeAt(i) === DOT) {
      const quad = parseDottedQuad(text, start);
      if (quad < 0) return false;
      groups[count++] = quad >>> 16;
      groups[count++] = quad & 0xffff;
      break;
    }
    if (i === start || i - start > 4 || count === 8) return false;
    groups[count++] = value;
    if (i === end) break;
    if (text.charCodeAt(i) !== COLON || ++i === end) return false;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = count;
      i++;
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  const tail = gap < 0 ? 0 : count - gap;
  words.fill(0);
  for (let g = 0; g < count - tail; g++) place(words, g, groups[g] ?? 0);
  for (let g = 0; g < tail; g++) place(words, 8 - tail + g, groups[gap + g] ?? 0);
  return true;
}

function place(words: Uint32Array, position: number, group: number): void {
  words[position >> 1] = (words[position >> 1] ?? 0) | (position % 2 === 0 ? group << 16 : group);
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 97 && c <= 102) return c - 87;
  if (c >= 65 && c <= 70) return c - 55;
  return -1;
}
