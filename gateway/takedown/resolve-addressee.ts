// Who answers for a location: by its domain, else by the range of its address, else by its network.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { addressWords, networkOf, parseNetwork, type Network } from '../../schemas/ip-network.js';
import type { Holding } from '../../store/queries/addressees.js';

/** What is known of where content is; empty and 0 where it is not. */
export interface Whereabouts {
  /** In ASCII; IPv6 in brackets. */
  readonly host: string;
  readonly hostIp: string;
  /** Number of its network. */
  readonly asn: number;
}

export class Addressees {
  readonly #domains = new Map<string, string>();
  readonly #networks = new Map<string, string>();
  readonly #asns = new Map<number, string>();
  readonly #keys = new Map<string, KeyObject>();
  /** Of all ranges that anybody holds, the longest first. */
  readonly #prefixes: readonly number[];

  /** `holdings` are checked when they are written. Throws for one that cannot be read. */
  constructor(holdings: readonly Holding[]) {
    const prefixes = new Set<number>();
    for (const { kind, value, providerId } of holdings) {
      switch (kind) {
        case 'DOMAIN':
          this.#domains.set(value, providerId);
          break;
        case 'ASN':
          this.#asns.set(Number(value), providerId);
          break;
        case 'CIDR': {
          const network = parseNetwork(value);
          if (network === undefined) throw new TypeError('a range of addresses that is none');
          this.#networks.set(nameOf(network.words, network.bits), providerId);
          prefixes.add(network.bits);
          break;
        }
        case 'NOTICE_KEY':
          this.#keys.set(providerId, createPublicKey(value));
      }
    }
    this.#prefixes = [...prefixes].sort((a, b) => b - a);
  }

  /** Provider id of whoever answers; empty: nobody is known to. */
  of({ host, hostIp, asn }: Whereabouts): string {
    return (
      this.#ofDomain(host) ??
      this.#ofAddress(hostIp === '' ? withoutBrackets(host) : hostIp) ??
      this.#asns.get(asn) ??
      ''
    );
  }

  /** To what locations are sealed for this provider; undefined: it has registered no key. */
  noticeKeyOf(providerId: string): KeyObject | undefined {
    return this.#keys.get(providerId);
  }

  /** The longest suffix that somebody holds. */
  #ofDomain(host: string): string | undefined {
    if (this.#domains.size === 0) return undefined;
    let name = host.endsWith('.') ? host.slice(0, -1) : host;
    for (;;) {
      const holder = this.#domains.get(name);
      const dot = name.indexOf('.');
      if (holder !== undefined || dot < 0) return holder;
      name = name.slice(dot + 1);
    }
  }

  #ofAddress(ip: string): string | undefined {
    const words = this.#prefixes.length === 0 ? undefined : addressWords(ip);
    if (words === undefined) return undefined;
    for (const bits of this.#prefixes) {
      const holder = this.#networks.get(nameOf(networkOf(words, bits), bits));
      if (holder !== undefined) return holder;
    }
    return undefined;
  }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function nameOf(words: Network['words'], bits: number): string {
  return `${words.join('.')}/${bits}`;
}
