// lachan enrich: what would a URL or an address become? Reads NDJSON, writes one line for each.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Option, type Command } from 'commander';
import { loadLookups, type Lookups } from '../../consumers/lookups/load-lookups.js';
import { createEnrich } from '../../consumers/enrich.js';
import { canonicalise } from '../../gateway/canonicalise.js';
import { locationKeyOfUrl } from '../../gateway/identify.js';
import { createKeyedHash, type KeyedHash } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';
import { uuidText } from '../../gateway/uuid-text.js';
import { isIp } from '../../schemas/ip-address.js';
import type { Environment } from '../../schemas/vocabulary.js';
import { identityKeyOption } from '../cluster/options.js';
import { dataDirectory } from '../embedded/data-directory.js';
import { readIdentityKey } from '../keys.js';
import { dataDirOption } from '../options.js';

interface Flags {
  readonly dataDir: string;
  readonly identityKeyFile?: string;
  readonly environment: Environment;
  readonly countryMmdb?: string;
  readonly asnMmdb?: string;
}

export function addEnrich(program: Command): void {
  program
    .command('enrich')
    .description('what would it become? NDJSON {"url"?,"ip"?} from standard input, one line of JSON for each')
    .addOption(dataDirOption())
    .addOption(identityKeyOption())
    .addOption(
      new Option('--environment <name>', 'whose location keys')
        .choices(['PRODUCTION', 'TEST'])
        .default('PRODUCTION'),
    )
    .addOption(
      new Option('--country-mmdb <file>', "the operator's own country database, before the bundled one"),
    )
    .addOption(new Option('--asn-mmdb <file>', "the operator's own network database, before the bundled one"))
    .action(enrich);
}

async function enrich(flags: Flags): Promise<void> {
  const file = flags.identityKeyFile ?? dataDirectory(flags.dataDir).identityKey;
  const hasKey = flags.identityKeyFile !== undefined || existsSync(file);
  if (!hasKey) {
    process.stderr.write('No identity key in this data directory: location keys hold for this run only.\n');
  }
  const keyed = hasKey ? readIdentityKey(file) : createKeyedHash(new Secret(randomBytes(32)));
  const lookups = loadLookups({
    ...(flags.countryMmdb === undefined ? {} : { countryMmdb: flags.countryMmdb }),
    ...(flags.asnMmdb === undefined ? {} : { asnMmdb: flags.asnMmdb }),
  });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const answer = JSON.stringify(enrichLine(line, keyed, lookups, flags.environment));
    if (!process.stdout.write(`${answer}\n`)) {
      await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
}

function enrichLine(line: string, keyed: KeyedHash, lookups: Lookups, environment: Environment): unknown {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    return { error: 'NOT_JSON' };
  }
  const url = textIn(given, 'url');
  const ip = textIn(given, 'ip');
  if (url === undefined && ip === undefined) return { error: 'NEITHER_URL_NOR_IP' };
  if (ip !== undefined && !isIp(ip)) return { error: 'NOT_AN_IP' };
  const canonical = url === undefined ? undefined : canonicalise(url);
  if (canonical?.kind === 'refused') return { error: canonical.reason };
  const hosting = createEnrich(lookups)({ ip: ip ?? canonical?.ip ?? '' });
  return {
    canonical_url: canonical?.url ?? null,
    location_key: canonical === undefined ? null : uuidText(locationKeyOfUrl(keyed, environment, canonical)),
    host: canonical?.host ?? null,
    registrable_domain:
      canonical === undefined || canonical.registrableDomain === '' ? null : canonical.registrableDomain,
    is_vn_domain: canonical?.isVnDomain ?? false,
    country: hosting.country === '' ? null : hosting.country,
    asn: hosting.asn === 0 ? null : hosting.asn,
  };
}

function textIn(given: unknown, name: 'url' | 'ip'): string | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const value: unknown = Object.entries(given).find(([key]) => key === name)?.[1];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
