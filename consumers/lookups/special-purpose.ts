import { parseIp } from '../../schemas/ip-address.js';
import { IpRanges, lastOf } from './ip-ranges.js';

/**
 * Where no single public host is, in ascending order: the IANA special-purpose registries for IPv4
 * and IPv6 (RFC 6890, RFC 8190; as of October 2025) as far as they do not say "globally reachable",
 * multicast, and all of IPv6 outside 2000::/3, the only block IANA gives out. Tunnels (Teredo,
 * 6to4), where the registry gives no answer, count in: their address does not say where the host is.
 */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '4000::/2',
  '8000::/1',
];

/** Within those, what the registries call globally reachable. */
const REACHABLE = [
  '192.0.0.9/32',
  '192.0.0.10/32',
  '2001:1::1/128',
  '2001:1::2/128',
  '2001:1::3/128',
  '2001:3::/32',
  '2001:4:112::/48',
  '2001:20::/28',
  '2001:30::/28',
];

const special = networks(SPECIAL);
const reachable = networks(REACHABLE);

/** Whether no public host can have the address, so that no country and no network number is true of it. */
export function isSpecialPurpose(words: Uint32Array): boolean {
  return special.find(words) === 1 && reachable.find(words) === 0;
}

function networks(list: readonly string[]): IpRanges {
  const ranges = new IpRanges();
  const first = new Uint32Array(4);
  for (const network of list) {
    const [address = '', length = ''] = network.split('/');
    if (!parseIp(address, first)) throw new Error(`${network} is not a network.`);
    const bits = Number(length) + (address.includes(':') ? 0 : 96);
    if (!ranges.add(first, lastOf(first, bits), 1)) throw new Error(`${network} is out of order.`);
  }
  return ranges.seal();
}
