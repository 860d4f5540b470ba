// What a provider can hold, checked and in the one form in which it is looked up.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { canonicalise } from '../gateway/canonicalise.js';
import { parseNetwork } from '../schemas/ip-network.js';
import type { Holding } from '../store/queries/addressees.js';
import { OperationRefusal } from './operation-refusal.js';

/** As somebody wrote them. */
export interface Holdings {
  readonly domains: readonly string[];
  readonly asns: readonly string[];
  readonly cidrs: readonly string[];
}

type Checked = Pick<Holding, 'kind' | 'value'>;

const MAX_AT_ONCE = 1_000;
const MAX_ASN = 0xffff_ffff;
/** Nobody holds a larger range: registries themselves get /8 of IPv4 and /12 of IPv6. Of 128 bits. */
const LEAST_BITS = { ipv4: 96 + 8, ipv6: 12 };
const LEAST_RSA_BITS = 2048;

/** Without repetitions. Throws `OperationRefusal` that names everything wrong. */
export function checkHoldings({ domains, asns, cidrs }: Holdings): readonly Checked[] {
  const faults: string[] = [];
  const checked = new Map<string, Checked>();
  const add = (kind: Checked['kind'], text: string, value: string | undefined, wanted: string): void => {
    if (value === undefined) faults.push(`${text} is not ${wanted}`);
    else checked.set(`${kind} ${value}`, { kind, value });
  };
  for (const text of domains) add('DOMAIN', text, domain(text), 'a domain that somebody can hold');
  for (const text of asns) add('ASN', text, asn(text), 'the number of a network');
  for (const text of cidrs)
    add(
      'CIDR',
      text,
      cidr(text),
      'a range of addresses such as 192.0.2.0/24, with nothing behind its prefix',
    );
  if (checked.size + faults.length === 0)
    faults.push('name at least one domain, network or range of addresses');
  if (checked.size > MAX_AT_ONCE) faults.push(`at most ${MAX_AT_ONCE} at once`);
  if (faults.length > 0) throw new OperationRefusal(faults.join('; '));
  return [...checked.values()];
}

/** In ASCII form; no public suffix, or it would answer for everybody under it. */
function domain(text: string): string | undefined {
  if (!/^[^/?#@:\s]+$/.test(text)) return undefined;
  const url = canonicalise(`https://${text}/`);
  if (url.kind !== 'canonical' || url.registrableDomain === '' || url.host.endsWith('.')) return undefined;
  return url.host;
}

function asn(text: string): string | undefined {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
  const number = Number(digits);
  return digits !== undefined && number > 0 && number <= MAX_ASN ? String(number) : undefined;
}

function cidr(text: string): string | undefined {
  const network = parseNetwork(text);
  const isIpv6 = text.includes(':');
  if (network === undefined || network.bits < (isIpv6 ? LEAST_BITS.ipv6 : LEAST_BITS.ipv4)) return undefined;
  if (!isIpv6) return text;
  const [address = '', length = ''] = text.split('/');
  const url = canonicalise(`http://[${address}]/`);
  return url.kind === 'canonical' ? `${url.ip}/${Number(length)}` : undefined;
}

/** The key in its usual form (PEM, SubjectPublicKeyInfo). Throws `OperationRefusal`. */
export function noticeKey(pem: string): string {
  // The public half could be made of it; the private one must not be here.
  if (pem.includes('PRIVATE KEY'))
    throw new OperationRefusal('that is a private key: it stays with the provider, give its public half');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new OperationRefusal('that is no public key in PEM');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < LEAST_RSA_BITS)
    throw new OperationRefusal(`that is no RSA key of ${LEAST_RSA_BITS} bits or more`);
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
